#include "agent/map/codec.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/map/codec_text.h"
#include "agent/map/codec_value.h"
#include "agent/map/nearest.h"
#include "decoders/utf8.h"

#define SCALE_MAX 38
#define BIT(kind) (UINT64_C(1) << (kind))

/* ---- Steps ---- */

/* One step being read: "name=value", NUL-terminated, without blanks around. */
struct step {
    struct codec *c;
    const char *name;
    const char *value; /* "" none */
    struct arena *a;
    struct err *e;
};

static int refuse(const struct step *s, const char *expected) {
    return err_set(s->e, ERR_CONFIG, "%s: %s is expected instead of \"%.40s\"", s->name, expected, s->value);
}

static bool is_plain(const struct step *s) {
    return !s->value[0] || strcmp(s->value, "true") == 0 || strcmp(s->value, "yes") == 0;
}

static int set_type(const struct step *s, enum codec_type type) {
    if (s->c->type != CODEC_AS_IS && s->c->type != type)
        return err_set(s->e, ERR_CONFIG, "%s: only one of date, time, decimal and bool can be right",
                       s->name);
    s->c->type = type;
    return 0;
}

static int step_trim(const struct step *s) {
    s->c->trim = true;
    return is_plain(s) ? 0 : refuse(s, "nothing");
}

static int step_empty(const struct step *s) {
    s->c->empty_null = true;
    return strcmp(s->value, "null") == 0 ? 0 : refuse(s, "null");
}

static int step_zero(const struct step *s) {
    s->c->zero_null = true;
    return strcmp(s->value, "null") == 0 ? 0 : refuse(s, "null");
}

/* "cp037" or "utf8 in latin1" */
static int step_charset(const struct step *s) {
    const char *in = strstr(s->value, " in ");
    const char *stored = in ? in + 4 + strspn(in + 4, " ") : "latin1";
    size_t len = in ? (size_t)(in - s->value) : strlen(s->value);
    const char *name = arena_strndup(s->a, s->value, len);
    if (!name) return err_memory(s->e, "reading a conversion");
    if (codec_charset_named(name, s->a, &s->c->charset, s->e) ||
        codec_charset_named(stored, s->a, &s->c->as_which, s->e))
        return err_prefix(s->e, "charset");
    if (codec_charset_is_single(s->c->as_which)) return 0;
    return err_set(s->e, ERR_CONFIG, "charset: behind \"in\" a charset of one byte a character is expected");
}

static int step_utf8(const struct step *s) {
    s->c->repair = true;
    if (strcmp(s->value, "repair") != 0) return refuse(s, "repair");
    return codec_charset_named("latin1", s->a, &s->c->as_which, s->e);
}

/* days_since(1967-12-31) */
static bool read_first_day(const char *text, int64_t *out) {
    int year, month, day, end = 0;
    if (sscanf(text, "days_since(%4d-%2d-%2d)%n", &year, &month, &day, &end) != 3) return false;
    return end > 0 && !text[end] && codec_day(year, month, day, out);
}

static int step_date(const struct step *s) {
    static const struct {
        const char *name;
        enum codec_date date;
    } formats[] = {{"yyyymmdd", DATE_YYYYMMDD},
                   {"cyymmdd", DATE_CYYMMDD},
                   {"yymmdd", DATE_YYMMDD},
                   {"julian", DATE_JULIAN},
                   {"cyyddd", DATE_JULIAN}};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(s->value, formats[i].name) != 0) continue;
        s->c->date = formats[i].date;
        return set_type(s, CODEC_DATE);
    }
    s->c->date = DATE_DAYS_SINCE;
    if (read_first_day(s->value, &s->c->first_day)) return set_type(s, CODEC_DATE);
    return refuse(s, "yyyymmdd, cyymmdd, yymmdd, julian or days_since(YYYY-MM-DD)");
}

