#include "decoders/value.h"

#define DAY_US INT64_C(86400000000)

struct date {
    int64_t year; /* astronomical: 0 is 1 BC */
    int month, day;
};

static struct date date_of(int64_t days) {
    days += 719468; /* since 0000-03-01 */
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (int)((5 * day_of_year + 2) / 153); /* 0 is March */
    struct date d;
    d.day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    d.month = month < 10 ? month + 3 : month - 9;
    d.year = era * 400 + year_of_era + (d.month <= 2);
    return d;
}

/* At least `width` digits, zeros in front. */
static void put_padded(struct buf *out, uint64_t n, int width) {
    uint64_t limit = 1;
    for (int i = 1; i < width; i++) limit *= 10;
    for (; n < limit && limit > 1; limit /= 10) buf_putc(out, '0');
    buf_put_u64(out, n);
}

static void put_two(struct buf *out, int64_t n) {
    const char two[2] = {(char)('0' + n / 10), (char)('0' + n % 10)};
    buf_put(out, two, sizeof(two));
}

static void put_date(const struct date *d, struct buf *out) {
    put_padded(out, (uint64_t)(d->year > 0 ? d->year : 1 - d->year), 4);
    buf_putc(out, '-');
    put_two(out, d->month);
    buf_putc(out, '-');
    put_two(out, d->day);
}

/* .5 to .123456, nothing when it is zero */
static void put_fraction(struct buf *out, uint64_t micros) {
    char digits[7] = ".";
    size_t len = micros ? sizeof(digits) : 0;
    for (size_t i = 6; i; i--, micros /= 10) digits[i] = (char)('0' + micros % 10);
    while (len && digits[len - 1] == '0') len--;
    buf_put(out, digits, len);
}

static void put_time(uint64_t micros, struct buf *out) {
    uint64_t seconds = micros / 1000000;
    put_padded(out, seconds / 3600, 2);
    buf_putc(out, ':');
    put_two(out, (int64_t)(seconds / 60 % 60));
    buf_putc(out, ':');
    put_two(out, (int64_t)(seconds % 60));
    put_fraction(out, micros % 1000000);
}

void value_format_date(int64_t days, struct buf *out) {
    struct date d = date_of(days);
    put_date(&d, out);
    if (d.year <= 0) buf_puts(out, " BC");
}

void value_format_time(int64_t micros, struct buf *out) {
    if (micros < 0) buf_putc(out, '-');
    put_time(micros < 0 ? -(uint64_t)micros : (uint64_t)micros, out);
}

void value_format_timestamp(int64_t micros, char sep, const char *zone, struct buf *out) {
    int64_t days = micros / DAY_US, time = micros % DAY_US;
    if (time < 0) {
        time += DAY_US;
        days--;
    }
    struct date d = date_of(days);
    put_date(&d, out);
    buf_putc(out, sep);
    put_time((uint64_t)time, out);
    buf_puts(out, zone);
    if (d.year <= 0) buf_puts(out, " BC");
}
