#include "agent/cmd/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/ack/checkpoint.h"
#include "agent/cmd/exit.h"
#include "agent/cmd/usage.h"
#include "agent/pipeline/backfill_state.h"

#define ENDING ".checkpoint"
#define HEX_SHOWN 24 /* bytes of an opaque section that people see */

static const char help[] =
    "  --state DIR   the state directory of `tailrace run`\n"
    "  --json        one object a line; opaque sections whole, in hexadecimal\n"
    "  NAME          a source's name; without one, every checkpoint in the directory\n";

/* How a section is read. */
enum look { LOOK_TEXT, LOOK_SNAPSHOT, LOOK_NUMBER, LOOK_TIME, LOOK_OPAQUE };

static const struct {
    enum checkpoint_section section;
    const char *name;
    enum look look;
} rows[] = {
    {CHECKPOINT_SOURCE, "source", LOOK_TEXT},         {CHECKPOINT_POSITION_TEXT, "position", LOOK_TEXT},
    {CHECKPOINT_WRITTEN_US, "written", LOOK_TIME},    {CHECKPOINT_EPOCH, "epoch", LOOK_NUMBER},
    {CHECKPOINT_SNAPSHOT, "snapshot", LOOK_SNAPSHOT}, {CHECKPOINT_PROGRESS, "progress", LOOK_OPAQUE},
    {CHECKPOINT_OUTPUT, "output", LOOK_NUMBER},       {CHECKPOINT_FINGERPRINT, "fingerprint", LOOK_OPAQUE},
    {CHECKPOINT_IDENTITY, "identity", LOOK_OPAQUE},   {CHECKPOINT_POSITION, "position_bytes", LOOK_OPAQUE},
    {CHECKPOINT_PREPARED, "prepared", LOOK_OPAQUE},   {CHECKPOINT_SHAPES, "shapes", LOOK_OPAQUE},
};

struct options {
    const char *state;
    bool json;
    char **names;
    int nnames;
};

/* ---- One checkpoint --------------------------------------------------------------------------------------
 */

static void put_hex(const struct buf *b, size_t most, struct buf *out) {
    for (size_t i = 0; i < b->len && i < most; i++) buf_printf(out, "%02x", b->data[i]);
}

/* Text of a file that somebody else may have written: control characters never reach a terminal. */
static void put_text(const struct buf *b, bool json, struct buf *out) {
    for (size_t i = 0; i < b->len; i++) {
        uint8_t c = b->data[i];
        if (json && (c == '"' || c == '\\'))
            buf_printf(out, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            buf_printf(out, json ? "\\u%04x" : "\\x%02x", c);
        else
            buf_putc(out, (char)c);
    }
}

static void put_time(uint64_t us, struct buf *out) {
    char text[32] = "";
    struct tm tm;
    time_t seconds = (time_t)(us / 1000000);
    if (gmtime_r(&seconds, &tm) != NULL) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    buf_printf(out, "%s.%06" PRIu64 "Z", text, us % 1000000);
}

/* What cannot be read shows as the text that says why. */
static void put_snapshot(const struct buf *b, bool json, struct buf *out) {
    struct backfill_state *s = NULL;
    struct buf text = {0};
    struct err e = {0};
    if (backfill_state_load(b->data, b->len, &s, &e) == 0)
        backfill_state_text(s, &text);
    else
        buf_puts(&text, e.text);
    put_text(&text, json, out);
    buf_release(&text);
    backfill_state_free(s);
}

static void put_value(const struct checkpoint *c, size_t row, bool json, struct buf *out) {
    const struct buf *b = &c->sections[rows[row].section];
    uint64_t number = checkpoint_u64(c, rows[row].section, 0);
    bool quotes = json && rows[row].look != LOOK_NUMBER;
    if (quotes) buf_putc(out, '"');
    switch (rows[row].look) {
    case LOOK_TEXT: put_text(b, json, out); break;
    case LOOK_SNAPSHOT: put_snapshot(b, json, out); break;
    case LOOK_NUMBER: buf_put_u64(out, number); break;
    case LOOK_TIME: put_time(number, out); break;
    case LOOK_OPAQUE:
        put_hex(b, json ? b->len : HEX_SHOWN, out);
        if (!json && b->len > HEX_SHOWN) buf_printf(out, "... (%zu bytes)", b->len);
        break;
    }
    if (quotes) buf_putc(out, '"');
}

static void put_checkpoint(const char *name, const struct checkpoint *c, bool json, struct buf *out) {
    struct buf title = {0};
    buf_puts(&title, name);
    if (json) buf_puts(out, "{\"name\":\"");
    put_text(&title, json, out);
    buf_puts(out, json ? "\"" : "\n");
    buf_release(&title);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (c->sections[rows[i].section].len == 0) continue;
        buf_printf(out, json ? ",\"%s\":" : "  %-16s", rows[i].name);
        put_value(c, i, json, out);
        if (!json) buf_putc(out, '\n');
    }
    if (json) buf_puts(out, "}\n");
}

