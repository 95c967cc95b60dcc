/*
 * format(parse(x)) = x over generated values: thousands of each type, from a fixed seed. Dates come out of
 * the C library's calendar and arrays out of a writer of the test's own, so that parser and generator share
 * no mistake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "tests/unit/decoders/pgoutput/text_cases.h"

#define ROUNDS 20000

static uint64_t seed;
static struct arena arena;
static struct buf text;
static struct buf back;

static uint64_t next(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* 0 to n - 1 */
static int pick(int n) {
    return (int)(next() % (uint64_t)n);
}

/* Of all magnitudes alike. */
static uint64_t some_number(void) {
    return next() >> pick(64);
}

/* Parses what is in `text`; it must format back to itself. */
static struct value parsed(const struct text_type *t) {
    struct value v;
    const char *s = buf_cstr(&text);
    if (parse_text(t, s, text.len, &v, &arena) != TEXT_OK || v.state != VALUE_PRESENT)
        fail_msg("refused: %s", s);
    if (v.kind != t->kind) fail_msg("kind %d: %s", v.kind, s);
    buf_clear(&back, SIZE_MAX);
    value_format(&v, &back);
    if (back.len != text.len || memcmp(back.data, text.data, text.len) != 0)
        fail_msg("%s became %s", s, buf_cstr(&back));
    return v;
}

/* Begins the next value. */
static void fresh(void) {
    arena_clear(&arena);
    buf_clear(&text, SIZE_MAX);
}

/* ---- Numbers ---- */

static void test_integers(void **state) {
    (void)state;
    const struct text_type int8 = {text_int8, VALUE_INT, ',', NULL},
                           uint8 = {text_uint8, VALUE_UINT, ',', NULL};
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t n = some_number();
        fresh();
        buf_printf(&text, "%lld", (long long)(i % 2 ? n >> 1 : ~(n >> 1)));
        assert_int_equal(parsed(&int8).v.i, i % 2 ? n >> 1 : ~(n >> 1));
        fresh();
        buf_printf(&text, "%llu", (unsigned long long)n);
        assert_int_equal(parsed(&uint8).v.u, n);
    }
}

static void test_floats(void **state) {
    (void)state;
    const struct text_type float8 = {text_float8, VALUE_DOUBLE, ',', NULL};
    const struct text_type float4 = {text_float4, VALUE_FLOAT, ',', NULL};
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t bits = next();
        uint32_t half = (uint32_t)bits;
        double d;
        float f;
        memcpy(&d, &bits, sizeof(d));
        memcpy(&f, &half, sizeof(f));
        if (i % 3 == 1) d = (double)some_number() / 100;
        if (i % 3 == 1) f = (float)(half % 100000) / 100;
        if (!isnan(d)) {
            fresh();
            value_format_double(d, &text);
            struct value v = parsed(&float8);
            assert_memory_equal(&v.v.d, &d, sizeof(d));
        }
        if (!isnan(f)) {
            fresh();
            value_format_float(f, &text);
            float got = (float)parsed(&float4).v.d;
            assert_memory_equal(&got, &f, sizeof(f));
        }
    }
}

static void put_digits(int n) {
    for (int i = 0; i < n; i++) buf_putc(&text, (char)('0' + pick(10)));
}

static void test_numeric(void **state) {
    (void)state;
    const struct text_type numeric = {text_numeric, VALUE_DECIMAL, ',', NULL};
    for (int i = 0; i < ROUNDS; i++) {
        fresh();
        if (pick(2)) buf_putc(&text, '-');
        put_digits(1 + pick(40));
        if (pick(2)) {
            buf_putc(&text, '.');
            put_digits(1 + pick(40));
        }
        parsed(&numeric);
    }
}

/* ---- Temporal ---- */

/* Sets the date part of a second since 1970, by the C library; true when it ends in BC. */
static bool put_libc_date(int64_t seconds) {
    struct tm tm;
    time_t when = (time_t)seconds;
    assert_non_null(gmtime_r(&when, &tm));
    int year = tm.tm_year + 1900;
    buf_printf(&text, "%04d-%02d-%02d", year > 0 ? year : 1 - year, tm.tm_mon + 1, tm.tm_mday);
    return year <= 0;
}

static void put_clock(int64_t second_of_day, int micros) {
    buf_printf(&text, "%02d:%02d:%02d", (int)(second_of_day / 3600), (int)(second_of_day / 60 % 60),
               (int)(second_of_day % 60));
    if (!micros) return;
    char fraction[8];
    snprintf(fraction, sizeof(fraction), "%06d", micros);
    size_t len = 6;
    while (fraction[len - 1] == '0') len--;
    buf_putc(&text, '.');
    buf_put(&text, fraction, len);
}

