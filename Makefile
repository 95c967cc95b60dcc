# Tailrace. Plain GNU make and pkg-config; everything built goes to build/.
#
#   make                      build/tailrace
#   make unit [T=substring]   unit tests
#   make check                everything, as continuous integration does
#   make help                 all targets
#
# DEVELOPER=1                   warnings are errors
# SANITIZE=address,undefined    builds into build/asan, beside the normal build
# SANITIZE=thread               builds into build/tsan
# CC=clang                      another compiler
# MYSQL_CLIENT=mysqlclient      Oracle's client library, also where MariaDB's libmariadb is

VERSION := 0.1.0
PREFIX ?= /usr/local
PYTHON ?= /usr/bin/python3
FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# ---- Variant: one directory per set of sanitizers ------------------------------------------------------------

comma := ,
SANITIZE ?=
variant_address := asan
variant_undefined := ubsan
variant_thread := tsan
variant_fuzzer-no-link := fuzz
VARIANT := $(variant_$(firstword $(subst $(comma), ,$(SANITIZE))))
BUILD ?= $(if $(SANITIZE),build/$(or $(VARIANT),$(error SANITIZE=$(SANITIZE): use address$(comma)undefined or thread)),build)
GEN := $(BUILD)/gen

# ---- Sources -------------------------------------------------------------------------------------------------

find = $(sort $(shell find $(1) -name '$(2)' 2>/dev/null))

