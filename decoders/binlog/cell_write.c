#include "decoders/binlog/cell_write.h"

#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/cell_part.h"
#include "decoders/binlog/decimal.h"

#define NUMBER_MAX 400 /* characters of a FLOAT or DOUBLE */

static int no_value(const struct field *f, size_t len, struct err *e) {
    return err_set(e, ERR_DATA, "an answer of %zu bytes is no value of a column of type %u", len, f->type);
}

static void put_le(struct buf *out, uint64_t v, size_t width) {
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++) bytes[i] = (uint8_t)(v >> (8 * i));
    buf_put(out, bytes, width);
}

static void put_be(struct buf *out, uint64_t v, size_t width) {
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++) bytes[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
    buf_put(out, bytes, width);
}

/* ---- Numbers ---- */

/* Digits alone. */
static bool read_digits(const char *text, size_t len, uint64_t *out) {
    uint64_t n = 0;
    if (len == 0 || len > 20) return false;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned)(uint8_t)text[i] - '0';
        if (digit > 9 || n > (UINT64_MAX - digit) / 10) return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

static bool put_integer(const struct field *f, size_t width, const char *text, size_t len, struct buf *out) {
    const unsigned bits = 8 * (unsigned)width - !f->is_unsigned;
    const bool negative = len > 0 && *text == '-';
    uint64_t n;
    if (!read_digits(text + negative, len - negative, &n) || (negative && f->is_unsigned)) return false;
    if (bits < 64 && n >> bits && !(negative && n == UINT64_C(1) << bits)) return false;
    put_le(out, negative ? 0 - n : n, width);
    return true;
}

static bool read_double(const char *text, size_t len, double *out) {
    char copy[NUMBER_MAX];
    char *end;
    if (len == 0 || len >= sizeof(copy)) return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *out = strtod(copy, &end);
    return end == copy + len;
}

static bool put_float(const char *text, size_t len, struct buf *out) {
    uint32_t bits;
    double d;
    if (!read_double(text, len, &d)) return false;
    const float v = (float)d;
    memcpy(&bits, &v, sizeof(bits));
    put_le(out, bits, sizeof(bits));
    return true;
}

static bool put_double(const char *text, size_t len, struct buf *out) {
    uint64_t bits;
    double d;
    if (!read_double(text, len, &d)) return false;
    memcpy(&bits, &d, sizeof(bits));
    put_le(out, bits, sizeof(bits));
    return true;
}

static bool put_decimal(const struct field *f, const char *text, size_t len, struct buf *out) {
    uint8_t bytes[64];
    if (!decimal_possible(f->precision, f->scale) || f->precision > 65) return false;
    if (!decimal_pack(text, len, f->precision, f->scale, bytes)) return false;
    buf_put(out, bytes, decimal_size(f->precision, f->scale));
    return true;
}

static bool put_year(const char *text, size_t len, struct buf *out) {
    uint64_t year;
    if (!read_digits(text, len, &year) || (year && (year < 1901 || year > 2155))) return false;
    buf_putc(out, (char)(year ? year - 1900 : 0));
    return true;
}

/* The answer is the bytes themselves, big-endian. */
static bool put_bit(const struct field *f, const char *text, size_t len, struct buf *out) {
    const size_t width = (f->bits + 7u) / 8;
    if (len > width) return false;
    put_be(out, 0, width - len);
    buf_put(out, text, len);
    return true;
}

static bool put_number(const struct field *f, const char *text, size_t len, struct buf *out) {
    uint64_t n;
    if (!read_digits(text, len, &n) || (f->length < 8 && n >> (8 * f->length))) return false;
    put_le(out, n, f->length);
    return true;
}

/* ---- Times: "2024-02-29 12:00:00.5", "-838:59:59" ---- */

struct moment {
    bool negative;
    uint64_t year, month, day, hour, minute, second, micros;
};

/* The next number of `text`, up to `mark` (0: the end). */
static bool next_number(const char **text, size_t *len, char mark, uint64_t *out) {
    const char *end = mark ? memchr(*text, mark, *len) : *text + *len;
    if (!end || !read_digits(*text, (size_t)(end - *text), out)) return false;
    size_t taken = (size_t)(end - *text) + (mark != 0);
    *text += taken;
    *len -= taken;
    return true;
}

static bool read_date(const char **text, size_t *len, char mark, struct moment *m) {
    return next_number(text, len, '-', &m->year) && next_number(text, len, '-', &m->month) &&
           next_number(text, len, mark, &m->day) && m->year <= 9999 && m->month <= 12 && m->day <= 31;
}

static bool read_fraction(const char *text, size_t len, uint64_t *micros) {
    if (len > 6 || !read_digits(text, len, micros)) return false;
    for (size_t i = len; i < 6; i++) *micros *= 10;
    return true;
}

static bool read_clock(const char *text, size_t len, struct moment *m) {
    const char *dot = memchr(text, '.', len);
    const size_t whole = dot ? (size_t)(dot - text) : len;
    size_t left = whole;
    m->negative = left > 0 && *text == '-';
    text += m->negative;
    left -= m->negative;
    if (!next_number(&text, &left, ':', &m->hour) || !next_number(&text, &left, ':', &m->minute) ||
        !next_number(&text, &left, 0, &m->second))
        return false;
    if (dot && !read_fraction(dot + 1, len - whole - 1, &m->micros)) return false;
    return m->hour <= 838 && m->minute < 60 && m->second < 60;
}

static const unsigned fraction_unit[] = {1, 10000, 10000, 100, 100, 1, 1};

