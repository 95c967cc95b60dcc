/* Records that are too large for their topic, made smaller; see encoder.h. */
#include <stdlib.h>
#include <string.h>

#include "agent/encode/change_value.h"
#include "agent/encode/encoder.h"
#include "agent/encode/row_view.h"

#define KEEP ((size_t)1 << 20) /* of an encoding that was too large */

/* A column that may be left out, and about what it takes in both images. */
struct candidate {
    size_t index;
    size_t size;
};

/* The event with images of its own, in which columns can be marked as omitted. */
struct trial {
    struct event event;
    struct change change;
    struct value *values; /* one allocation for both images */
    struct candidate *candidates;
    size_t ncandidates;
};

static bool is_key(const struct selection *s, size_t column) {
    for (size_t i = 0; i < s->nkeys; i++)
        if (s->keys[i] == column) return true;
    return false;
}

/* What leaving a column out of an image would save. */
static size_t size_in(const struct value *image, size_t column) {
    if (!image) return 0;
    const struct value *v = &image[column];
    return v->state == VALUE_PRESENT || v->state == VALUE_INVALID
               ? change_value_text(v) + CHANGE_VALUE_OVERHEAD
               : 0;
}

static int larger_first(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return x->index < y->index ? -1 : 1; /* the same choice for the same row, always */
}

static void find_candidates(struct trial *t) {
    const struct selection *s = t->event.selection;
    for (size_t i = 0; i < s->table->ncolumns; i++) {
        size_t size = size_in(t->change.before, i) + size_in(t->change.after, i);
        if (s->use[i] != COLUMN_SHOWN || is_key(s, i) || size == 0) continue;
        t->candidates[t->ncandidates++] = (struct candidate){.index = i, .size = size};
    }
    qsort(t->candidates, t->ncandidates, sizeof(*t->candidates), larger_first);
}

static struct value *copy_image(struct value *to, const struct value *image, size_t n) {
    return image ? memcpy(to, image, n * sizeof(*to)) : NULL;
}

static int trial_init(struct trial *t, const struct event *ev, struct err *e) {
    size_t n = ev->selection->table->ncolumns;
    *t = (struct trial){.event = *ev, .change = *ev->change};
    t->values = calloc(2 * n + 1, sizeof(*t->values));
    t->candidates = calloc(n + 1, sizeof(*t->candidates));
    if (!t->values || !t->candidates) return err_memory(e, "making a record smaller");
    t->event.change = &t->change;
    t->change.before = copy_image(t->values, ev->change->before, n);
    t->change.after = copy_image(t->values + n, ev->change->after, n);
    find_candidates(t);
    return 0;
}

static void trial_release(struct trial *t) {
    free(t->values);
    free(t->candidates);
}

static void omit(struct value *image, size_t column) {
    if (size_in(image, column)) image[column] = (struct value){.state = VALUE_OMITTED};
}

/* The statement goes first: it is no part of the row. Its length stays. False: there is none (any more). */
static bool drop_statement(struct trial *t) {
    bool had = t->change.statement.len > 0;
    t->change.statement.len = 0;
    return had;
}

/* Leaves out the largest columns from the `first` on, until about `excess` bytes are saved; the next one. */
static size_t strip(struct trial *t, size_t first, size_t excess) {
    size_t saved = 0, i = first;
    while (i < t->ncandidates && (i == first || saved < excess)) {
        saved += t->candidates[i].size;
        omit(t->change.before, t->candidates[i].index);
        omit(t->change.after, t->candidates[i].index);
        i++;
    }
    return i;
}

static int too_large(const struct event *ev, size_t size, size_t max, struct err *e) {
    const struct table *t = ev->selection->table;
    return err_set(
        e, ERR_CONFIG,
        "table %s%s%s, change %.*s: the record has %zu bytes even without every column that can be "
        "left out, and topic %s takes %zu: raise max.message.bytes of the topic and "
        "sink.kafka.message.max.bytes, or pass over it with --skip",
        table_space(t), *table_space(t) ? "." : "", t->name, (int)ev->change->id.len, ev->change->id.ptr,
        size, ev->topic, max);
}

int encoder_fit(struct encoder *en, const struct event *ev, size_t max, struct buf *key, bool *has_key,
                struct buf *value, size_t *stripped, struct err *e) {
    struct trial t = {0};
    int rc = -1;
    *stripped = 0;
    if (trial_init(&t, ev, e)) goto out;
    for (;;) {
        buf_clear(key, KEEP);
        buf_clear(value, KEEP);
        if (en->ops->encode(en, &t.event, key, has_key, value, e)) goto out;
        size_t size = key->len + value->len;
        if (size <= max) break;
        if (drop_statement(&t)) continue;
        if (*stripped == t.ncandidates) {
            too_large(ev, size, max, e);
            goto out;
        }
        *stripped = strip(&t, *stripped, size - max);
    }
    rc = 0;
out:
    trial_release(&t);
    return rc;
}
