/* sha256: the hash (FIPS 180-4) by which captured tables hold long values. For tests alone. */
#ifndef TAILRACE_TESTS_BINLOG_SHA256_H
#define TAILRACE_TESTS_BINLOG_SHA256_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* 32 bits of the fraction of the square or cube root of the n-th prime. */
static inline uint32_t sha256_root(unsigned n, bool cube) {
    unsigned prime = 2;
    for (unsigned found = 0;; prime++) {
        unsigned d = 2;
        while (d * d <= prime && prime % d) d++;
        if (d * d > prime && found++ == n) break;
    }
    long double root = cube ? cbrtl(prime) : sqrtl(prime);
    return (uint32_t)((root - floorl(root)) * 4294967296.0L);
}

static inline uint32_t sha256_turn(uint32_t x, unsigned by) {
    return x >> by | x << (32 - by);
}

static inline void sha256_block(uint32_t h[8], const uint32_t k[64], const uint8_t *p) {
    uint32_t w[64], s[8];
    for (unsigned i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 |
               p[4 * i + 3];
    for (unsigned i = 16; i < 64; i++) {
        uint32_t a = sha256_turn(w[i - 15], 7) ^ sha256_turn(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t b = sha256_turn(w[i - 2], 17) ^ sha256_turn(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    memcpy(s, h, sizeof(s));
    for (unsigned i = 0; i < 64; i++) {
        uint32_t a = sha256_turn(s[4], 6) ^ sha256_turn(s[4], 11) ^ sha256_turn(s[4], 25);
        uint32_t one = s[7] + a + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
        uint32_t b = sha256_turn(s[0], 2) ^ sha256_turn(s[0], 13) ^ sha256_turn(s[0], 22);
        uint32_t two = b + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof(s[0]));
        s[4] += one;
        s[0] = one + two;
    }
    for (unsigned i = 0; i < 8; i++) h[i] += s[i];
}

static inline void sha256(const void *data, size_t len, uint8_t out[32]) {
    uint32_t h[8], k[64];
    for (unsigned i = 0; i < 8; i++) h[i] = sha256_root(i, false);
    for (unsigned i = 0; i < 64; i++) k[i] = sha256_root(i, true);
    size_t padded = (len + 8) / 64 * 64 + 64;
    uint8_t *p = calloc(1, padded);
    memcpy(p, data, len);
    p[len] = 0x80;
    for (unsigned i = 0; i < 8; i++) p[padded - 1 - i] = (uint8_t)((uint64_t)len * 8 >> (8 * i));
    for (size_t at = 0; at < padded; at += 64) sha256_block(h, k, p + at);
    for (unsigned i = 0; i < 32; i++) out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    free(p);
}

#endif
