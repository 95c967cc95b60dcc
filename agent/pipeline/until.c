#include "agent/pipeline/until.h"

#include <stdlib.h>
#include <string.h>

static int parse_idle(struct until *u, const char *text, struct err *e) {
    char *end;
    double seconds = strtod(text, &end);

    if (end != text && strcmp(end, "ms") == 0)
        seconds /= 1000;
    else if (end == text || strcmp(end, "s") != 0)
        seconds = 0;
    if (!(seconds > 0 && seconds < 1e6))
        return err_set(e, ERR_CONFIG, "--until idle:%s: give a time such as idle:5s or idle:500ms", text);
    u->idle_us = (int64_t)(seconds * 1e6);
    return 0;
}

static int end_of(struct until *u, struct source *s, struct position from, struct err *e) {
    if (s->ops->end_position(s, &u->target, e)) return -1;
    u->reached = s->ops->silent_end &&
                 u->decoder->position_compare(from, (struct position){u->target.data, u->target.len}) >= 0;
    return 0;
}

int until_init(struct until *u, const char *text, struct source *s, struct position from,
               const struct clock *clock, struct err *e) {
    *u = (struct until){.decoder = s->ops->decoder, .clock = clock, .last_us = clock_monotonic_us(clock)};
    if (!text) return 0;
    if (strncmp(text, "idle:", 5) == 0) return parse_idle(u, text + 5, e);
    if (strcmp(text, "end") == 0) return end_of(u, s, from, e);
    if (u->decoder->position_parse(text, &u->target, e)) return err_prefix(e, "--until %s", text);
    return 0;
}

void until_restart(struct until *u) {
    u->reached = false;
    u->last_us = clock_monotonic_us(u->clock);
}

void until_release(struct until *u) {
    buf_release(&u->target);
}

void until_note(struct until *u, const struct change *c) {
    if (u->idle_us && c->op != CHANGE_HEARTBEAT) u->last_us = clock_monotonic_us(u->clock);
    if (u->target.len == 0 || (c->op != CHANGE_COMMIT && c->op != CHANGE_HEARTBEAT)) return;
    if (u->decoder->position_compare(c->position, (struct position){u->target.data, u->target.len}) >= 0)
        u->reached = true;
}

bool until_reached(struct until *u) {
    if (u->idle_us && clock_monotonic_us(u->clock) - u->last_us >= u->idle_us) u->reached = true;
    return u->reached;
}

int until_due_ms(const struct until *u) {
    int64_t left;

    if (!u->idle_us) return -1;
    left = u->last_us + u->idle_us - clock_monotonic_us(u->clock);
    return left <= 0 ? 0 : (int)(left / 1000) + 1;
}