static int step_time(const struct step *s) {
    return strcmp(s->value, "hhmmss") == 0 ? set_type(s, CODEC_TIME) : refuse(s, "hhmmss");
}

/* implied(2), or 2 */
static int read_scale(const struct step *s) {
    unsigned scale = 0;
    int end = 0;
    if (sscanf(s->value, "implied(%2u)%n", &scale, &end) != 1 || end == 0) {
        end = 0;
        if (sscanf(s->value, "%2u%n", &scale, &end) != 1) end = 0;
    }
    if (end == 0 || s->value[end] || scale > SCALE_MAX || strchr("+- ", s->value[0]))
        return refuse(s, "implied(N), N from 0 to 38,");
    s->c->scale = scale;
    return set_type(s, CODEC_DECIMAL);
}

static int step_decimal(const struct step *s) {
    return read_scale(s);
}

static int step_digits(const struct step *s, enum codec_digits digits) {
    if (s->c->digits != DIGITS_PLAIN)
        return err_set(s->e, ERR_CONFIG, "%s: a number is zoned or packed, not both", s->name);
    s->c->digits = digits;
    return is_plain(s) ? set_type(s, CODEC_DECIMAL) : read_scale(s);
}

static int step_zoned(const struct step *s) {
    return step_digits(s, DIGITS_ZONED);
}

static int step_packed(const struct step *s) {
    return step_digits(s, DIGITS_PACKED);
}

/* "X", or "J/N" */
static int step_bool(const struct step *s) {
    const char *slash = strchr(s->value, '/');
    size_t len = slash ? (size_t)(slash - s->value) : strlen(s->value);
    if (len == 0 || (slash && (!slash[1] || strcmp(slash + 1, "") == 0))) return refuse(s, "X, or J/N,");
    s->c->yes = arena_strndup(s->a, s->value, len);
    s->c->no = slash ? arena_strndup(s->a, slash + 1, strlen(slash + 1)) : NULL;
    if (!s->c->yes || (slash && !s->c->no)) return err_memory(s->e, "reading a conversion");
    if (slash && strcmp(s->c->yes, s->c->no) == 0) return refuse(s, "two different texts");
    return set_type(s, CODEC_BOOL);
}

