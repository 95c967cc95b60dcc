#include "agent/config/scalar.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/config/suggest.h"

struct unit {
    const char *name;
    uint64_t factor;
};

/* Largest first within a family, for printing; the first family is the one printed. */
static const struct unit sizes[] = {{"GiB", (uint64_t)1 << 30},
                                    {"MiB", (uint64_t)1 << 20},
                                    {"KiB", (uint64_t)1 << 10},
                                    {"B", 1},
                                    {"", 1},
                                    {"GB", 1000000000},
                                    {"MB", 1000000},
                                    {"kB", 1000},
                                    {NULL, 0}};
static const struct unit durations[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};

static const char *const true_words[] = {"true", "yes", "on", NULL};
static const char *const false_words[] = {"false", "no", "off", NULL};

static bool is_word(const char *const *words, const char *text) {
    while (*words != NULL && strcasecmp(*words, text) != 0) words++;
    return *words != NULL;
}

bool scalar_is_bool(const char *text) {
    return is_word(true_words, text) || is_word(false_words, text);
}

int scalar_bool(const char *text, bool *out, struct err *e) {
    *out = is_word(true_words, text);
    if (*out || is_word(false_words, text)) return 0;
    return err_set(e, ERR_CONFIG, "\"%.80s\" is neither true nor false", text);
}

/* Digits at the front of `text`; -1 when there are none or too many. */
static int digits(const char *text, uint64_t *out, const char **rest) {
    uint64_t v = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
            return -1;
    *out = v;
    *rest = p;
    return p == text ? -1 : 0;
}

int scalar_int(const struct option *o, const char *text, uint64_t *out, struct err *e) {
    const char *rest;
    if (digits(text, out, &rest) == 0 && *rest == '\0' && *out >= o->min && *out <= o->max) return 0;
    return err_set(e, ERR_CONFIG, "\"%.80s\" is not a whole number between %llu and %llu", text,
                   (unsigned long long)o->min, (unsigned long long)o->max);
}

/* 0 read; 1 not of this form, or larger than 64 bits; -1 out of range. */
static int with_unit(const struct option *o, const struct unit *units, const char *text, uint64_t *out) {
    const char *rest;
    uint64_t number;
    if (digits(text, &number, &rest) != 0) return 1;
    if (*rest == ' ') rest++;
    while (units->name != NULL && strcmp(units->name, rest) != 0) units++;
    if (units->name == NULL || __builtin_mul_overflow(number, units->factor, out)) return 1;
    return *out >= o->min && *out <= o->max ? 0 : -1;
}

static int refuse_range(const struct option *o, const char *text, void (*print)(uint64_t, struct buf *),
                        struct err *e) {
    struct buf b = {0};
    print(o->min, &b);
    buf_puts(&b, " to ");
    print(o->max, &b);
    err_set(e, ERR_CONFIG, "\"%.80s\" is out of range: %s", text, buf_cstr(&b));
    buf_release(&b);
    return -1;
}

int scalar_size(const struct option *o, const char *text, uint64_t *out, struct err *e) {
    int rc = with_unit(o, sizes, text, out);
    if (rc == 1) return err_set(e, ERR_CONFIG, "\"%.80s\" is not a size such as 64MiB, 512KiB or 1GiB", text);
    return rc == 0 ? 0 : refuse_range(o, text, scalar_size_text, e);
}

int scalar_duration(const struct option *o, const char *text, uint64_t *out, struct err *e) {
    int rc = with_unit(o, durations, text, out);
    if (rc == 1) return err_set(e, ERR_CONFIG, "\"%.80s\" is not a time such as 500ms, 5s, 2m or 1h", text);
    return rc == 0 ? 0 : refuse_range(o, text, scalar_duration_text, e);
}

#define CHOICES_MAX 16

int scalar_choice(const struct option *o, const char *text, int *out, struct err *e) {
    const char *words[CHOICES_MAX];
    size_t n = 0;
    struct buf list = {0};
    for (const struct option_choice *c = o->choices; c->word != NULL && n < CHOICES_MAX; c++) {
        if (strcmp(c->word, text) == 0) {
            *out = c->value;
            buf_release(&list);
            return 0;
        }
        buf_printf(&list, "%s%s", n > 0 ? ", " : "", c->word);
        words[n++] = c->word;
    }
    const char *near = suggest_nearest(text, words, n);
    err_set(e, ERR_CONFIG, "\"%.80s\" is not %s%s%s%s%s%s%s", text, n > 1 ? "one of " : "", buf_cstr(&list),
            near != NULL ? "; did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "",
            o->instead != NULL ? "; " : "", o->instead != NULL ? o->instead : "");
    buf_release(&list);
    return -1;
}

static void unit_text(const struct unit *units, uint64_t v, struct buf *out) {
    while (units->factor > 1 && (v == 0 || v % units->factor != 0)) units++;
    buf_put_u64(out, v / units->factor);
    buf_puts(out, units->name);
}

void scalar_size_text(uint64_t bytes, struct buf *out) {
    unit_text(sizes, bytes, out);
}

void scalar_duration_text(uint64_t ms, struct buf *out) {
    unit_text(durations, ms, out);
}
