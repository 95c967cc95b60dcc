#include "decoders/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t cap;
    max_align_t data[];
};

#define BLOCK_MIN ((size_t)1024) /* a small table's description fits in one */

void arena_init(struct arena *a, size_t keep) {
    *a = (struct arena){.keep = keep};
}

/* A block for `size` bytes; each at least as large as all before it together: few blocks, however much comes.
 */
static struct arena_block *block_add(struct arena *a, size_t size) {
    size_t cap = a->held > a->next ? a->held : a->next;
    if (cap < BLOCK_MIN) cap = BLOCK_MIN;
    if (cap > a->keep && size <= a->keep) cap = a->keep;
    if (cap < size) cap = size;
    if (cap > SIZE_MAX - sizeof(struct arena_block) || cap > SIZE_MAX - a->held) return NULL;
    struct arena_block *b = malloc(sizeof(*b) + cap);
    if (!b) return NULL;
    b->cap = cap;
    b->next = a->blocks;
    a->blocks = b;
    a->held += cap;
    a->used = 0;
    return b;
}

void *arena_alloc(struct arena *a, size_t size) {
    const size_t mask = alignof(max_align_t) - 1;
    if (size > SIZE_MAX - mask) return NULL;
    size = (size + mask) & ~mask;
    struct arena_block *b = a->blocks;
    if (!b || size > b->cap - a->used) {
        b = block_add(a, size);
        if (!b) return NULL;
    }
    void *p = (char *)b->data + a->used;
    a->used += size;
    return p;
}

void *arena_calloc(struct arena *a, size_t count, size_t size) {
    if (size && count > SIZE_MAX / size) return NULL;
    void *p = arena_alloc(a, count * size);
    if (p) memset(p, 0, count * size);
    return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len) {
    if (len == SIZE_MAX) return NULL;
    char *p = arena_alloc(a, len + 1);
    if (!p) return NULL;
    if (len) memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

static void free_blocks(struct arena *a) {
    for (struct arena_block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    a->blocks = NULL;
    a->held = 0;
}

/* One block stays. Several go, and the next one will be as large as they were together. */
void arena_clear(struct arena *a) {
    a->used = 0;
    if (!a->blocks || (!a->blocks->next && a->blocks->cap <= a->keep)) return;
    a->next = a->held < a->keep ? a->held : a->keep;
    free_blocks(a);
}

void arena_release(struct arena *a) {
    free_blocks(a);
    arena_init(a, a->keep);
}