static const struct known_step {
    const char *name;
    int (*read)(const struct step *s);
} known[] = {
    {"date", step_date},     {"time", step_time},       {"decimal", step_decimal}, {"zoned", step_zoned},
    {"packed", step_packed}, {"bool", step_bool},       {"trim", step_trim},       {"empty", step_empty},
    {"zero", step_zero},     {"charset", step_charset}, {"utf8", step_utf8},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

static const char *known_name(const void *ctx, size_t i) {
    (void)ctx;
    return i < KNOWN ? known[i].name : NULL;
}

static int read_step(const struct step *s, unsigned *seen) {
    char hint[80];
    for (size_t i = 0; i < KNOWN; i++) {
        if (strcmp(known[i].name, s->name) != 0) continue;
        if (*seen >> i & 1) return err_set(s->e, ERR_CONFIG, "%s is given twice", s->name);
        *seen |= 1u << i;
        return known[i].read(s);
    }
    return err_set(s->e, ERR_CONFIG, "there is no conversion \"%.40s\"%s", s->name,
                   nearest_hint(s->name, known_name, NULL, hint, sizeof(hint)));
}

/* Cuts blanks off both ends, in place. */
static char *strip(char *s) {
    s += strspn(s, " ");
    size_t len = strlen(s);
    while (len && s[len - 1] == ' ') s[--len] = '\0';
    return s;
}

int codec_parse(const char *steps, struct arena *a, struct codec *out, struct err *e) {
    static char nothing[] = "";
    unsigned seen = 0;
    char *rest = arena_strndup(a, steps, strlen(steps));
    *out = (struct codec){0};
    if (!rest) return err_memory(e, "reading a conversion");
    while (rest) {
        char *name = strsep(&rest, ",");
        char *value = strchr(name, '=');
        if (value) *value++ = '\0';
        const struct step s = {
            .c = out, .name = strip(name), .value = strip(value ? value : nothing), .a = a, .e = e};
        if (read_step(&s, &seen)) return -1;
    }
    if (out->charset && out->repair) return err_set(e, ERR_CONFIG, "charset and utf8 exclude each other");
    if (out->digits == DIGITS_PACKED && (out->charset || out->repair || out->trim))
        return err_set(e, ERR_CONFIG, "packed digits are no text: neither charset nor utf8 nor trim applies");
    return 0;
}

/* ---- Kinds ---- */

int codec_check(const struct codec *c, enum value_kind kind, struct err *e) {
    const uint64_t texts = BIT(VALUE_TEXT), numbers = BIT(VALUE_INT) | BIT(VALUE_UINT) | BIT(VALUE_DECIMAL);
    const uint64_t times = BIT(VALUE_DATE) | BIT(VALUE_TIME) | BIT(VALUE_TIMESTAMP) | BIT(VALUE_TIMESTAMPTZ);
    const uint64_t raw = texts | BIT(VALUE_BYTES);
    const char *what = "this conversion";
    uint64_t takes = ~UINT64_C(0);
    if (c->charset) takes &= raw, what = "charset";
    if (c->repair) takes &= texts, what = "utf8";
    bool is_text = c->charset || c->digits == DIGITS_PACKED;
    if (c->trim || c->empty_null) takes &= is_text ? raw : texts, what = c->trim ? "trim" : "empty";
    if (c->zero_null)
        takes &= (is_text ? raw : texts) | numbers | (c->type == CODEC_AS_IS ? times : 0), what = "zero";
    if (c->digits == DIGITS_PACKED) {
        takes &= raw, what = "packed";
    } else if (c->type != CODEC_AS_IS) {
        takes &= numbers | (c->charset ? raw : texts), what = "a date, time, decimal or bool";
    }
    if (takes & BIT(kind)) return 0;
    return err_set(e, ERR_CONFIG, "%s cannot be read from a column of kind %s%s", what, value_kind_name(kind),
                   kind == VALUE_BYTES ? " (say which charset its bytes are in)" : "");
}

enum value_kind codec_kind(const struct codec *c, enum value_kind kind) {
    switch (c->type) {
    case CODEC_DATE: return VALUE_DATE;
    case CODEC_TIME: return VALUE_TIME;
    case CODEC_DECIMAL: return VALUE_DECIMAL;
    case CODEC_BOOL: return VALUE_BOOL;
    case CODEC_AS_IS: break;
    }
    return c->charset ? VALUE_TEXT : kind;
}

/* ---- Values ---- */

static struct text trimmed(struct text t) {
    while (t.len && t.ptr[t.len - 1] == ' ') t.len--;
    for (; t.len && t.ptr[0] == ' '; t.len--) t.ptr++;
    return t;
}

/* 0, 0.00, 00000000, 0000-00-00 00:00:00 */
static bool is_zero(struct text t) {
    bool digit = false;
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] == '0')
            digit = true;
        else if (!memchr("-+.,/: ", t.ptr[i], 7))
            return false;
    }
    return digit;
}

/* The text a value stands for; false: no memory. */
static bool text_of(const struct value *v, struct arena *a, struct text *out) {
    *out = (struct text){.ptr = v->text, .len = v->len};
    if (v->state == VALUE_INVALID || (v->kind != VALUE_INT && v->kind != VALUE_UINT)) return true;
    char *digits = arena_alloc(a, 24);
    if (!digits) return false;
    int len = v->kind == VALUE_INT ? snprintf(digits, 24, "%" PRId64, v->v.i)
                                   : snprintf(digits, 24, "%" PRIu64, v->v.u);
    *out = (struct text){.ptr = digits, .len = (size_t)len};
    return true;
}

