#include "decoders/binlog/cell_part.h"

#include <stdio.h>

#include "decoders/powers.h"

#define DAY_US INT64_C(86400000000)
#define TEXT_MAX 64

/* What a temporal cell says, checked or not. */
struct moment {
    bool negative; /* TIME */
    unsigned year, month, day, hour, minute, second;
    unsigned micros;
    unsigned digits; /* of the fraction */
};

static const uint32_t fraction_unit[7] = {0, 10000, 10000, 100, 100, 1, 1};

/* Days since 1970-01-01; years from 1. */
static int64_t days_of(unsigned year, unsigned month, unsigned day) {
    unsigned y = year - (month <= 2);
    unsigned era = y / 400, of_era = y % 400;
    unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool valid_date(const struct moment *m) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (m->year < 1 || m->year > 9999 || m->month < 1 || m->month > 12 || m->day < 1) return false;
    bool leap = m->year % 4 == 0 && (m->year % 100 != 0 || m->year % 400 == 0);
    return m->day <= days[m->month - 1] + (unsigned)(m->month == 2 && leap);
}

static bool valid_time(const struct moment *m, unsigned hours) {
    return m->hour < hours && m->minute < 60 && m->second < 60 && m->micros < 1000000;
}

static int64_t time_us(const struct moment *m) {
    return ((int64_t)m->hour * 3600 + m->minute * 60 + m->second) * 1000000 + m->micros;
}

static int put_number(struct value *out, enum value_kind kind, int64_t n) {
    *out = (struct value){.state = VALUE_PRESENT, .kind = (uint8_t)kind, .v.i = n};
    return 0;
}

static size_t print_time(const struct moment *m, char *out, size_t size) {
    int len = snprintf(out, size, "%02u:%02u:%02u", m->hour, m->minute, m->second);
    if (m->digits)
        len += snprintf(out + len, size - (size_t)len, ".%0*u", (int)m->digits,
                        m->micros / (unsigned)powers_of_ten[6 - m->digits]);
    return (size_t)len;
}

/* As the server prints it: 2024-02-31 00:00:00.00 */
static int put_text(const struct cell_reader *r, const struct moment *m, bool date, bool time,
                    struct value *out, struct err *e) {
    char *text = arena_alloc(r->arena, TEXT_MAX);
    size_t len = 0;
    if (!text) return cell_memory(e);
    if (date) len = (size_t)snprintf(text, TEXT_MAX, "%04u-%02u-%02u", m->year, m->month, m->day);
    if (date && time) text[len++] = ' ';
    if (m->negative) text[len++] = '-';
    if (time) len += print_time(m, text + len, TEXT_MAX - len);
    return cell_put_invalid(out, text, len);
}

static int put_date(const struct cell_reader *r, const struct moment *m, struct value *out, struct err *e) {
    if (!valid_date(m)) return put_text(r, m, true, false, out, e);
    return put_number(out, VALUE_DATE, days_of(m->year, m->month, m->day));
}

static int put_datetime(const struct cell_reader *r, const struct moment *m, struct value *out,
                        struct err *e) {
    if (!valid_date(m) || !valid_time(m, 24)) return put_text(r, m, true, true, out, e);
    return put_number(out, VALUE_TIMESTAMP, days_of(m->year, m->month, m->day) * DAY_US + time_us(m));
}

static int put_time(const struct cell_reader *r, const struct moment *m, struct value *out, struct err *e) {
    if (!valid_time(m, 839)) return put_text(r, m, false, true, out, e);
    return put_number(out, VALUE_TIME, m->negative ? -time_us(m) : time_us(m));
}

/* Seconds since 1970, which the server keeps from year 1970 to 2106; 0 is the zero date. */
static int put_timestamp(const struct cell_reader *r, uint32_t seconds, unsigned micros, unsigned digits,
                         struct value *out, struct err *e) {
    const struct moment zero = {.digits = digits};
    if (seconds == 0 && micros == 0) return put_text(r, &zero, true, true, out, e);
    return put_number(out, VALUE_TIMESTAMPTZ, (int64_t)seconds * 1000000 + micros);
}

/* ---- Before MySQL 5.6: no fractions ---- */

/* 3 bytes, little-endian: year 15 bits, month 4, day 5 */
static int read_date(const struct cell_reader *r, struct cursor *c, struct value *out, struct err *e) {
    uint32_t n;
    if (!cursor_u24le(c, &n)) return cell_cut(e);
    struct moment m = {.year = n >> 9, .month = n >> 5 & 15, .day = n & 31};
    return put_date(r, &m, out, e);
}

