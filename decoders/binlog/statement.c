#include "decoders/binlog/statement.h"

#include <string.h>

#include "decoders/binlog/charset.h"
#include "decoders/binlog/statement_parser.h"

/* ---- Transactions ---- */

static bool understood(struct statement_parser *p, enum statement_kind kind) {
    p->out->kind = kind;
    return true;
}

/* [WORK] [AND [NO] CHAIN] [[NO] RELEASE] and no more. */
static bool ends_tersely(struct statement_parser *p) {
    static const char *const words[] = {"WORK", "AND", "NO", "CHAIN", "RELEASE", NULL};
    while (parser_any(p, words)) {
    }
    return parser_end(p);
}

static bool begin(struct statement_parser *p) {
    return ends_tersely(p) && understood(p, STATEMENT_BEGIN);
}

static bool start(struct statement_parser *p) {
    static const char *const replication[] = {"SLAVE", "REPLICA", "GROUP_REPLICATION", "ALL", NULL};
    if (parser_word(p, "TRANSACTION")) return understood(p, STATEMENT_BEGIN);
    return parser_any(p, replication) && understood(p, STATEMENT_HARMLESS);
}

static bool commit(struct statement_parser *p) {
    return ends_tersely(p) && understood(p, STATEMENT_COMMIT);
}

static bool savepoint(struct statement_parser *p) {
    struct text name;
    return parser_name(p, &name) && parser_end(p) && understood(p, STATEMENT_SAVEPOINT);
}

static bool release(struct statement_parser *p) {
    return parser_word(p, "SAVEPOINT") && savepoint(p);
}

static bool rollback(struct statement_parser *p) {
    parser_word(p, "WORK");
    if (!parser_word(p, "TO")) return ends_tersely(p) && understood(p, STATEMENT_ROLLBACK);
    parser_word(p, "SAVEPOINT");
    return savepoint(p) && understood(p, STATEMENT_ROLLBACK_TO);
}

/* ---- Others ---- */

static bool read_any(struct statement_parser *p);

/* MariaDB: SET STATEMENT variable = value, … FOR statement. Any other SET is harmless. */
static bool set(struct statement_parser *p) {
    if (!parser_word(p, "STATEMENT")) return understood(p, STATEMENT_HARMLESS);
    while (p->t.kind != SQL_END && !(p->depth == 0 && sql_is_word(&p->t, "FOR"))) parser_next(p);
    return parser_word(p, "FOR") && read_any(p);
}

/* ANALYZE, OPTIMIZE, CHECK, REPAIR [LOCAL] TABLE; MariaDB's ANALYZE UPDATE … does what it analyzes. */
static bool maintain(struct statement_parser *p) {
    static const char *const local[] = {"LOCAL", "NO_WRITE_TO_BINLOG", NULL};
    static const char *const nouns[] = {"TABLE", "TABLES", "VIEW", NULL};
    parser_any(p, local);
    return parser_any(p, nouns) && understood(p, STATEMENT_HARMLESS);
}

/* LOAD INDEX INTO CACHE, not LOAD DATA or LOAD XML. */
static bool load(struct statement_parser *p) {
    return parser_word(p, "INDEX") && understood(p, STATEMENT_HARMLESS);
}

/* DELETE FROM `database`.`table`, exactly so, is what servers write when a restart emptied a MEMORY table. */
static bool delete_all(struct statement_parser *p) {
    const char *start = p->t.text.ptr;
    if (!parser_word(p, "FROM") || p->t.kind != SQL_QUOTED || p->t.quote != '`') return false;
    if (!parser_table(p) || p->t.kind != SQL_END || p->in.broken) return false;
    const struct statement_table *t = &p->out->tables[0];
    size_t len = (size_t)(p->in.end - start);
    if (len != strlen("FROM ``.``") + t->database.len + t->name.len) return false;
    return understood(p, STATEMENT_TRUNCATE);
}

/* Verbs that change neither rows nor shapes, whatever follows. */
static const char *const harmless[] = {"GRANT",  "REVOKE", "FLUSH",    "USE",   "INSTALL", "UNINSTALL",
                                       "LOCK",   "UNLOCK", "KILL",     "RESET", "PURGE",   "SHOW",
                                       "CHANGE", "STOP",   "CHECKSUM", "CACHE", "BACKUP",  NULL};