static bool put_date(const char *text, size_t len, struct buf *out) {
    struct moment m = {0};
    if (!read_date(&text, &len, 0, &m)) return false;
    put_le(out, m.year << 9 | m.month << 5 | m.day, 3);
    return true;
}

static void put_fraction(const struct field *f, const struct moment *m, struct buf *out) {
    put_be(out, m->micros / fraction_unit[f->precision], (f->precision + 1u) / 2);
}

static bool put_datetime(const struct field *f, const char *text, size_t len, struct buf *out) {
    struct moment m = {0};
    if (f->precision > 6 || !read_date(&text, &len, ' ', &m) || !read_clock(text, len, &m)) return false;
    if (m.negative || m.hour > 23) return false;
    const uint64_t date = (m.year * 13 + m.month) << 5 | m.day;
    put_be(out, UINT64_C(1) << 39 | date << 17 | m.hour << 12 | m.minute << 6 | m.second, 5);
    put_fraction(f, &m, out);
    return true;
}

/* Days since 1970-01-01. */
static int64_t days_of(const struct moment *m) {
    const int64_t y = (int64_t)m->year - (m->month <= 2), month = (int64_t)m->month;
    const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + (int64_t)m->day - 1;
    return y / 400 * 146097 + y % 400 * 365 + y % 400 / 4 - y % 400 / 100 + of_year - 719468;
}

static bool put_timestamp(const struct field *f, const char *text, size_t len, struct buf *out) {
    struct moment m = {0};
    int64_t seconds = 0;
    if (f->precision > 6 || !read_date(&text, &len, ' ', &m) || !read_clock(text, len, &m)) return false;
    if (m.year)
        seconds = days_of(&m) * 86400 + (int64_t)m.hour * 3600 + (int64_t)m.minute * 60 + (int64_t)m.second;
    if (m.negative || seconds < 0 || seconds > UINT32_MAX) return false;
    put_be(out, (uint64_t)seconds, 4);
    put_fraction(f, &m, out);
    return true;
}

static bool put_time(const struct field *f, const char *text, size_t len, struct buf *out) {
    struct moment m = {0};
    if (f->precision > 6 || !read_clock(text, len, &m)) return false;
    const unsigned fraction = (f->precision + 1u) / 2 * 8;
    const uint64_t whole = m.hour << 12 | m.minute << 6 | m.second;
    const uint64_t size = whole << fraction | m.micros / fraction_unit[f->precision];
    const uint64_t middle = UINT64_C(0x800000) << fraction;
    put_be(out, m.negative ? middle - size : middle + size, 3 + fraction / 8);
    return true;
}

/* ---- Texts and bytes ---- */

static bool put_counted(size_t width, const char *bytes, size_t len, struct buf *out) {
    if (width < 4 && len >> (8 * width)) return false;
    if (len > UINT32_MAX) return false;
    put_le(out, len, width);
    buf_put(out, bytes, len);
    return true;
}

static bool put_string(const struct field *f, const char *bytes, size_t len, struct buf *out) {
    if (f->type == FIELD_STRING || f->type == FIELD_VARCHAR)
        if (len > f->length) return false;
    if (f->type == FIELD_STRING && f->charset && charset_is_binary(f->charset))
        while (len && bytes[len - 1] == '\0') len--;
    return put_counted(cell_length_bytes(f), bytes, len, out);
}

/* Method: none. Nothing at all stands for the empty value. */
static bool put_compressed(const struct field *f, const char *bytes, size_t len, struct buf *out) {
    if (len == 0) return put_counted(cell_length_bytes(f), bytes, 0, out);
    if (len >= UINT32_MAX || (cell_length_bytes(f) < 4 && (len + 1) >> (8 * cell_length_bytes(f))))
        return false;
    put_le(out, len + 1, cell_length_bytes(f));
    buf_putc(out, '\0');
    buf_put(out, bytes, len);
    return true;
}

static bool put_cell(const struct field *f, const char *text, size_t len, struct buf *out) {
    switch (f->type) {
    case FIELD_TINY: return put_integer(f, 1, text, len, out);
    case FIELD_SHORT: return put_integer(f, 2, text, len, out);
    case FIELD_INT24: return put_integer(f, 3, text, len, out);
    case FIELD_LONG: return put_integer(f, 4, text, len, out);
    case FIELD_LONGLONG: return put_integer(f, 8, text, len, out);
    case FIELD_FLOAT: return put_float(text, len, out);
    case FIELD_DOUBLE: return put_double(text, len, out);
    case FIELD_NEWDECIMAL: return put_decimal(f, text, len, out);
    case FIELD_YEAR: return put_year(text, len, out);
    case FIELD_BIT: return put_bit(f, text, len, out);
    case FIELD_DATE: return put_date(text, len, out);
    case FIELD_TIME2: return put_time(f, text, len, out);
    case FIELD_DATETIME2: return put_datetime(f, text, len, out);
    case FIELD_TIMESTAMP2: return put_timestamp(f, text, len, out);
    case FIELD_ENUM:
    case FIELD_SET: return put_number(f, text, len, out);
    case FIELD_STRING:
    case FIELD_VARCHAR:
    case FIELD_BLOB: return put_string(f, text, len, out);
    case FIELD_VARCHAR_COMPRESSED:
    case FIELD_BLOB_COMPRESSED: return put_compressed(f, text, len, out);
    case FIELD_JSON:
    case FIELD_GEOMETRY:
    case FIELD_VECTOR: return put_counted(f->length, text, len, out);
    default: return false;
    }
}

int cell_write(const struct field *f, const char *text, size_t len, struct buf *out, struct err *e) {
    if (!put_cell(f, text, len, out)) return no_value(f, len, e);
    return buf_failed(out) ? cell_memory(e) : 0;
}