/* 3 bytes, little-endian, signed: the decimal number HHMMSS */
static int read_old_time(const struct cell_reader *r, struct cursor *c, struct value *out, struct err *e) {
    uint32_t n;
    if (!cursor_u24le(c, &n)) return cell_cut(e);
    bool negative = n & 0x800000;
    if (negative) n = 0x1000000 - n;
    struct moment m = {.negative = negative, .hour = n / 10000, .minute = n / 100 % 100, .second = n % 100};
    return put_time(r, &m, out, e);
}

/* 8 bytes, little-endian: the decimal number YYYYMMDDHHMMSS */
static int read_old_datetime(const struct cell_reader *r, struct cursor *c, struct value *out,
                             struct err *e) {
    uint64_t n;
    const uint8_t *raw = c->at;
    if (!cursor_u64le(c, &n)) return cell_cut(e);
    if (n > UINT64_C(99999999999999)) return cell_put_invalid(out, raw, 8);
    unsigned date = (unsigned)(n / 1000000), time = (unsigned)(n % 1000000);
    struct moment m = {.year = date / 10000,
                       .month = date / 100 % 100,
                       .day = date % 100,
                       .hour = time / 10000,
                       .minute = time / 100 % 100,
                       .second = time % 100};
    return put_datetime(r, &m, out, e);
}

static int read_old_timestamp(const struct cell_reader *r, struct cursor *c, struct value *out,
                              struct err *e) {
    uint32_t seconds;
    if (!cursor_u32le(c, &seconds)) return cell_cut(e);
    return put_timestamp(r, seconds, 0, 0, out, e);
}

/* ---- MariaDB before 10.1, with fractions: big-endian; the catalogue alone tells how many digits ---- */

/* 4 bytes: seconds since 1970; the fraction in (digits + 1) / 2 bytes, counted in its last digit */
static int read_maria_timestamp(const struct cell_reader *r, struct cursor *c, unsigned digits,
                                struct value *out, struct err *e) {
    const uint8_t *p;
    uint32_t seconds;
    size_t width = (digits + 1) / 2;
    if (!cursor_u32(c, &seconds) || !cursor_bytes(c, width, &p)) return cell_cut(e);
    unsigned unit = (unsigned)powers_of_ten[6 - digits];
    return put_timestamp(r, seconds, (unsigned)cell_be(p, width) * unit, digits, out, e);
}

/* The number n, counted in the last digit of the fraction, apart; what is left are whole seconds. */
static uint64_t take_maria_fraction(struct moment *m, uint64_t n) {
    uint64_t unit = powers_of_ten[m->digits];
    m->micros = (unsigned)(n % unit * powers_of_ten[6 - m->digits]);
    return n / unit;
}

static uint64_t take_maria_clock(struct moment *m, uint64_t seconds) {
    m->second = (unsigned)(seconds % 60);
    m->minute = (unsigned)(seconds / 60 % 60);
    return seconds / 3600;
}

/* One number: seconds and fraction, above that of -838:59:60 */
static int read_maria_time(const struct cell_reader *r, struct cursor *c, unsigned digits, struct value *out,
                           struct err *e) {
    static const uint8_t widths[7] = {3, 4, 4, 5, 5, 5, 6};
    const uint8_t *p;
    struct moment m = {.digits = digits};
    if (!cursor_bytes(c, widths[digits], &p)) return cell_cut(e);
    int64_t n = (int64_t)cell_be(p, widths[digits]) - (int64_t)(3020400 * powers_of_ten[digits]);
    m.negative = n < 0;
    uint64_t seconds = take_maria_fraction(&m, (uint64_t)(n < 0 ? -n : n));
    m.hour = (unsigned)take_maria_clock(&m, seconds);
    return put_time(r, &m, out, e);
}

/* One number: (((((year * 13 + month) * 32 + day) * 24 + hour) * 60 + minute) * 60 + second), and fraction */
static int read_maria_datetime(const struct cell_reader *r, struct cursor *c, unsigned digits,
                               struct value *out, struct err *e) {
    static const uint8_t widths[7] = {5, 6, 6, 7, 7, 7, 8};
    const uint8_t *p;
    struct moment m = {.digits = digits};
    if (!cursor_bytes(c, widths[digits], &p)) return cell_cut(e);
    uint64_t hours = take_maria_clock(&m, take_maria_fraction(&m, cell_be(p, widths[digits])));
    m.hour = (unsigned)(hours % 24);
    m.day = (unsigned)(hours / 24 % 32);
    m.month = (unsigned)(hours / 24 / 32 % 13);
    if (hours / 24 / 32 / 13 > 9999) return cell_put_invalid(out, p, widths[digits]);
    m.year = (unsigned)(hours / 24 / 32 / 13);
    return put_datetime(r, &m, out, e);
}