DECODER_SRC := $(call find,decoders,*.c)
AGENT_SRC := $(filter-out agent/main.c,$(call find,agent,*.c))
MAIN_SRC := $(wildcard agent/main.c)
PROTOS := $(call find,schemas,*.proto)
# A test with a malloc() of its own stands where a sanitizer's would.
OWN_MALLOC := tests/unit/decoders/pgoutput/test_memory.c tests/unit/decoders/binlog/test_memory.c
UNIT_SRC := $(filter-out $(if $(SANITIZE),$(OWN_MALLOC)),$(call find,tests/unit,test_*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
BENCH_SRC := $(sort $(wildcard tests/bench/*.c))

PB_SRC := $(PROTOS:schemas/%.proto=$(GEN)/%.pb-c.c)
DECODER_OBJ := $(DECODER_SRC:%.c=$(BUILD)/obj/%.o)
AGENT_OBJ := $(AGENT_SRC:%.c=$(BUILD)/obj/%.o)
MAIN_OBJ := $(MAIN_SRC:%.c=$(BUILD)/obj/%.o)
PB_OBJ := $(PB_SRC:.c=.o)
UNIT_BIN := $(UNIT_SRC:tests/%.c=$(BUILD)/%)
FUZZ_BIN := $(FUZZ_SRC:tests/%.c=$(BUILD)/%)
BENCH_BIN := $(BENCH_SRC:tests/%.c=$(BUILD)/%)

LIBDECODERS := $(BUILD)/libdecoders.a
LIBTAILRACE := $(BUILD)/libtailrace.a
BINARY := $(if $(MAIN_SRC),$(BUILD)/tailrace)
# librdkafka's threads as ThreadSanitizer can see them.
SHIM_OBJ := $(if $(filter thread,$(SANITIZE)),$(BUILD)/obj/tests/sanitizer/threads.o)

# ---- Flags ---------------------------------------------------------------------------------------------------

# MySQL: Connector/C of MariaDB, else the client library of Oracle; MYSQL_CLIENT chooses. The sources see which by
# the headers.
MYSQL_CLIENT := $(shell pkg-config --exists libmariadb 2>/dev/null || ! pkg-config --exists mysqlclient 2>/dev/null && \
	echo libmariadb || echo mysqlclient)
PACKAGES := libpq $(MYSQL_CLIENT) libssl rdkafka libprotobuf-c yaml-0.1 json-c libpcre2-8 libxxhash zlib libzstd

# These goals compile nothing themselves, so they must work before anything is installed.
ifneq ($(filter-out clean check demo help,$(or $(MAKECMDGOALS),all)),)
ifneq ($(shell pkg-config --exists $(PACKAGES) && command -v protoc >/dev/null && \
	command -v protoc-gen-c >/dev/null && echo found),found)
$(error Libraries are missing ($(shell pkg-config --print-errors --errors-to-stdout --exists $(PACKAGES) 2>&1 | \
	grep '^No package' || echo 'pkg-config, protoc or protoc-gen-c itself')). Run ./deploy/install-deps build)
endif
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES))
PACKAGE_LIBS := $(shell pkg-config --libs $(PACKAGES))
endif

ifeq ($(origin CC),default)
CC := gcc
endif
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wvla $(if $(DEVELOPER),-Werror)
HARDENING := -fPIE -fstack-protector-strong $(if $(SANITIZE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
SANITIZER := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
# Instrumented code takes half as long again to compile with -O2; only fuzzing has use for its speed.
CFLAGS ?= $(if $(filter asan tsan,$(VARIANT)),-O1,-O2) -g
BASE_CFLAGS := -std=c11 -D_GNU_SOURCE $(CFLAGS) $(HARDENING) $(SANITIZER) -I. -I$(GEN)
LINK := $(CC) -pie $(SANITIZER) -Wl,-z,relro,-z,now $(LDFLAGS)
# The decoders stand alone: neither the include paths nor the libraries of anybody else.
DECODER_LIBS := -lz -lzstd -lm
LIBS := $(PACKAGE_LIBS) -lm -pthread
COMPILE = $(CC) $(BASE_CFLAGS) -MMD -MP -c -o $@ $<

# stamp,FILE,TEXT: FILE changes only when TEXT does, so what depends on it is rebuilt exactly then.
define stamp
$(1): FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' '$(2)' | cmp -s - $$@ || printf '%s\n' '$(2)' >$$@
endef
$(eval $(call stamp,$(BUILD)/.flags,$(CC) $(BASE_CFLAGS) $(WARNINGS) $(PACKAGE_CFLAGS) $(LINK) $(VERSION)))
$(eval $(call stamp,$(BUILD)/.decoders,$(DECODER_OBJ)))
$(eval $(call stamp,$(BUILD)/.agent,$(AGENT_OBJ) $(PB_OBJ)))

# ---- Build ---------------------------------------------------------------------------------------------------

all: $(LIBDECODERS) $(LIBTAILRACE) $(BINARY)

$(LIBDECODERS): $(DECODER_OBJ) $(BUILD)/.decoders
	@rm -f $@
	ar rcs $@ $(DECODER_OBJ)

$(LIBTAILRACE): $(AGENT_OBJ) $(PB_OBJ) $(BUILD)/.agent
	@rm -f $@
	ar rcs $@ $(AGENT_OBJ) $(PB_OBJ)

$(BUILD)/tailrace: $(MAIN_OBJ) $(SHIM_OBJ) $(LIBTAILRACE) $(LIBDECODERS)
	$(LINK) -o $@ $^ $(LIBS)

$(DECODER_OBJ): $(BUILD)/obj/%.o: %.c $(BUILD)/.flags
	@mkdir -p $(@D)
	$(COMPILE) $(WARNINGS)

$(AGENT_OBJ) $(MAIN_OBJ): $(BUILD)/obj/%.o: %.c $(BUILD)/.flags | $(PB_SRC)
	@mkdir -p $(@D)
	$(COMPILE) $(WARNINGS) $(PACKAGE_CFLAGS) $(EXTRA_CFLAGS)

$(BUILD)/obj/agent/cmd/version.o $(BUILD)/syntax/agent/cmd/version: EXTRA_CFLAGS := -DTAILRACE_VERSION='"$(VERSION)"'

# Generated code is built, never committed. It was not written for -Wconversion or -Wshadow.
$(PB_SRC): $(GEN)/%.pb-c.c: schemas/%.proto agent/encode/protoc-gen-c
	@mkdir -p $(@D)
	protoc -Ischemas --plugin=protoc-gen-c=agent/encode/protoc-gen-c --c_out=$(GEN) $<

$(PB_OBJ): %.o: %.c $(BUILD)/.flags | $(PB_SRC)
	$(COMPILE) -Wall $(PACKAGE_CFLAGS)

# ---- Tests ---------------------------------------------------------------------------------------------------

UNIT_RUN := $(if $(T),$(foreach t,$(UNIT_BIN),$(if $(findstring $(T),$(t)),$(t))),$(UNIT_BIN))

$(UNIT_BIN): $(BUILD)/%: tests/%.c $(SHIM_OBJ) $(LIBTAILRACE) $(LIBDECODERS) $(BUILD)/.flags
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) $(WARNINGS) $(PACKAGE_CFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< \
		-pie $(SHIM_OBJ) $(LIBTAILRACE) $(LIBDECODERS) $(LIBS) -lcmocka

unit-binaries: $(UNIT_RUN)

# What a compiler has to say of every file, without a program in the end: a second compiler's warnings at half the price.
SYNTAX_SRC := $(DECODER_SRC) $(AGENT_SRC) $(MAIN_SRC) $(UNIT_SRC)
SYNTAX := $(SYNTAX_SRC:%.c=$(BUILD)/syntax/%)

$(SYNTAX): $(BUILD)/syntax/%: %.c $(BUILD)/.flags | $(PB_SRC)
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) $(WARNINGS) $(PACKAGE_CFLAGS) $(EXTRA_CFLAGS) -fsyntax-only -MMD -MP -MF $@.d -MT $@ $<
	@touch $@

syntax: $(SYNTAX)

unit: $(UNIT_RUN)
	$(PYTHON) tests/harness/unit.py $(UNIT_RUN)

# What is written from the program's own tables; a unit test says when it is stale.
docs: $(BUILD)/unit/agent/config/test_reference
	@mkdir -p docs
	$< --write docs/reference.md

check:
	./tests/check

lint:
	./tests/lint/run

$(BENCH_BIN): $(BUILD)/%: tests/%.c $(LIBTAILRACE) $(LIBDECODERS) $(BUILD)/.flags
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) $(WARNINGS) $(PACKAGE_CFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< \
		-pie $(LIBTAILRACE) $(LIBDECODERS) $(LIBS)

bench: all $(BENCH_BIN)
	./tests/bench/run
	./tests/bench/run --mysql

demo:
	./deploy/demo

# A harness fuzz_x.c sees the decoders alone; one named fuzz_agent_x.c sees libtailrace too. The engine is
# libFuzzer in build/fuzz, and tests/fuzz/driver.c in the sanitizer build.
FUZZ_ENGINE := $(if $(findstring fuzzer,$(SANITIZE)),-fsanitize=fuzzer,$(BUILD)/obj/tests/fuzz/driver.o)
FUZZ_AGENT := $(filter $(BUILD)/fuzz/fuzz_agent_%,$(FUZZ_BIN))
FUZZ_LIBS = $(if $(filter $@,$(FUZZ_AGENT)),$(LIBTAILRACE) $(LIBDECODERS) $(LIBS),$(LIBDECODERS) $(DECODER_LIBS))

$(BUILD)/obj/tests/fuzz/driver.o $(SHIM_OBJ): $(BUILD)/obj/%.o: %.c $(BUILD)/.flags
	@mkdir -p $(@D)
	$(COMPILE) $(WARNINGS)

$(FUZZ_BIN): $(BUILD)/fuzz/%: tests/fuzz/%.c $(filter %.o,$(FUZZ_ENGINE)) $(LIBDECODERS) $(BUILD)/.flags
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) $(WARNINGS) $(PACKAGE_CFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< $(FUZZ_ENGINE) \
		-pie $(FUZZ_LIBS)
$(FUZZ_AGENT): $(LIBTAILRACE)

fuzz-binaries: $(FUZZ_BIN)

fuzz:
	$(MAKE) CC=clang SANITIZE=fuzzer-no-link,address,undefined fuzz-binaries
	$(PYTHON) tests/harness/fuzz.py --seconds $(FUZZ_SECONDS) $(FUZZ_SRC:tests/%.c=build/fuzz/%)

fuzz-smoke:
	$(MAKE) SANITIZE=address,undefined fuzz-binaries
	$(PYTHON) tests/harness/fuzz.py --smoke $(FUZZ_SRC:tests/%.c=build/asan/%)

# ---- The rest ------------------------------------------------------------------------------------------------

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/tailrace $(DESTDIR)$(PREFIX)/share/doc/tailrace
	install -m 755 $(BUILD)/tailrace $(DESTDIR)$(PREFIX)/bin/tailrace
	cd schemas && find . -name '*.proto' -exec install -D -m 644 {} \
		$(abspath $(DESTDIR)$(PREFIX)/share/tailrace/schemas)/{} \;
	install -m 644 $(wildcard *.md) LICENSE $(DESTDIR)$(PREFIX)/share/doc/tailrace

clean:
	rm -rf $(filter-out build/servers build/servers.json,$(wildcard build/*)) build/.flags build/.decoders build/.agent

# For scripts: the value of a variable, make -s print-UNIT_BIN.
print-%:
	@echo '$($*)'

help:
	@echo 'all install unit docs check lint fuzz fuzz-smoke bench demo clean (see the top of the Makefile)'

FORCE:
.PHONY: all install unit unit-binaries syntax docs check lint fuzz fuzz-smoke fuzz-binaries bench demo clean help FORCE

-include $(DECODER_OBJ:.o=.d) $(AGENT_OBJ:.o=.d) $(MAIN_OBJ:.o=.d) $(PB_OBJ:.o=.d) $(UNIT_BIN:=.d) $(FUZZ_BIN:=.d) $(BENCH_BIN:=.d) $(SYNTAX:=.d)
