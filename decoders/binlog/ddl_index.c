#include "decoders/binlog/ddl_index.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "decoders/binlog/event.h"
#include "decoders/binlog/inflate.h"
#include "decoders/binlog/statement.h"
#include "decoders/binlog/table_key.h"
#include "decoders/binlog/tellings.h"

struct entry {
    struct ddl_change last;
    UT_hash_handle hh;
    size_t len;
    char key[]; /* folded "database\0table"; "database\0": all of it; "\0": everything */
};

struct ddl_index {
    struct entry *entries;
    struct binlog_place from, end; /* no GTIDs in them */
    struct binlog_format format;
    struct payload *payload;
    struct arena arena; /* of an event */
};

struct ddl_index *ddl_index_new(void) {
    struct ddl_index *x = calloc(1, sizeof(*x));
    if (x) arena_init(&x->arena, 64 * 1024);
    return x;
}

static void drop_entries(struct ddl_index *x) {
    struct entry *en, *next;
    HASH_ITER(hh, x->entries, en, next) {
        HASH_DEL(x->entries, en);
        free(en);
    }
}

void ddl_index_free(struct ddl_index *x) {
    if (!x) return;
    drop_entries(x);
    payload_free(x->payload);
    arena_release(&x->arena);
    free(x);
}

static void set_place(struct binlog_place *to, const struct binlog_place *from) {
    memcpy(to->file, from->file, sizeof(to->file));
    to->offset = from->offset;
}

void ddl_index_clear(struct ddl_index *x, const struct binlog_place *from) {
    drop_entries(x);
    set_place(&x->from, from);
    set_place(&x->end, from);
    ddl_index_connect(x);
}

void ddl_index_connect(struct ddl_index *x) {
    x->format = (struct binlog_format){0};
}

const struct binlog_place *ddl_index_end(const struct ddl_index *x) {
    return &x->end;
}

bool ddl_index_covers(const struct ddl_index *x, const struct binlog_place *at) {
    return x->from.file[0] && binlog_place_compare(&x->from, at) <= 0 &&
           binlog_place_compare(at, &x->end) <= 0;
}

/* ---- Entries ---- */

static size_t make_key(struct text database, struct text table, char key[TABLE_KEY_MAX]) {
    if (database.len > TABLE_NAME_MAX || table.len > TABLE_NAME_MAX) return 0;
    size_t len = tellings_fold(database, key);
    key[len++] = '\0';
    return len + tellings_fold(table, key + len);
}

static struct entry *find(const struct ddl_index *x, const char *key, size_t len) {
    struct entry *en;
    HASH_FIND(hh, x->entries, key, len, en);
    return en;
}

static struct entry *find_or_add(struct ddl_index *x, const char *key, size_t len) {
    struct entry *en = find(x, key, len);
    if (en) return en;
    en = calloc(1, sizeof(*en) + len);
    if (!en) return NULL;
    memcpy(en->key, key, len);
    en->len = len;
    HASH_ADD_KEYPTR(hh, x->entries, en->key, en->len, en);
    if (en->hh.tbl) return en;
    free(en);
    return NULL;
}

/* How the statement begins, not cut inside a character. */
static void show(const struct statement *s, char out[DDL_TEXT_SHOWN + 4]) {
    size_t n = s->text.len;
    bool cut = n > DDL_TEXT_SHOWN;
    if (cut) n = DDL_TEXT_SHOWN;
    while (cut && n && ((unsigned char)s->text.ptr[n] & 0xc0) == 0x80) n--;
    memcpy(out, s->text.ptr, n);
    memcpy(out + n, cut ? "…" : "", cut ? 4 : 1);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)out[i] < ' ') out[i] = ' ';
}

static int note(struct ddl_index *x, struct text database, struct text table, const struct statement *s,
                struct err *e) {
    char key[TABLE_KEY_MAX];
    size_t len = make_key(database, table, key);
    if (!len) return 0; /* no table has such a name */
    struct entry *en = find_or_add(x, key, len);
    if (!en) return err_memory(e, "reading the log ahead");
    binlog_file_number(x->end.file, &en->last.file);
    en->last.offset = x->end.offset;
    show(s, en->last.text);
    return 0;
}

static const struct ddl_change *behind(const struct ddl_index *x, const char *key, size_t len, uint64_t file,
                                       uint64_t offset) {
    const struct entry *en = find(x, key, len);
    if (!en || en->last.file < file || (en->last.file == file && en->last.offset <= offset)) return NULL;
    return &en->last;
}

const struct ddl_change *ddl_index_last(const struct ddl_index *x, const struct binlog_place *at,
                                        struct text database, struct text table) {
    char key[TABLE_KEY_MAX];
    const struct text none = {"", 0};
    const struct ddl_change *c;
    uint64_t file = 0;
    binlog_file_number(at->file, &file);
    size_t len = make_key(database, table, key);
    if (len && (c = behind(x, key, len, file, at->offset))) return c;
    len = make_key(database, none, key);
    if (len && (c = behind(x, key, len, file, at->offset))) return c;
    return behind(x, key, make_key(none, none, key), file, at->offset);
}

