#include "agent/cmd/attend.h"

#include <stdlib.h>
#include <string.h>

#include "agent/base/control.h"
#include "agent/cmd/exit.h"

#define HEAD_WORDS 2 /* see snapshot.h */

struct attend {
    struct control *control;
    struct pipeline *pipeline;
};

static int verb_of(const char *word, enum backfill_verb *out) {
    static const char *const verbs[] = {
        [BACKFILL_READ] = "read",     [BACKFILL_LIST] = "list",     [BACKFILL_PAUSE] = "pause",
        [BACKFILL_RESUME] = "resume", [BACKFILL_CANCEL] = "cancel",
    };

    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(word, verbs[i]) == 0) {
            *out = (enum backfill_verb)i;
            return 0;
        }
    return -1;
}

static int answer_snapshot(struct attend *a, int nwords, char **words, struct buf *answer, struct err *e) {
    struct backfill_request q = {.answer = answer};

    if (nwords < HEAD_WORDS || verb_of(words[1], &q.verb))
        return err_set(e, ERR_CONFIG,
                       "that is not understood: this agent and the one who asks differ in version");
    q.tables = (const char *const *)(words + HEAD_WORDS);
    q.ntables = (size_t)(nwords - HEAD_WORDS);
    return pipeline_request(a->pipeline, &q, e);
}

/* A control_fn. */
static int answer_words(void *ctx, int nwords, char **words, struct buf *answer) {
    struct err e = {0};
    int rc;

    if (strcmp(words[0], "snapshot") == 0)
        rc = answer_snapshot(ctx, nwords, words, answer, &e);
    else
        rc = err_set(&e, ERR_CONFIG, "this agent does not know the request '%s'", words[0]);
    if (rc == 0) return EXIT_DONE;
    buf_clear(answer, SIZE_MAX);
    buf_printf(answer, "tailrace: %s\n", e.text);
    return exit_code(&e);
}

int attend_open(const char *state, const char *source, struct pipeline *p, struct attend **out,
                struct err *e) {
    struct attend *a = calloc(1, sizeof *a);

    if (!a) return err_memory(e, "listening for requests");
    a->pipeline = p;
    if (control_open(state, source, &a->control, e)) {
        free(a);
        return -1;
    }
    *out = a;
    return 0;
}

void attend_close(struct attend *a) {
    if (!a) return;
    control_close(a->control);
    free(a);
}

int attend_fd(const struct attend *a) {
    return control_fd(a->control);
}

void attend_serve(struct attend *a) {
    control_serve(a->control, answer_words, a);
}
