#include "agent/cmd/tail_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/encode/wire.h"

#define CHUNK ((size_t)1 << 16)
#define MAX_RECORD ((size_t)1 << 30)

int tail_input_open(struct tail_input *in, const char *name, enum tail_form form, struct err *e) {
    bool standard = strcmp(name, "-") == 0;
    *in = (struct tail_input){
        .name = standard ? "standard input" : name, .known = form != TAIL_AUTO, .lines = form == TAIL_JSON};
    in->fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0) return err_set(e, ERR_CONFIG, "cannot open %s: %s", name, strerror(errno));
    return 0;
}

void tail_input_close(struct tail_input *in) {
    if (in->fd > STDIN_FILENO) close(in->fd);
    in->fd = -1;
    buf_release(&in->window);
}

/* Reads more into the window, in which the unread part moves to the front. */
static int fill(struct tail_input *in, struct err *e) {
    struct buf *w = &in->window;
    if (in->at > 0) memmove(w->data, w->data + in->at, w->len - in->at);
    w->len -= in->at;
    in->offset += in->at;
    in->at = 0;
    if (!buf_reserve(w, CHUNK)) return err_memory(e, "reading a file");
    ssize_t n;
    do n = read(in->fd, w->data + w->len, w->cap - w->len);
    while (n < 0 && errno == EINTR);
    if (n < 0) return err_set(e, ERR_IO, "cannot read %s: %s", in->name, strerror(errno));
    w->len += (size_t)n;
    in->ended = n == 0;
    return 0;
}

static size_t left(const struct tail_input *in) {
    return in->window.len - in->at;
}

size_t tail_input_ahead(const struct tail_input *in) {
    return left(in);
}

static const uint8_t *here(const struct tail_input *in) {
    return in->window.data + in->at;
}

static int detect(struct tail_input *in, struct err *e) {
    while (left(in) < 2 && !in->ended)
        if (fill(in, e)) return -1;
    in->lines = left(in) > 0 && tail_record_looks_like_lines(here(in), left(in));
    in->known = true;
    return 0;
}

/* The next line; the last one may lack its line break. Empty ones are passed over. */
static int next_line(struct tail_input *in, const uint8_t **data, size_t *len, struct err *e) {
    size_t looked = 0;
    for (;;) {
        const uint8_t *end = left(in) > looked ? memchr(here(in) + looked, '\n', left(in) - looked) : NULL;
        looked = left(in);
        if (!end && !in->ended) {
            if (looked > MAX_RECORD)
                return err_set(e, ERR_DATA, "%s: a line longer than 1 GiB at byte %llu", in->name,
                               (unsigned long long)(in->offset + in->at));
            if (fill(in, e)) return -1;
            continue;
        }
        if (!looked) return 0;
        *data = here(in);
        *len = end ? (size_t)(end - here(in)) : looked;
        in->at += *len + (end != NULL);
        looked = 0;
        if (*len > 0) return 1;
    }
}

static int broken(const struct tail_input *in, const char *what, struct err *e) {
    return err_set(e, ERR_DATA, "%s: %s at byte %llu", in->name, what,
                   (unsigned long long)(in->offset + in->at));
}

static int next_message(struct tail_input *in, const uint8_t **data, size_t *len, struct err *e) {
    for (;;) {
        struct cursor c = cursor_of(left(in) ? here(in) : NULL, left(in));
        uint64_t size = 0;
        int rc = wire_varint(&c, &size);
        if (rc < 0) return broken(in, "neither JSON lines nor messages behind their length", e);
        if (size > MAX_RECORD) return broken(in, "a message that claims to be larger than 1 GiB", e);
        if (rc == 1 && size <= cursor_left(&c)) {
            *data = c.at;
            *len = (size_t)size;
            in->at += cursor_offset(&c) + (size_t)size;
            return 1;
        }
        if (in->ended) return left(in) ? broken(in, "the file ends inside a message", e) : 0;
        if (fill(in, e)) return -1;
    }
}

int tail_input_next(struct tail_input *in, const uint8_t **data, size_t *len, struct err *e) {
    if (!in->known && detect(in, e)) return -1;
    return in->lines ? next_line(in, data, len, e) : next_message(in, data, len, e);
}