/* ---- Events ---- */

static int take_query(struct ddl_index *x, struct binlog_event *ev, struct err *e) {
    struct query_event q;
    struct statement s;
    const struct text none = {"", 0};
    if (ev->type == MARIADB_QUERY_COMPRESSED && inflate_event(ev, &x->format, &x->arena, e)) return -1;
    if (query_event_read(ev, &x->format, &q, e) || statement_read(&q, &x->arena, &s, e)) return -1;
    if (q.void_alter || !statement_reshapes(&q, &s)) return 0;
    if (s.ntables == 0) return note(x, none, none, &s, e);
    for (size_t i = 0; i < s.ntables; i++)
        if (note(x, s.tables[i].database, s.tables[i].name, &s, e)) return -1;
    return 0;
}

static int take_payload(struct ddl_index *x, const struct binlog_event *ev, struct err *e) {
    if (!x->payload && !(x->payload = payload_new())) return err_memory(e, "reading the log ahead");
    if (payload_open(x->payload, ev, e)) return -1;
    for (;;) {
        const void *data;
        size_t len;
        struct binlog_event inner;
        if (payload_next(x->payload, &data, &len, e)) return -1;
        if (!len) return 0;
        if (len < BINLOG_HEADER_LEN || ((const uint8_t *)data)[4] != BINLOG_QUERY) continue;
        if (binlog_event_read(data, len, &x->format, true, &inner, e)) return -1;
        arena_clear(&x->arena);
        if (take_query(x, &inner, e)) return -1;
    }
}

/* 8 bytes offset of the next event, then the file it is in, up to the end. */
static int take_rotate(struct ddl_index *x, const struct binlog_event *ev, struct err *e) {
    struct cursor c = ev->body;
    uint64_t offset;
    size_t len = 0;
    if (cursor_u64le(&c, &offset)) len = cursor_left(&c);
    if (len == 0 || len > BINLOG_FILE_MAX) return err_set(e, ERR_DATA, "ROTATE event is malformed");
    memcpy(x->end.file, c.at, len);
    x->end.file[len] = '\0';
    x->end.offset = offset;
    if (!x->from.file[0]) set_place(&x->from, &x->end);
    return 0;
}

/* The log tells the lower 32 bits of an offset, which only grows. */
static void move(struct ddl_index *x, const struct binlog_event *ev) {
    const uint64_t span = UINT64_C(1) << 32;
    if (!ev->log_pos || (ev->flags & BINLOG_FLAG_ARTIFICIAL)) return;
    uint64_t next = (x->end.offset & ~(span - 1)) | ev->log_pos;
    if (next < x->end.offset && x->end.offset - next > span / 2) next += span;
    if (next > x->end.offset) x->end.offset = next;
}

static bool is_read(uint8_t type) {
    return type == BINLOG_ROTATE || type == BINLOG_FORMAT_DESCRIPTION || type == BINLOG_QUERY ||
           type == MARIADB_QUERY_COMPRESSED || type == BINLOG_TRANSACTION_PAYLOAD;
}

/* The head alone of what holds rows: their checksums are looked at when they are read. */
static int skip(struct ddl_index *x, const void *event, size_t len, struct err *e) {
    struct cursor c = cursor_of(event, len);
    struct binlog_event ev = {0};
    uint32_t size;
    if (!cursor_u32le(&c, &ev.timestamp) || !cursor_u8(&c, &ev.type) || !cursor_u32le(&c, &ev.server_id) ||
        !cursor_u32le(&c, &size) || !cursor_u32le(&c, &ev.log_pos) || !cursor_u16le(&c, &ev.flags))
        return err_set(e, ERR_DATA, "an event of the log is cut short");
    if (ev.type != BINLOG_HEARTBEAT && ev.type != BINLOG_HEARTBEAT_V2) move(x, &ev);
    return 0;
}

int ddl_index_feed(struct ddl_index *x, const void *event, size_t len, struct err *e) {
    struct binlog_event ev;
    if (len < BINLOG_HEADER_LEN || !is_read(((const uint8_t *)event)[4])) return skip(x, event, len, e);
    arena_clear(&x->arena);
    if (binlog_event_read(event, len, &x->format, false, &ev, e)) return -1;
    if (ev.type == BINLOG_ROTATE) return take_rotate(x, &ev, e);
    /* One that is sent in the middle of a file bears the offset it has at its beginning. */
    if (ev.type == BINLOG_FORMAT_DESCRIPTION) return binlog_format_read(&ev, &x->format, e);
    move(x, &ev);
    return ev.type == BINLOG_TRANSACTION_PAYLOAD ? take_payload(x, &ev, e) : take_query(x, &ev, e);
}