static void test_dates(void **state) {
    (void)state;
    const struct text_type date = {text_date, VALUE_DATE, ',', NULL};
    for (int i = 0; i < ROUNDS; i++) {
        int64_t days = (int64_t)(next() % (2145042905 + 2440588)) - 2440588;
        if (i % 2) days = (int64_t)(next() % 1500000) - 1000000;
        fresh();
        if (put_libc_date(days * 86400)) buf_puts(&text, " BC");
        assert_int_equal(parsed(&date).v.i, days);
    }
}

static void test_times(void **state) {
    (void)state;
    const struct text_type time_type = {text_time, VALUE_TIME, ',', NULL};
    const struct text_type timetz = {text_timetz, VALUE_TIMETZ, ',', NULL};
    for (int i = 0; i < ROUNDS; i++) {
        int second = pick(86400), micros = pick(3) ? pick(1000000) : 0;
        fresh();
        put_clock(second, micros);
        assert_int_equal(parsed(&time_type).v.i, (int64_t)second * 1000000 + micros);
        buf_printf(&text, "%c%02d", pick(2) ? '+' : '-', pick(16));
        if (pick(2)) buf_printf(&text, ":%02d", pick(60));
        parsed(&timetz);
    }
}

static void test_timestamps(void **state) {
    (void)state;
    const struct text_type timestamp = {text_timestamp, VALUE_TIMESTAMP, ',', NULL};
    const struct text_type timestamptz = {text_timestamptz, VALUE_TIMESTAMPTZ, ',', NULL};
    for (int i = 0; i < ROUNDS; i++) {
        /* 4714 BC to 294247, where 64 bits end */
        int64_t seconds = (int64_t)(next() % (9223372036000 + 210866803200)) - 210866803200;
        if (i % 2) seconds = (int64_t)(next() % 160000000000) - 80000000000;
        int64_t day = seconds / 86400 - (seconds % 86400 < 0);
        int micros = pick(3) ? pick(1000000) : 0;
        for (int zoned = 0; zoned < 2; zoned++) {
            fresh();
            bool bc = put_libc_date(day * 86400);
            buf_putc(&text, ' ');
            put_clock(seconds - day * 86400, micros);
            if (zoned) buf_puts(&text, "+00");
            if (bc) buf_puts(&text, " BC");
            assert_int_equal(parsed(zoned ? &timestamptz : &timestamp).v.i, seconds * 1000000 + micros);
        }
    }
}

static void test_intervals(void **state) {
    (void)state;
    const struct text_type interval = {text_interval, VALUE_INTERVAL, ',', NULL};
    for (int i = 0; i < ROUNDS; i++) {
        fresh();
        buf_puts(&text, "P");
        for (const char *unit = "YMD"; *unit; unit++)
            if (pick(2)) buf_printf(&text, "%d%c", pick(2000) - 1000, *unit);
        buf_puts(&text, "T");
        for (const char *unit = "HM"; *unit; unit++)
            if (pick(2)) buf_printf(&text, "%d%c", pick(2000) - 1000, *unit);
        buf_printf(&text, "%d.%dS", pick(120) - 60, 1 + pick(999999));
        parsed(&interval);
    }
}

/* ---- Texts ---- */

static void put_character(struct buf *b) {
    static const char *const odd[] = {"\"", "\\", "{", "}",  ",", ";", " ", "\t",
                                      "\n", "\v", "é", "漢", "🐘", "'", "(", ")"};
    if (pick(3))
        buf_putc(b, (char)(' ' + pick(95)));
    else
        buf_puts(b, odd[pick(sizeof(odd) / sizeof(odd[0]))]);
}

static void test_plain(void **state) {
    (void)state;
    static const enum value_kind kinds[] = {VALUE_TEXT, VALUE_JSON, VALUE_ENUM, VALUE_OTHER};
    for (int i = 0; i < ROUNDS; i++) {
        const struct text_type plain = {text_plain, (uint8_t)kinds[i % 4], ',', NULL};
        fresh();
        for (int n = pick(50); n > 0; n--) put_character(&text);
        parsed(&plain);
    }
}

static void test_bytes(void **state) {
    (void)state;
    const struct text_type bytea = {text_bytea, VALUE_BYTES, ',', NULL};
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t bytes[64];
        int n = pick(64);
        fresh();
        buf_puts(&text, "\\x");
        for (int k = 0; k < n; k++) buf_printf(&text, "%02x", bytes[k] = (uint8_t)next());
        struct value v = parsed(&bytea);
        assert_int_equal(v.len, n);
        if (n) assert_memory_equal(v.text, bytes, v.len);

        struct buf escaped = {0}; /* the same bytes the other way */
        for (int k = 0; k < n; k++) {
            if (bytes[k] == '\\')
                buf_puts(&escaped, "\\\\");
            else if (bytes[k] < 0x20 || bytes[k] > 0x7e)
                buf_printf(&escaped, "\\%03o", bytes[k]);
            else
                buf_putc(&escaped, (char)bytes[k]);
        }
        struct value w;
        assert_int_equal(parse_text(&bytea, buf_cstr(&escaped), escaped.len, &w, &arena), TEXT_OK);
        assert_true(value_equal(&v, &w));
        buf_release(&escaped);
    }
}