/* Verbs that need a second look. */
static const struct verb {
    const char *word;
    bool (*read)(struct statement_parser *p);
} verbs[] = {
    {"BEGIN", begin},
    {"COMMIT", commit},
    {"ROLLBACK", rollback},
    {"SAVEPOINT", savepoint},
    {"RELEASE", release},
    {"START", start},
    {"XA", statement_xa},
    {"CREATE", statement_create},
    {"ALTER", statement_alter},
    {"DROP", statement_drop},
    {"RENAME", statement_rename},
    {"TRUNCATE", statement_truncate},
    {"DELETE", delete_all},
    {"SET", set},
    {"ANALYZE", maintain},
    {"OPTIMIZE", maintain},
    {"CHECK", maintain},
    {"REPAIR", maintain},
    {"LOAD", load},
};

static bool read_any(struct statement_parser *p) {
    if (p->t.kind == SQL_END) return !p->in.broken && understood(p, STATEMENT_HARMLESS);
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (parser_word(p, verbs[i].word)) return verbs[i].read(p);
    return parser_any(p, harmless) && understood(p, STATEMENT_HARMLESS);
}

/* ---- The text ---- */

static bool is_ascii(struct text t) {
    unsigned char all = 0;
    for (size_t i = 0; i < t.len; i++) all |= (unsigned char)t.ptr[i];
    return all < 0x80;
}

/* In these every byte below 0x80 is that ASCII character and nothing else, also where others are not valid.
 */
static bool is_safe(const struct charset *cs) {
    return charset_width(cs) == 1 || strncmp(charset_name(cs), "utf8", 4) == 0;
}

/*
 * Puts the text into UTF-8. *readable: it can be taken apart; not so when it is not valid in a charset whose
 * later bytes look like quotes or backslashes, or when the charset is not known.
 */
static int convert(const struct query_event *q, struct arena *a, struct text *out, bool *readable,
                   struct err *e) {
    *out = q->text;
    *readable = true;
    if (q->charset == 0 || is_ascii(q->text)) return 0;
    const struct charset *cs = charset_of_collation(q->charset);
    *readable = cs && is_safe(cs);
    if (!cs || charset_is_binary(cs)) return 0;
    struct charsets *open = charsets_new();
    if (!open) return err_memory(e, "reading a statement");
    struct text text;
    int rc = charset_to_utf8(open, cs, q->text.ptr, q->text.len, a, &text, e);
    charsets_free(open);
    if (rc == 0) {
        *out = text;
        *readable = true;
    }
    return rc < 0 ? -1 : 0;
}

int statement_read(const struct query_event *q, struct arena *a, struct statement *out, struct err *e) {
    struct statement_parser p = {.database = q->database, .arena = a, .out = out};
    bool readable;
    *out = (struct statement){.kind = STATEMENT_WRITE};
    if (convert(q, a, &out->text, &readable, e)) return -1;
    if (!readable) return 0;
    sql_reader_init(&p.in, out->text, q->sql_mode);
    parser_next(&p);
    bool ok = read_any(&p);
    if (p.no_memory) return err_memory(e, "reading a statement");
    if (!ok) *out = (struct statement){.kind = STATEMENT_WRITE, .text = out->text};
    return 0;
}

/* ---- What it does to columns ---- */

/* Of those that are not understood or write rows, these leave columns alone whatever follows. */
static const char *const row_verbs[] = {"INSERT", "REPLACE", "UPDATE",  "DELETE", "LOAD", "WITH",
                                        "SELECT", "DO",      "HANDLER", "TABLE",  "CALL", NULL};

bool statement_reshapes(const struct query_event *q, const struct statement *s) {
    struct statement_parser p = {.out = NULL};
    if (s->temporary) return false;
    switch (s->kind) {
    case STATEMENT_DDL:
    case STATEMENT_PARTITION:
    case STATEMENT_DATABASE: return true;
    case STATEMENT_WRITE: break;
    default: return false;
    }
    sql_reader_init(&p.in, s->text, q->sql_mode);
    parser_next(&p);
    return !parser_any(&p, row_verbs);
}
