#include <stdio.h>

#include "tests/unit/decoders/binlog/cells.h"

static void check(struct cells *t, uint8_t precision, uint8_t scale, const char *hex, const char *want) {
    const struct field f = {.type = FIELD_NEWDECIMAL, .precision = precision, .scale = scale};
    cells_read(t, cell_decimal, &f, hex);
    cells_assert(t, want);
}

/* As MariaDB wrote them. */
static void test_known(void **state) {
    struct cells *t = *state;
    check(t, 12, 2, "800000303943", "decimal 12345.67");
    check(t, 12, 2, "800000000000", "decimal 0.00");
    check(t, 12, 2, "7fffffcfc6bc", "decimal -12345.67");
    check(t, 1, 0, "87", "decimal 7");
    check(t, 1, 1, "85", "decimal 0.5");
    check(t, 1, 1, "7a", "decimal -0.5");
    check(t, 5, 0, "80006f", "decimal 111");
    check(t, 10, 0, "81075bcd15", "decimal 1123456789");
    check(t, 65, 30, "85f5e0ff 3b9ac9ff3b9ac9ff3b9ac9ff 3b9ac9ff3b9ac9ff3b9ac9ff 03e7",
          "decimal 99999999999999999999999999999999999.999999999999999999999999999999");
    check(t, 9, 0, "bb9ac9ff", "decimal 999999999");
    check(t, 2, 1, "8000", "decimal 0.0");
    check(t, 2, 1, "7fff", "decimal -0.0"); /* no server stores that, but this is how it would print it */
    const struct field f = {.type = FIELD_NEWDECIMAL, .precision = 9};
    cells_read(t, cell_decimal, &f, "bb9aca00"); /* ten digits in nine's place */
    assert_int_equal(t->v.state, VALUE_INVALID);
    assert_int_equal(t->v.len, 4);
}

static void put_number(uint8_t **at, const char *digits, unsigned n) {
    static const uint8_t widths[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    uint32_t v = 0;
    for (unsigned i = 0; i < n; i++) v = v * 10 + (uint32_t)(digits[i] - '0');
    for (unsigned i = widths[n]; i--;) *(*at)++ = (uint8_t)(v >> (8 * i));
}

/* The server's packing, the straightforward way: `digits` holds precision digits. */
static size_t pack(const char *digits, unsigned whole, unsigned scale, bool negative, uint8_t *out) {
    uint8_t *at = out;
    put_number(&at, digits, whole % 9);
    for (unsigned i = whole % 9; i < whole; i += 9) put_number(&at, digits + i, 9);
    for (unsigned i = 0; i + 9 <= scale; i += 9) put_number(&at, digits + whole + i, 9);
    put_number(&at, digits + whole + scale / 9 * 9, scale % 9);
    out[0] ^= 0x80;
    if (negative)
        for (uint8_t *p = out; p < at; p++) *p = (uint8_t) ~*p;
    return (size_t)(at - out);
}

/* Every precision and scale, with random digits: what was packed is read. */
static void test_all(void **state) {
    struct cells *t = *state;
    uint32_t seed = 1;
    for (unsigned precision = 1; precision <= 65; precision++) {
        for (unsigned scale = 0; scale <= precision && scale <= 38; scale++) {
            char digits[66], want[80];
            unsigned whole = precision - scale, zeros = (seed >> 16) % (whole + 1);
            for (unsigned i = 0; i < precision; i++) {
                seed = seed * 1103515245 + 12345;
                digits[i] = (char)(i < zeros ? '0' : '0' + (seed >> 16) % 10);
            }
            bool negative = seed >> 8 & 1;
            unsigned first = 0;
            while (first + 1 < whole && digits[first] == '0') first++;
            snprintf(want, sizeof(want), "%s%.*s%s%.*s", negative ? "-" : "",
                     whole ? (int)(whole - first) : 1, whole ? digits + first : "0", scale ? "." : "",
                     (int)scale, digits + whole);
            uint8_t packed[64];
            size_t len = pack(digits, whole, scale, negative, packed);
            const struct field f = {.precision = (uint8_t)precision, .scale = (uint8_t)scale};
            struct cursor c = cursor_of(packed, len);
            assert_int_equal(cell_decimal(&t->reader, &c, &f, &t->v, &t->e), 0);
            assert_int_equal(cursor_left(&c), 0);
            assert_int_equal(t->v.kind, VALUE_DECIMAL);
            assert_int_equal(t->v.len, strlen(want));
            assert_memory_equal(t->v.text, want, t->v.len);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {CELL_TEST(test_known), CELL_TEST(test_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
