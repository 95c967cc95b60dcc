#include "agent/base/ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)64 * 1024)
#define BLOCKS_MIN 4 /* so that both threads can work however small the budget is */

/* Records in a block: u64 length, then the bytes padded to 8. */
struct block {
    struct block *next;
    size_t cap;
    size_t len; /* written */
    _Alignas(8) unsigned char data[];
};

struct ring {
    pthread_mutex_t lock; /* guards queue, tail and spare */
    struct block *queue;  /* handed over, oldest first */
    struct block *queue_tail;
    struct block *spare; /* empty blocks of BLOCK_BYTES */
    atomic_size_t held;  /* capacity of all blocks that hold records */
    atomic_size_t peak;
    atomic_bool starved; /* the producer was refused and wants to hear of room */
    size_t budget;
    int space_fd;
    int data_fd;
    /* Producer's own. */
    struct block *filling;
    size_t reserved; /* bytes of the reservation, header included */
    /* Consumer's own. */
    struct block *reading;
    size_t read_at;
};

static size_t padded(size_t len) {
    return sizeof(uint64_t) + ((len + 7) & ~(size_t)7);
}

static void raise_fd(int fd) {
    uint64_t one = 1;

    while (write(fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

static void clear_fd(int fd) {
    uint64_t count;

    while (read(fd, &count, sizeof count) < 0 && errno == EINTR) continue;
}

struct ring *ring_new(size_t budget, struct err *e) {
    struct ring *r = calloc(1, sizeof *r);

    if (!r) {
        err_memory(e, "making a ring");
        return NULL;
    }
    r->budget = budget < BLOCKS_MIN * BLOCK_BYTES ? BLOCKS_MIN * BLOCK_BYTES : budget;
    pthread_mutex_init(&r->lock, NULL);
    r->space_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    r->data_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (r->space_fd < 0 || r->data_fd < 0) {
        err_set(e, ERR_IO, "cannot make an eventfd (errno %d): raise the limit of open files", errno);
        ring_free(r);
        return NULL;
    }
    return r;
}

static void free_chain(struct block *b) {
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

void ring_free(struct ring *r) {
    if (!r) return;
    free_chain(r->queue);
    free_chain(r->spare);
    free(r->filling);
    free(r->reading);
    if (r->space_fd >= 0) close(r->space_fd);
    if (r->data_fd >= 0) close(r->data_fd);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static void count_held(struct ring *r, size_t more) {
    size_t now = atomic_fetch_add(&r->held, more) + more;

    if (now > atomic_load(&r->peak)) atomic_store(&r->peak, now); /* only the producer raises it */
}

static struct block *take_spare(struct ring *r) {
    struct block *b;

    pthread_mutex_lock(&r->lock);
    b = r->spare;
    if (b) r->spare = b->next;
    pthread_mutex_unlock(&r->lock);
    return b;
}

/* An empty block for a record of `need` bytes; NULL and *full when the budget says no. */
static struct block *new_block(struct ring *r, size_t need, bool *full) {
    size_t cap = need > BLOCK_BYTES ? need : BLOCK_BYTES;
    size_t held = atomic_load(&r->held);
    struct block *b;

    if (held > 0 && (cap > r->budget || held > r->budget - cap)) {
        *full = true;
        return NULL;
    }
    b = cap == BLOCK_BYTES ? take_spare(r) : NULL;
    if (!b) b = malloc(sizeof *b + cap);
    if (!b) return NULL;
    b->next = NULL;
    b->cap = cap;
    b->len = 0;
    count_held(r, cap);
    return b;
}

void *ring_reserve(struct ring *r, size_t len, bool *full) {
    size_t need = padded(len);
    uint64_t *header;

    *full = false;
    if (len > SIZE_MAX / 2) return NULL;
    if (r->filling && r->filling->cap - r->filling->len < need) ring_flush(r);
    if (!r->filling) r->filling = new_block(r, need, full);
    if (!r->filling && *full) {
        /* Say that we wait, then look once more: the consumer may have made room in between. */
        atomic_store(&r->starved, true);
        *full = false;
        r->filling = new_block(r, need, full);
    }
    if (!r->filling) return NULL;
    header = (uint64_t *)(void *)(r->filling->data + r->filling->len);
    *header = len;
    r->reserved = need;
    return header + 1;
}

void ring_commit(struct ring *r) {
    r->filling->len += r->reserved;
    r->reserved = 0;
}

void ring_flush(struct ring *r) {
    struct block *b = r->filling;
    bool was_empty;

    if (!b || b->len == 0) return;
    r->filling = NULL;
    pthread_mutex_lock(&r->lock);
    was_empty = r->queue == NULL;
    if (was_empty)
        r->queue = b;
    else
        r->queue_tail->next = b;
    r->queue_tail = b;
    pthread_mutex_unlock(&r->lock);
    if (was_empty) raise_fd(r->data_fd);
}

int ring_space_fd(const struct ring *r) {
    return r->space_fd;
}

void ring_space_clear(struct ring *r) {
    clear_fd(r->space_fd);
}

/* Gives the block that was read back: kept as spare, or to the system when it was made for one huge record.
 */
static void give_back(struct ring *r) {
    struct block *b = r->reading;

    r->reading = NULL;
    atomic_fetch_sub(&r->held, b->cap);
    if (b->cap == BLOCK_BYTES) {
        pthread_mutex_lock(&r->lock);
        b->next = r->spare;
        r->spare = b;
        pthread_mutex_unlock(&r->lock);
    } else {
        free(b);
    }
    if (atomic_exchange(&r->starved, false)) raise_fd(r->space_fd);
}

static struct block *take_queued(struct ring *r) {
    struct block *b;

    pthread_mutex_lock(&r->lock);
    b = r->queue;
    if (b) r->queue = b->next;
    pthread_mutex_unlock(&r->lock);
    if (b) b->next = NULL;
    return b;
}

const void *ring_next(struct ring *r, size_t *len) {
    const uint64_t *header;

    if (r->reading && r->read_at == r->reading->len) give_back(r);
    if (!r->reading) {
        r->reading = take_queued(r);
        r->read_at = 0;
    }
    if (!r->reading) return NULL;
    header = (const uint64_t *)(const void *)(r->reading->data + r->read_at);
    *len = (size_t)*header;
    r->read_at += padded(*len);
    return header + 1;
}

int ring_data_fd(const struct ring *r) {
    return r->data_fd;
}

void ring_data_clear(struct ring *r) {
    clear_fd(r->data_fd);
}

size_t ring_held(const struct ring *r) {
    return atomic_load(&r->held);
}

size_t ring_peak(const struct ring *r) {
    return atomic_load(&r->peak);
}