/* ---- Since MySQL 5.6: big-endian, then the fraction in (digits + 1) / 2 bytes ---- */

/* The fraction's bytes count hundredths, ten thousandths or millionths. */
static bool take_fraction(struct cursor *c, unsigned digits, unsigned *micros) {
    const uint8_t *p;
    size_t width = (digits + 1) / 2;
    if (!cursor_bytes(c, width, &p)) return false;
    *micros = (unsigned)cell_be(p, width) * fraction_unit[digits];
    return true;
}

/* 4 bytes: seconds since 1970 */
static int read_timestamp(const struct cell_reader *r, struct cursor *c, unsigned digits, struct value *out,
                          struct err *e) {
    uint32_t seconds;
    unsigned micros;
    if (!cursor_u32(c, &seconds) || !take_fraction(c, digits, &micros)) return cell_cut(e);
    return put_timestamp(r, seconds, micros, digits, out, e);
}

/* 5 bytes: a set bit, year * 13 + month 17 bits, day 5, hour 5, minute 6, second 6 */
static int read_datetime(const struct cell_reader *r, struct cursor *c, unsigned digits, struct value *out,
                         struct err *e) {
    const uint8_t *p;
    struct moment m = {.digits = digits};
    if (!cursor_bytes(c, 5, &p) || !take_fraction(c, digits, &m.micros)) return cell_cut(e);
    if (!(p[0] & 0x80)) return cell_put_invalid(out, p, 5 + (digits + 1) / 2);
    uint64_t n = cell_be(p, 5);
    unsigned months = n >> 22 & 0x1ffff;
    m.year = months / 13;
    m.month = months % 13;
    m.day = n >> 17 & 31;
    m.hour = n >> 12 & 31;
    m.minute = n >> 6 & 63;
    m.second = n & 63;
    return put_datetime(r, &m, out, e);
}

/*
 * 3 bytes: a set bit, an unused one, hour 10 bits, minute 6, second 6; and the fraction. All of it together
 * is one number with an offset; negative times lie below the offset.
 */
static int read_time(const struct cell_reader *r, struct cursor *c, unsigned digits, struct value *out,
                     struct err *e) {
    const uint8_t *p;
    unsigned fraction_bits = (digits + 1) / 2 * 8;
    size_t width = 3 + fraction_bits / 8;
    if (!cursor_bytes(c, width, &p)) return cell_cut(e);
    int64_t n = (int64_t)cell_be(p, width) - (INT64_C(0x800000) << fraction_bits);
    struct moment m = {.negative = n < 0, .digits = digits};
    uint64_t size = (uint64_t)(n < 0 ? -n : n);
    uint64_t whole = size >> fraction_bits;
    m.hour = whole >> 12 & 0x7ff;
    m.minute = whole >> 6 & 63;
    m.second = whole & 63;
    m.micros = (unsigned)(size - (whole << fraction_bits)) * fraction_unit[digits];
    return put_time(r, &m, out, e);
}

/* Fractions in MariaDB's own encoding: the type is the old one, and the catalogue says that there are some.
 */
static int read_maria(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
                      struct err *e) {
    switch (f->type) {
    case FIELD_TIMESTAMP: return read_maria_timestamp(r, c, f->precision, out, e);
    case FIELD_TIME: return read_maria_time(r, c, f->precision, out, e);
    default: return read_maria_datetime(r, c, f->precision, out, e);
    }
}

int cell_temporal(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
                  struct err *e) {
    switch (f->type) {
    case FIELD_TIMESTAMP:
        return f->precision ? read_maria(r, c, f, out, e) : read_old_timestamp(r, c, out, e);
    case FIELD_TIME: return f->precision ? read_maria(r, c, f, out, e) : read_old_time(r, c, out, e);
    case FIELD_DATETIME: return f->precision ? read_maria(r, c, f, out, e) : read_old_datetime(r, c, out, e);
    case FIELD_TIMESTAMP2: return read_timestamp(r, c, f->precision, out, e);
    case FIELD_DATETIME2: return read_datetime(r, c, f->precision, out, e);
    case FIELD_TIME2: return read_time(r, c, f->precision, out, e);
    default: return read_date(r, c, out, e);
    }
}
