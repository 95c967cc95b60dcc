#include "agent/cmd/tail_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/kafka_properties.h"
#include "agent/config/secret.h"
#include "agent/config/suggest.h"
#include "agent/sink/kafka_consumer.h"

const char tail_options_help[] =
    "Shows the events in topics, files or standard input: RowChange, CustomerEvent or JSON lines, whatever "
    "they "
    "are.\n\n"
    "  -b, --brokers LIST     read topics of this Kafka (host:port,...); without it, arguments are files\n"
    "  --from WHERE           beginning (default), end, or -N: the last N records of each partition\n"
    "  -e, --until end        stop at the end; otherwise go on as records arrive\n"
    "  -n, --count N          stop after N events\n"
    "  --json                 one JSON object a line, the same whatever the encoding\n"
    "  --fold KEY             the current state of one customer: each field, who says so and since when\n"
    "  --full                 long values whole\n"
    "  --as FORM              change, customer or json, when the first byte of a record does not tell\n"
    "  -X NAME=VALUE          a librdkafka property, also --kafka.NAME VALUE; NAME_file and NAME_env read a "
    "secret\n\n"
    "Examples:\n"
    "  tailrace tail -b localhost:9092 shop.public.orders\n"
    "  tailrace tail -b localhost:9092 customer --fold 1001\n"
    "  tailrace tail -b localhost:9092 customer --from -5 -e --json | jq .fields\n"
    "  tailrace tail -b kafka:9093 -X security.protocol=SSL --from end shop.public.orders\n"
    "  tailrace run --source postgresql://cdc@localhost/shop --tables 'public.*' | tailrace tail\n"
    "  tailrace tail events.bin\n";

static const char *const names[] = {"--brokers", "--from", "--until", "--count", "--json",
                                    "--fold",    "--full", "--as",    "--help",  "--kafka.NAME"};

/* The option at argv[*i] with its value, which may stand behind '=' or be the next argument. */
struct option {
    char *name;
    char *value;
};

static int refuse(struct err *e, const char *what, const char *which) {
    return err_set(e, ERR_CONFIG, "tail: %s%s; see tailrace tail --help", what, which);
}