static int show(const struct options *o, const char *name, struct buf *out, struct err *e) {
    struct checkpoint c = {0};
    bool found = false;
    int rc = checkpoint_peek(o->state, name, &c, &found, e);
    if (rc == 0 && !found)
        rc = err_set(e, ERR_CONFIG,
                     "there is no checkpoint of %s in %s; `tailrace checkpoint show --state %s` "
                     "lists what there is",
                     name, o->state, o->state);
    if (rc == 0) put_checkpoint(name, &c, o->json, out);
    checkpoint_release(&c);
    return rc;
}

/* ---- The directory ---------------------------------------------------------------------------------------
 */

static int is_checkpoint(const struct dirent *d) {
    size_t len = strlen(d->d_name);
    return d->d_name[0] != '.' && len > strlen(ENDING) &&
           strcmp(d->d_name + len - strlen(ENDING), ENDING) == 0;
}

static int show_all(const struct options *o, struct buf *out, struct err *e) {
    struct dirent **found = NULL;
    int n = scandir(o->state, &found, is_checkpoint, alphasort);
    int rc = 0;
    if (n < 0) return err_set(e, ERR_CONFIG, "cannot read %s: %s", o->state, strerror(errno));
    if (n == 0) fprintf(stderr, "tailrace: there is no checkpoint in %s\n", o->state);
    for (int i = 0; i < n; i++) {
        found[i]->d_name[strlen(found[i]->d_name) - strlen(ENDING)] = '\0';
        if (rc == 0) rc = show(o, found[i]->d_name, out, e);
        free(found[i]);
    }
    free(found);
    return rc;
}

/* ---- The command line ------------------------------------------------------------------------------------
 */

/* Moves the names to the front of argv, where they may stay. */
static int read_options(int argc, char **argv, struct options *o, struct err *e) {
    o->names = argv;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            o->json = true;
        else if (strncmp(argv[i], "--state=", 8) == 0)
            o->state = argv[i] + 8;
        else if (strcmp(argv[i], "--state") == 0 && i + 1 < argc)
            o->state = argv[++i];
        else if (argv[i][0] == '-')
            return err_set(e, ERR_CONFIG,
                           "unknown option %s, or it lacks its value; `tailrace checkpoint --help` "
                           "lists them",
                           argv[i]);
        else
            argv[o->nnames++] = argv[i];
    }
    if (o->state != NULL) return 0;
    return err_set(e, ERR_CONFIG, "which state directory? Write --state DIR");
}

int cmd_checkpoint(int argc, char **argv) {
    struct options o = {0};
    struct buf out = {0};
    struct err e = {0};
    int rc;
    if (usage_asked(argc, argv)) return usage_print("checkpoint", help);
    if (argc < 2 || strcmp(argv[1], "show") != 0)
        rc = err_set(&e, ERR_CONFIG, "write `tailrace checkpoint show --state DIR`");
    else
        rc = read_options(argc - 2, argv + 2, &o, &e);
    if (rc == 0 && o.nnames == 0) rc = show_all(&o, &out, &e);
    for (int i = 0; i < o.nnames && rc == 0; i++) rc = show(&o, o.names[i], &out, &e);
    if (buf_failed(&out)) rc = err_memory(&e, "showing checkpoints");
    if (out.len > 0) fwrite(out.data, 1, out.len, stdout);
    buf_release(&out);
    return rc == 0 ? EXIT_DONE : exit_report(&e);
}
