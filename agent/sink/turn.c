#include "agent/sink/turn.h"

#include <stddef.h>

bool turn_take(struct turn *t, const void *who) {
    const void *nobody = NULL;

    if (atomic_load(&t->owner) == who) return true;
    return atomic_compare_exchange_strong(&t->owner, &nobody, who);
}

void turn_leave(struct turn *t, const void *who, bool torn) {
    if (atomic_load(&t->owner) != who) return;
    if (torn) atomic_store(&t->torn, true);
    atomic_store(&t->owner, NULL);
}