static int unknown(const char *name, struct err *e) {
    const char *near = suggest_nearest(name, names, sizeof(names) / sizeof(names[0]));
    return err_set(e, ERR_CONFIG, "tail: there is no option %s%s%s%s; see tailrace tail --help", name,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int parse_number(const char *text, uint64_t *n, struct err *e) {
    char *end;
    errno = 0;
    *n = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || *n == 0 || *n > INT32_MAX)
        return refuse(e, "not a number from 1 to 2147483647: ", text);
    return 0;
}

static int parse_from(struct tail_options *o, const char *text, struct err *e) {
    uint64_t n = 0;
    o->from = KAFKA_CONSUMER_BEGINNING;
    if (strcmp(text, "beginning") == 0) return 0;
    o->from = KAFKA_CONSUMER_END;
    if (strcmp(text, "end") == 0) return 0;
    if (*text != '-') return refuse(e, "--from takes beginning, end or -N, not ", text);
    if (parse_number(text + 1, &n, e)) return -1;
    o->from = (int64_t)n;
    return 0;
}

static int parse_form(struct tail_options *o, const char *text, struct err *e) {
    static const char *const forms[] = {
        [TAIL_AUTO] = "auto", [TAIL_JSON] = "json", [TAIL_CHANGE] = "change", [TAIL_CUSTOMER] = "customer"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        o->form = (enum tail_form)i;
        if (strcmp(forms[i], text) == 0) return 0;
    }
    return refuse(e, "--as takes change, customer or json, not ", text);
}

/* NAME_file and NAME_env: the value is read when the consumer is made. The pair then has the bare name. */
static int take_reference(struct tail_options *o, struct config_pair *p, char *name, const char *value) {
    bool env;
    size_t len = kafka_property_reference(name, &env);
    if (!len) return 0;
    struct config_secret *s = &o->secrets[p - o->properties];
    *s = (struct config_secret){.file = env ? NULL : value, .env = env ? value : NULL};
    name[len] = '\0';
    p->secret = s;
    p->value = "";
    return 0;
}

static int add_property(struct tail_options *o, char *name, char *value, struct err *e) {
    struct config_pair *p = &o->properties[o->nproperties++];
    bool secret = kafka_property_is_secret(name);
    if (!*name) return refuse(e, "a Kafka property needs a name", "");
    *p = (struct config_pair){.name = name, .value = value};
    if (!secret) return take_reference(o, p, name, value);
    p->value = arena_strndup(&o->copies, value, strlen(value));
    if (!p->value) return err_memory(e, "reading options");
    secret_wipe_text(value);
    return 0;
}

static int parse_pair(struct tail_options *o, char *text, struct err *e) {
    char *equals = strchr(text, '=');
    if (!equals) return refuse(e, "-X takes NAME=VALUE, not ", text);
    *equals = '\0';
    return add_property(o, text, equals + 1, e);
}

/* Options without a value; false when `name` is none of them. */
static bool take_flag(struct tail_options *o, const char *name) {
    if (strcmp(name, "--json") == 0) return o->json = true;
    if (strcmp(name, "--full") == 0) return o->full = true;
    if (strcmp(name, "-e") == 0) return o->until_end = true;
    return false;
}

static int take_option(struct tail_options *o, const struct option *x, struct err *e) {
    if (strcmp(x->name, "--brokers") == 0 || strcmp(x->name, "-b") == 0) {
        o->brokers = x->value;
    } else if (strcmp(x->name, "--from") == 0) {
        return parse_from(o, x->value, e);
    } else if (strcmp(x->name, "--until") == 0) {
        o->until_end = true;
        return strcmp(x->value, "end") == 0 ? 0 : refuse(e, "--until takes end, not ", x->value);
    } else if (strcmp(x->name, "--count") == 0 || strcmp(x->name, "-n") == 0) {
        return parse_number(x->value, &o->count, e);
    } else if (strcmp(x->name, "--fold") == 0) {
        o->fold = x->value;
    } else if (strcmp(x->name, "--as") == 0) {
        return parse_form(o, x->value, e);
    } else if (strcmp(x->name, "-X") == 0) {
        return parse_pair(o, x->value, e);
    } else if (strncmp(x->name, "--kafka.", 8) == 0) {
        return add_property(o, x->name + 8, x->value, e);
    } else {
        return unknown(x->name, e);
    }
    return 0;
}

static bool is_known(const char *name) {
    static const char *const valued[] = {"--brokers", "-b", "--from", "--until", "--count",
                                         "-n",        "-X", "--fold", "--as"};
    for (size_t i = 0; i < sizeof(valued) / sizeof(valued[0]); i++)
        if (strcmp(valued[i], name) == 0) return true;
    return strncmp(name, "--kafka.", 8) == 0;
}

static int take_argument(struct tail_options *o, int argc, char **argv, int *i, struct err *e) {
    struct option x = {.name = argv[*i]};
    bool option = x.name[0] == '-' && x.name[1] != '\0';
    if (!option) {
        o->names[o->nnames++] = x.name;
        return 0;
    }
    if (take_flag(o, x.name)) return 0;
    if (strncmp(x.name, "--", 2) == 0 && (x.value = strchr(x.name, '='))) *x.value++ = '\0';
    if (!is_known(x.name)) return unknown(x.name, e);
    if (!x.value && *i + 1 == argc) return refuse(e, "a value is missing behind ", x.name);
    if (!x.value) x.value = argv[++*i];
    return take_option(o, &x, e);
}

static int check(struct tail_options *o, struct err *e) {
    if (o->brokers && o->nnames == 0)
        return refuse(e, "which topic? Name one or several behind the options", "");
    if (!o->brokers && o->nproperties) return refuse(e, "Kafka properties without --brokers", "");
    if (!o->brokers && o->from != KAFKA_CONSUMER_BEGINNING)
        return refuse(e, "--from is for topics: give --brokers", "");
    if (o->fold && o->count) return refuse(e, "--fold and --count exclude each other", "");
    if (o->fold) o->until_end = true;
    if (o->nnames == 0) o->names[o->nnames++] = "-";
    return 0;
}

int tail_options_parse(int argc, char **argv, struct tail_options *o, struct err *e) {
    *o = (struct tail_options){.from = KAFKA_CONSUMER_BEGINNING};
    arena_init(&o->copies, 0);
    o->names = calloc((size_t)argc + 1, sizeof(*o->names));
    o->properties = calloc((size_t)argc + 1, sizeof(*o->properties));
    o->secrets = calloc((size_t)argc + 1, sizeof(*o->secrets));
    if (!o->names || !o->properties || !o->secrets) return err_memory(e, "reading options");
    for (int i = 1; i < argc; i++)
        if (take_argument(o, argc, argv, &i, e)) return -1;
    return check(o, e);
}

void tail_options_release(struct tail_options *o) {
    free(o->names);
    free(o->properties);
    free(o->secrets);
    arena_release(&o->copies);
}
