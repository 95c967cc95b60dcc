#include "agent/source/backoff.h"

#define SHORTEST_MS 100
#define LONGEST_MS 10000

void backoff_init(struct backoff *b, uint64_t seed) {
    b->random = seed | 1;
    b->ms = SHORTEST_MS;
}

void backoff_reset(struct backoff *b) {
    b->ms = SHORTEST_MS;
}

/* xorshift64: good enough to spread clients. */
static uint64_t next_random(struct backoff *b) {
    b->random ^= b->random << 13;
    b->random ^= b->random >> 7;
    b->random ^= b->random << 17;
    return b->random;
}

uint32_t backoff_next(struct backoff *b) {
    uint32_t longest = b->ms;

    b->ms = longest * 2 > LONGEST_MS ? LONGEST_MS : longest * 2;
    return longest - (uint32_t)(next_random(b) % (longest / 2 + 1));
}
