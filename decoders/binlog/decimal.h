/*
 * decimal: MySQL's packed DECIMAL(precision, scale) → text, and back.
 *
 * Nine digits in four bytes, what is left over in as few as it needs; in front of the point the left-over
 * group comes first, behind it last. Big-endian; the first bit is 1 for numbers that are not negative, and
 * all other bits of negative ones are inverted.
 */
#ifndef TAILRACE_DECODERS_BINLOG_DECIMAL_H
#define TAILRACE_DECODERS_BINLOG_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Columns have up to 65 digits; inside of JSON the server rounds up to whole groups. */
#define DECIMAL_PRECISION 81
#define DECIMAL_SCALE 38 /* MariaDB; MySQL 30 */

/* True when there is such a type. */
bool decimal_possible(unsigned precision, unsigned scale);

/* Bytes of a number. */
size_t decimal_size(unsigned precision, unsigned scale);

/* The most characters of its text: sign, 0 in front of the point, point. */
static inline size_t decimal_room(unsigned precision) {
    return precision + 3;
}

/* Writes a number of a possible type as the server prints it and returns the length, without a NUL. 0: the
 * bytes are no number. */
size_t decimal_text(const uint8_t *bytes, unsigned precision, unsigned scale, char *out);

/* Writes the number that `text` says ("-1.50") in decimal_size() bytes. False: it is none, or does not fit.
 */
bool decimal_pack(const char *text, size_t len, unsigned precision, unsigned scale, uint8_t *out);

#endif
