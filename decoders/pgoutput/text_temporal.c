#include "decoders/pgoutput/text.h"

#include <string.h>

#define DAY_US INT64_C(86400000000)

/* The text not read yet. */
struct scan {
    const char *at;
    const char *end;
};

static inline bool take(struct scan *s, char c) {
    if (s->at == s->end || *s->at != c) return false;
    s->at++;
    return true;
}

static bool take_word(struct scan *s, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0) return false;
    s->at += len;
    return true;
}

/* The number that two digits make; 100 when they are none. */
static inline int two_digits(const char *p) {
    unsigned tens = (unsigned char)p[0] - (unsigned)'0', ones = (unsigned char)p[1] - (unsigned)'0';
    return tens > 9 || ones > 9 ? 100 : (int)(tens * 10 + ones);
}

static inline bool take_two(struct scan *s, int max, int *out) {
    if (s->end - s->at < 2) return false;
    *out = two_digits(s->at);
    s->at += 2;
    return *out <= max;
}

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar; year 0 is 1 BC. */
static int64_t days_of(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int days_in(int64_t year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

struct date {
    int64_t year;
    int month, day;
};

/* Four to seven digits. */
static bool take_year(struct scan *s, int64_t *year) {
    const char *start = s->at;
    *year = 0;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9' && s->at - start < 7; s->at++)
        *year = *year * 10 + (*s->at - '0');
    return s->at - start >= 4;
}

/* 2026-11-23 */
static bool take_date(struct scan *s, struct date *d) {
    if (!take_year(s, &d->year) || s->end - s->at < 6) return false;
    const char *p = s->at;
    d->month = two_digits(p + 1);
    d->day = two_digits(p + 4);
    s->at += 6;
    return p[0] == '-' && p[3] == '-' && d->year > 0 && d->month > 0 && d->month <= 12 && d->day > 0;
}

/* The end of a date: nothing, or " BC". Then the date becomes days. */
static bool finish_date(struct scan *s, struct date *d, int64_t *days) {
    if (take_word(s, " BC")) d->year = 1 - d->year;
    if (s->at != s->end || d->day > days_in(d->year, d->month)) return false;
    *days = days_of(d->year, d->month, d->day);
    return true;
}

/* .5 to .123456, microseconds */
static bool take_fraction(struct scan *s, int64_t *us) {
    const char *start = s->at;
    int64_t n = 0, unit = 100000;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++, unit /= 10) n += (*s->at - '0') * unit;
    *us += n;
    return s->at > start && s->at - start <= 6;
}

/* 12:00:00.5, up to 24:00:00 */
static bool take_time(struct scan *s, int64_t *us) {
    if (s->end - s->at < 8) return false;
    const char *p = s->at;
    int hours = two_digits(p), minutes = two_digits(p + 3), seconds = two_digits(p + 6);
    if (p[2] != ':' || p[5] != ':' || hours > 24 || minutes > 59 || seconds > 59) return false;
    s->at += 8;
    *us = ((hours * 60 + minutes) * 60 + seconds) * INT64_C(1000000);
    return (!take(s, '.') || take_fraction(s, us)) && *us <= DAY_US;
}

/* +00, -03:30, +05:30:15: seconds east */
static bool take_zone(struct scan *s, int64_t *seconds) {
    int hours, minutes = 0, secs = 0;
    bool west = take(s, '-');
    if (!west && !take(s, '+')) return false;
    if (!take_two(s, 99, &hours)) return false;
    if (take(s, ':') && !take_two(s, 59, &minutes)) return false;
    if (take(s, ':') && !take_two(s, 59, &secs)) return false;
    *seconds = (hours * 60 + minutes) * 60 + secs;
    if (west) *seconds = -*seconds;
    return true;
}

/* No number says this one: the text stays. */
static enum text_result keep(struct value *v, enum value_kind kind) {
    v->kind = (uint8_t)kind;
    v->is_text = true;
    return TEXT_OK;
}

static bool is_infinite(const struct value *v) {
    return (v->len == 8 && memcmp(v->text, "infinity", 8) == 0) ||
           (v->len == 9 && memcmp(v->text, "-infinity", 9) == 0);
}

enum text_result text_date(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    struct scan s = {v->text, v->text + v->len};
    struct date d;
    if (is_infinite(v)) return keep(v, VALUE_DATE);
    if (!take_date(&s, &d) || !finish_date(&s, &d, &v->v.i)) return TEXT_MALFORMED;
    v->kind = VALUE_DATE;
    return TEXT_OK;
}

enum text_result text_time(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    struct scan s = {v->text, v->text + v->len};
    if (!take_time(&s, &v->v.i) || s.at != s.end) return TEXT_MALFORMED;
    v->kind = VALUE_TIME;
    return TEXT_OK;
}

enum text_result text_timetz(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    struct scan s = {v->text, v->text + v->len};
    int64_t us, zone;
    if (!take_time(&s, &us) || !take_zone(&s, &zone) || s.at != s.end) return TEXT_MALFORMED;
    return keep(v, VALUE_TIMETZ);
}

/* 2026-11-23 12:00:00.5, with a zone +00 or without, with " BC" or without */
static enum text_result parse_timestamp(struct value *v, enum value_kind kind) {
    struct scan s = {v->text, v->text + v->len};
    struct date d;
    int64_t us, days, zone = 0;
    if (is_infinite(v)) return keep(v, kind);
    if (!take_date(&s, &d) || !take(&s, ' ') || !take_time(&s, &us) ||
        (kind == VALUE_TIMESTAMPTZ && !take_zone(&s, &zone)) || !finish_date(&s, &d, &days))
        return TEXT_MALFORMED;
    us -= zone * 1000000;
    /* PostgreSQL counts from 2000 and reaches 30 years further than 64 bits from 1970 do. */
    if (__builtin_mul_overflow(days, DAY_US, &days) || __builtin_add_overflow(days, us, &us))
        return keep(v, kind);
    v->v.i = us;
    v->kind = (uint8_t)kind;
    return TEXT_OK;
}

enum text_result text_timestamp(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    return parse_timestamp(v, VALUE_TIMESTAMP);
}

enum text_result text_timestamptz(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    return parse_timestamp(v, VALUE_TIMESTAMPTZ);
}

/* P1Y2M-3DT4H5M6.5S, infinity (17 and newer) */
enum text_result text_interval(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    if (is_infinite(v)) return keep(v, VALUE_INTERVAL);
    if (v->len < 3 || v->text[0] != 'P') return TEXT_MALFORMED;
    for (size_t i = 1; i < v->len; i++)
        if (v->text[i] == '\0' || !strchr("0123456789-.YMDTHS", v->text[i])) return TEXT_MALFORMED;
    return keep(v, VALUE_INTERVAL);
}
