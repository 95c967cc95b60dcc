#include "agent/map/codec_value.h"

#include <string.h>

#define SECOND_US INT64_C(1000000)
#define DECIMAL_MAX 1000 /* digits: far beyond what any database packs */

/* ---- Dates and times ---- */

/* `len` digits as a number; false when one of them is none. */
static bool number(const char *s, size_t len, int64_t *out) {
    *out = 0;
    if (len == 0 || len > 18) return false;
    for (size_t i = 0; i < len; i++) {
        if (s[i] < '0' || s[i] > '9') return false;
        *out = *out * 10 + (s[i] - '0');
    }
    return true;
}

/* Exactly `digits` digits; of numbers fewer, because the zeros in front are gone. */
static bool fixed(struct text t, size_t digits, bool padded, int64_t *out) {
    return t.len <= digits && (padded || t.len == digits) && number(t.ptr, t.len, out);
}

static bool is_leap(int64_t year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 0001-01-01 to the first of January of a year. */
static int64_t days_before(int64_t year) {
    int64_t y = year - 1;
    return y * 365 + y / 4 - y / 100 + y / 400;
}

bool codec_day(int64_t year, int64_t month, int64_t day, int64_t *out) {
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
    if (day > lengths[month - 1] + (month == 2 && is_leap(year))) return false;
    int64_t days = days_before(year) - days_before(1970) + day - 1;
    for (int64_t m = 1; m < month; m++) days += lengths[m - 1] + (m == 2 && is_leap(year));
    *out = days;
    return true;
}

static bool put_date(int64_t days, struct value *v) {
    *v = (struct value){.state = VALUE_PRESENT, .kind = VALUE_DATE, .v.i = days};
    return true;
}

/* Two digits of a year: 70 to 99 are 19xx, 00 to 69 are 20xx. */
static int64_t windowed(int64_t yy) {
    return yy < 70 ? 2000 + yy : 1900 + yy;
}

/* Century (0: 19xx, 1: 20xx …), year, day of the year. */
static bool read_julian(int64_t n, int64_t *days) {
    int64_t year = 1900 + n / 1000, day = n % 1000;
    if (day < 1 || day > 365 + is_leap(year)) return false;
    return codec_day(year, 1, 1, days) && ((*days += day - 1), true);
}

static bool read_days(const struct codec *c, struct text t, int64_t *days) {
    bool negative = t.len && t.ptr[0] == '-';
    int64_t low, high, n;
    if (!number(t.ptr + negative, t.len - negative, &n) || t.len - negative > 7) return false;
    codec_day(1, 1, 1, &low);
    codec_day(9999, 12, 31, &high);
    *days = c->first_day + (negative ? -n : n);
    return *days >= low && *days <= high;
}

bool codec_read_date(const struct codec *c, struct text t, bool padded, struct value *v) {
    int64_t n, days = 0;
    bool good = false;
    switch (c->date) {
    case DATE_YYYYMMDD:
        good = fixed(t, 8, false, &n) && codec_day(n / 10000, n / 100 % 100, n % 100, &days);
        break;
    case DATE_CYYMMDD:
        good = fixed(t, 7, padded, &n) && codec_day(1900 + n / 10000, n / 100 % 100, n % 100, &days);
        break;
    case DATE_YYMMDD:
        good = fixed(t, 6, padded, &n) && codec_day(windowed(n / 10000), n / 100 % 100, n % 100, &days);
        break;
    case DATE_JULIAN: good = fixed(t, 6, padded, &n) && read_julian(n, &days); break;
    case DATE_DAYS_SINCE: good = read_days(c, t, &days); break;
    }
    return good && put_date(days, v);
}

/* 240000, the end of a day, is one; 235960 is none. */
bool codec_read_time(struct text t, bool padded, struct value *v) {
    int64_t n;
    if (!fixed(t, 6, padded, &n) || n > 240000 || n / 100 % 100 > 59 || n % 100 > 59) return false;
    int64_t seconds = n / 10000 * 3600 + n / 100 % 100 * 60 + n % 100;
    *v = (struct value){.state = VALUE_PRESENT, .kind = VALUE_TIME, .v.i = seconds * SECOND_US};
    return true;
}

/* ---- Booleans ---- */

static bool is_text(struct text t, const char *s) {
    return t.len == strlen(s) && memcmp(t.ptr, s, t.len) == 0;
}

bool codec_read_bool(const struct codec *c, struct text t, struct value *v) {
    bool yes = is_text(t, c->yes);
    if (!yes && !is_text(t, c->no ? c->no : "")) return false;
    *v = (struct value){.state = VALUE_PRESENT, .kind = VALUE_BOOL, .v.b = yes};
    return true;
}

/* ---- Decimals ---- */

/* Digits of a number and its sign, before the point is set. */
struct digits {
    char *text;
    size_t len;
    bool negative;
};

/* 123, -123, 123- */
static bool read_plain(struct text t, struct digits *out) {
    bool front = t.len && (t.ptr[0] == '-' || t.ptr[0] == '+');
    bool behind = t.len > 1 && (t.ptr[t.len - 1] == '-' || t.ptr[t.len - 1] == '+');
    if (front && behind) return false;
    out->negative = (front && t.ptr[0] == '-') || (behind && t.ptr[t.len - 1] == '-');
    out->len = t.len - front - behind;
    for (size_t i = 0; i < out->len; i++) {
        out->text[i] = t.ptr[front + i];
        if (out->text[i] < '0' || out->text[i] > '9') return false;
    }
    return out->len > 0;
}

/* The last digit carries the sign: {ABCDEFGHI are +0 to +9, }JKLMNOPQR -0 to -9, p to y too -0 to -9. */
static bool read_overpunch(char c, struct digits *out) {
    static const char plus[] = "{ABCDEFGHI", minus[] = "}JKLMNOPQR", lower[] = "pqrstuvwxy";
    const char *at;
    if (c == '\0') return false;
    if ((at = strchr(plus, c)) != NULL) {
        out->text[out->len++] = (char)('0' + (at - plus));
        return true;
    }
    out->negative = true;
    if ((at = strchr(minus, c)) != NULL) {
        out->text[out->len++] = (char)('0' + (at - minus));
    } else if ((at = strchr(lower, c)) != NULL) {
        out->text[out->len++] = (char)('0' + (at - lower));
    } else {
        return false;
    }
    return true;
}

static bool read_zoned(struct text t, struct digits *out) {
    char last = t.len ? t.ptr[t.len - 1] : '\0';
    if (last == '-' || last == '+' || (last >= '0' && last <= '9')) return read_plain(t, out);
    for (size_t i = 0; i + 1 < t.len; i++) {
        if (t.ptr[i] < '0' || t.ptr[i] > '9') return false;
        out->text[out->len++] = t.ptr[i];
    }
    return read_overpunch(last, out);
}

/* Two digits a byte, the last half byte is the sign: A, C, E, F plus, B, D minus. */
static bool read_packed(struct text t, struct digits *out) {
    if (t.len == 0) return false;
    for (size_t i = 0; i < t.len; i++) {
        unsigned byte = (unsigned char)t.ptr[i], high = byte >> 4, low = byte & 15;
        if (high > 9 || (low > 9) != (i + 1 == t.len)) return false;
        out->text[out->len++] = (char)('0' + high);
        if (low < 10) out->text[out->len++] = (char)('0' + low);
        out->negative = low == 0xB || low == 0xD;
    }
    return true;
}

/* Sets the point, without zeros in front of more than one digit; a zero has no sign. */
static bool put_decimal(const struct digits *d, unsigned scale, struct arena *a, struct value *v,
                        bool *no_memory) {
    char *to = arena_alloc(a, d->len + scale + 3);
    size_t n = 0, zeros = 0, whole = d->len > scale ? d->len - scale : 0;
    if (!to) return !(*no_memory = true);
    while (zeros < d->len && d->text[zeros] == '0') zeros++;
    if (d->negative && zeros < d->len) to[n++] = '-';
    if (zeros >= whole) to[n++] = '0';
    for (size_t i = zeros; i < whole; i++) to[n++] = d->text[i];
    if (scale) to[n++] = '.';
    for (size_t i = 0; i + d->len < scale; i++) to[n++] = '0';
    for (size_t i = whole; i < d->len; i++) to[n++] = d->text[i];
    *v = (struct value){.state = VALUE_PRESENT, .kind = VALUE_DECIMAL, .text = to, .len = n};
    return true;
}

bool codec_read_decimal(const struct codec *c, struct text t, struct arena *a, struct value *v,
                        bool *no_memory) {
    struct digits d = {0};
    if (t.len > DECIMAL_MAX) return false;
    d.text = arena_alloc(a, t.len * 2 + 1);
    if (!d.text) return !(*no_memory = true);
    bool good = c->digits == DIGITS_PACKED  ? read_packed(t, &d)
                : c->digits == DIGITS_ZONED ? read_zoned(t, &d)
                                            : read_plain(t, &d);
    return good && put_decimal(&d, c->scale, a, v, no_memory);
}
