#include "agent/cmd/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/control.h"
#include "agent/cmd/exit.h"
#include "agent/cmd/usage.h"

#define ENDING ".control"
#define HEAD_WORDS 2 /* in front of the tables */
#define NAME_MAX_LEN 128

static const char help[] =
    "  --state DIR              the state directory of the running `tailrace run`\n"
    "  SOURCE.SCHEMA.TABLE ...  read the rows of these tables (MySQL: SOURCE.DATABASE.TABLE), also once "
    "more\n"
    "  --list [SOURCE]          how far each table is\n"
    "  --pause SOURCE...        read no further rows; of one table: SOURCE.SCHEMA.TABLE\n"
    "  --resume SOURCE...       go on\n"
    "  --cancel SOURCE...       read what is left not at all\n";

struct request {
    const char *state;
    const char *verb;
    char source[NAME_MAX_LEN]; /* "" all */
    const char *words[CONTROL_WORDS_MAX];
    int nwords;
};

/* ---- The command line ---- */

/* "shop.public.orders" is table public.orders of shop; "shop" is all of it. */
static int take_name(struct request *r, const char *name, struct err *e) {
    size_t len = strcspn(name, ".");

    if (len == 0 || len >= sizeof r->source)
        return err_set(e, ERR_CONFIG, "'%s' names no source: write SOURCE.SCHEMA.TABLE", name);
    if (r->source[0] && (strlen(r->source) != len || strncmp(r->source, name, len) != 0))
        return err_set(e, ERR_CONFIG, "one source at a time: %s and %.*s are two", r->source, (int)len, name);
    memcpy(r->source, name, len);
    r->source[len] = '\0';
    if (name[len] == '\0') return 0;
    if (r->nwords == CONTROL_WORDS_MAX) return err_set(e, ERR_CONFIG, "too many tables for one request");
    r->words[r->nwords++] = name + len + 1;
    return 0;
}

static const char *verb_of(const char *arg) {
    static const char *const verbs[] = {"--list", "--pause", "--resume", "--cancel"};

    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(arg, verbs[i]) == 0) return verbs[i] + 2;
    return NULL;
}

/* An option with a value, written either way; NULL: it is not this one. */
static const char *value_of(int argc, char **argv, int *i, const char *option) {
    size_t len = strlen(option);

    if (strncmp(argv[*i], option, len) != 0) return NULL;
    if (argv[*i][len] == '=') return argv[*i] + len + 1;
    return argv[*i][len] == '\0' && *i + 1 < argc ? argv[++*i] : NULL;
}

static int take_argument(struct request *r, int argc, char **argv, int *i, struct err *e) {
    const char *verb = verb_of(argv[*i]), *value;

    if (argv[*i][0] != '-') return take_name(r, argv[*i], e);
    if (verb && r->verb) return err_set(e, ERR_CONFIG, "--%s and --%s exclude each other", r->verb, verb);
    if (verb)
        r->verb = verb;
    else if ((value = value_of(argc, argv, i, "--state")))
        r->state = value;
    else
        return err_set(e, ERR_CONFIG,
                       "unknown option %s, or it lacks its value; `tailrace snapshot --help` lists them",
                       argv[*i]);
    return 0;
}

static int read_request(int argc, char **argv, struct request *r, struct err *e) {
    r->nwords = HEAD_WORDS;
    for (int i = 1; i < argc; i++)
        if (take_argument(r, argc, argv, &i, e)) return -1;
    if (!r->state) return err_set(e, ERR_CONFIG, "which state directory? Write --state DIR");
    if (!r->verb && r->nwords == HEAD_WORDS)
        return err_set(e, ERR_CONFIG, "which tables? Write SOURCE.SCHEMA.TABLE, or --list to see them");
    if (!r->verb) r->verb = "read";
    if (!r->source[0] && strcmp(r->verb, "list") != 0)
        return err_set(e, ERR_CONFIG, "--%s of what? Write SOURCE or SOURCE.SCHEMA.TABLE", r->verb);
    r->words[0] = "snapshot";
    r->words[1] = r->verb;
    return 0;
}

/* ---- Asking ---- */

static int ask(const struct request *r, const char *source) {
    struct buf answer = {0};
    struct err e = {0};
    int code = control_ask(r->state, source, r->nwords, r->words, &answer, &e);

    if (code < 0) {
        code = exit_report(&e);
    } else if (answer.len > 0) {
        fwrite(answer.data, 1, answer.len, code == EXIT_DONE ? stdout : stderr);
    }
    buf_release(&answer);
    return code;
}

static int is_socket(const struct dirent *d) {
    size_t len = strlen(d->d_name);

    return len > strlen(ENDING) && strcmp(d->d_name + len - strlen(ENDING), ENDING) == 0;
}

/* Every source that an agent runs with this state directory. */
static int ask_all(const struct request *r, struct err *e) {
    struct dirent **found = NULL;
    int n = scandir(r->state, &found, is_socket, alphasort);
    int worst = EXIT_DONE;

    if (n < 0) {
        err_set(e, ERR_CONFIG, "cannot read %s: %s", r->state, strerror(errno));
        return exit_report(e);
    }
    for (int i = 0; i < n; i++) {
        int code;
        found[i]->d_name[strlen(found[i]->d_name) - strlen(ENDING)] = '\0';
        code = ask(r, found[i]->d_name);
        if (code > worst) worst = code;
        free(found[i]);
    }
    free(found);
    if (n > 0) return worst;
    err_set(e, ERR_CONFIG, "no agent runs with the state directory %s", r->state);
    return exit_report(e);
}

int cmd_snapshot(int argc, char **argv) {
    struct request r = {0};
    struct err e = {0};

    if (usage_asked(argc, argv)) return usage_print("snapshot", help);
    if (read_request(argc, argv, &r, &e)) return exit_report(&e);
    return r.source[0] ? ask(&r, r.source) : ask_all(&r, &e);
}