static void test_uuids(void **state) {
    (void)state;
    const struct text_type uuid = {text_uuid, VALUE_UUID, ',', NULL};
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t high = next(), low = next();
        fresh();
        buf_printf(&text, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
                   (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff), (unsigned)(low >> 48),
                   (unsigned long long)(low & UINT64_C(0xffffffffffff)));
        parsed(&uuid);
    }
}

/* ---- Arrays ---- */

/* What array_out() does with an element, written down once more. */
static void put_quoted(const char *s, char delim) {
    bool quote = !*s || strcasecmp(s, "null") == 0;
    for (const char *p = s; *p; p++) quote |= *p == delim || strchr("\"\\{} \t\n\r\v\f", *p) != NULL;
    if (!quote) {
        buf_puts(&text, s);
        return;
    }
    buf_putc(&text, '"');
    for (const char *p = s; *p; p++) {
        if (*p == '"' || *p == '\\') buf_putc(&text, '\\');
        buf_putc(&text, *p);
    }
    buf_putc(&text, '"');
}

struct expected {
    char items[64][64]; /* "\1" is null */
    int n;
};

static void put_element(struct expected *x, char delim) {
    char *item = x->items[x->n++];
    struct buf b = {0};
    static const char *const usual[] = {"", "NULL", "nUlL", "a", "\\", "\"", "{}"};
    if (pick(8) == 0) {
        memcpy(item, "\1", 2);
        buf_puts(&text, "NULL");
        return;
    }
    if (pick(4) == 0)
        buf_puts(&b, usual[pick(sizeof(usual) / sizeof(usual[0]))]);
    else
        for (int n = pick(10); n > 0; n--) put_character(&b);
    snprintf(item, sizeof(x->items[0]), "%s", buf_cstr(&b));
    buf_release(&b);
    put_quoted(item, delim);
}

static void put_level(struct expected *x, const int *dims, int level, int ndims, char delim) {
    buf_putc(&text, '{');
    for (int i = 0; i < dims[level]; i++) {
        if (i) buf_putc(&text, delim);
        if (level + 1 < ndims)
            put_level(x, dims, level + 1, ndims, delim);
        else
            put_element(x, delim);
    }
    buf_putc(&text, '}');
}

static void test_arrays(void **state) {
    (void)state;
    static struct expected x;
    for (int i = 0; i < ROUNDS; i++) {
        const char delim = pick(4) ? ',' : ';';
        const struct text_type plain = {text_plain, VALUE_TEXT, delim, NULL};
        const struct text_type array = {text_array, VALUE_ARRAY, delim, &plain};
        int dims[6], ndims = 1 + pick(6);
        for (int k = 0; k < ndims; k++) dims[k] = 1 + pick(ndims == 1 ? 30 : 2);
        fresh();
        x.n = 0;
        put_level(&x, dims, 0, ndims, delim);
        const struct value_array *a = parsed(&array).v.array;
        assert_int_equal(a->ndims, ndims);
        assert_int_equal(a->count, x.n);
        for (int k = 0; k < ndims; k++) assert_int_equal(a->dims[k], dims[k]);
        for (int k = 0; k < x.n; k++) {
            const struct value *v = &a->items[k];
            assert_int_equal(v->state == VALUE_NULL, x.items[k][0] == 1);
            if (v->state == VALUE_NULL) continue;
            assert_int_equal(v->len, strlen(x.items[k]));
            if (v->len) assert_memory_equal(v->text, x.items[k], v->len);
        }
    }
}

static int begin(void **state) {
    (void)state;
    const char *given = getenv("SEED");
    seed = given ? strtoull(given, NULL, 10) | 1 : 88172645463325252;
    arena_init(&arena, 1 << 16);
    return 0;
}

static int end(void **state) {
    (void)state;
    arena_release(&arena);
    buf_release(&text);
    buf_release(&back);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),  cmocka_unit_test(test_floats), cmocka_unit_test(test_numeric),
        cmocka_unit_test(test_dates),     cmocka_unit_test(test_times),  cmocka_unit_test(test_timestamps),
        cmocka_unit_test(test_intervals), cmocka_unit_test(test_plain),  cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_uuids),     cmocka_unit_test(test_arrays),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
