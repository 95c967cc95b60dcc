#include "agent/map/notices.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define WAITING_MAX 1000

struct notice {
    struct notice *next;
    enum log_level level;
    char text[];
};

void notices_add(struct notices *n, enum log_level level, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    struct notice *it = len >= 0 && n->count < WAITING_MAX ? malloc(sizeof(*it) + (size_t)len + 1) : NULL;
    if (!it) {
        n->lost++;
        return;
    }
    va_start(ap, fmt);
    vsnprintf(it->text, (size_t)len + 1, fmt, ap);
    va_end(ap);
    it->next = NULL;
    it->level = level;
    if (n->last)
        n->last->next = it;
    else
        n->first = it;
    n->last = it;
    n->count++;
}

const char *notices_take(struct notices *n, enum log_level *level) {
    free(n->taken);
    n->taken = NULL;
    if (!n->first && n->lost) {
        size_t lost = n->lost;
        n->lost = 0;
        notices_add(n, LOG_WARN, "%zu more notices about tables and mappings were left out", lost);
    }
    struct notice *it = n->first;
    if (!it) return NULL;
    n->first = it->next;
    if (!n->first) n->last = NULL;
    n->count--;
    n->taken = it;
    *level = it->level;
    return it->text;
}

void notices_release(struct notices *n) {
    free(n->taken);
    for (struct notice *it = n->first, *next; it; it = next) {
        next = it->next;
        free(it);
    }
    *n = (struct notices){0};
}