/* Texts were decoded already, by a charset that may be the wrong one: back to bytes first. */
static int recode(const struct codec *c, const struct value *v, struct arena *a, struct text *t) {
    struct text bytes = *t;
    if (v->state == VALUE_PRESENT && v->kind == VALUE_TEXT) {
        int rc = codec_from_utf8(c->as_which, *t, a, &bytes);
        if (rc) return rc;
    }
    return codec_to_utf8(c->charset, bytes, a, t);
}

/* Takes it for encoded twice when the characters, taken as bytes, are UTF-8; else it stays as it is. */
static int repair(const struct codec *c, struct arena *a, struct text *t) {
    struct text bytes;
    bool ascii = true;
    for (size_t i = 0; i < t->len; i++) ascii = ascii && (unsigned char)t->ptr[i] < 0x80;
    if (ascii) return 0;
    int rc = codec_from_utf8(c->as_which, *t, a, &bytes);
    if (rc == 0 && utf8_valid(bytes.ptr, bytes.len)) *t = bytes;
    return rc < 0 ? -1 : 0;
}

static int invalid(struct value *v, struct text raw) {
    *v = (struct value){.state = VALUE_INVALID, .text = raw.ptr, .len = raw.len};
    return 1;
}

static int put_null(struct value *v) {
    *v = (struct value){.state = VALUE_NULL};
    return 0;
}

static int convert(const struct codec *c, struct text t, struct text raw, struct arena *a, struct value *v) {
    bool padded = v->state == VALUE_PRESENT && v->kind != VALUE_TEXT && v->kind != VALUE_BYTES;
    bool good = true, no_memory = false;
    switch (c->type) {
    case CODEC_AS_IS:
        if (padded) return 0;
        *v = (struct value){.state = VALUE_PRESENT, .kind = VALUE_TEXT, .text = t.ptr, .len = t.len};
        return 0;
    case CODEC_DATE: good = codec_read_date(c, trimmed(t), padded, v); break;
    case CODEC_TIME: good = codec_read_time(trimmed(t), padded, v); break;
    case CODEC_BOOL: good = codec_read_bool(c, trimmed(t), v); break;
    case CODEC_DECIMAL:
        good = codec_read_decimal(c, c->digits == DIGITS_PACKED ? t : trimmed(t), a, v, &no_memory);
        if (good && c->zero_null && is_zero((struct text){.ptr = v->text, .len = v->len})) return put_null(v);
        break;
    }
    if (no_memory) return -1;
    return good ? 0 : invalid(v, raw);
}

/* Kinds that codec_check() lets pass for `zero` only: a valid one of them is never zero. */
static bool is_temporal(const struct value *v) {
    return v->state == VALUE_PRESENT && (v->kind == VALUE_DATE || v->kind == VALUE_TIME ||
                                         v->kind == VALUE_TIMESTAMP || v->kind == VALUE_TIMESTAMPTZ);
}

int codec_apply(const struct codec *c, struct value *v, struct arena *a) {
    struct text t;
    int rc = 0;
    if ((v->state != VALUE_PRESENT && v->state != VALUE_INVALID) || is_temporal(v)) return 0;
    if (!text_of(v, a, &t)) return -1;
    const struct text raw = t;
    if (c->charset) rc = recode(c, v, a, &t);
    if (c->repair && v->state == VALUE_PRESENT) rc = repair(c, a, &t);
    if (rc) return rc < 0 ? -1 : invalid(v, raw);
    if (c->trim) t = trimmed(t);
    if (c->empty_null && trimmed(t).len == 0) return put_null(v);
    if (c->zero_null && c->digits != DIGITS_PACKED && is_zero(t)) return put_null(v);
    if (v->state == VALUE_INVALID && !c->charset && c->digits != DIGITS_PACKED) return 0;
    return convert(c, t, raw, a, v);
}
