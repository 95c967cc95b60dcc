#include "decoders/binlog/query_event.h"

#define POST_HEADER 13

/* Codes of status variables, as in both servers up to MySQL 9.7 and MariaDB 11.8. */
enum status_code {
    Q_FLAGS2 = 0,
    Q_SQL_MODE = 1,
    Q_CATALOG = 2,
    Q_AUTO_INCREMENT = 3,
    Q_CHARSET = 4,
    Q_TIME_ZONE = 5,
    Q_CATALOG_NZ = 6,
    Q_LC_TIME_NAMES = 7,
    Q_CHARSET_DATABASE = 8,
    Q_TABLE_MAP_FOR_UPDATE = 9,
    Q_MASTER_DATA_WRITTEN = 10,
    Q_INVOKER = 11,
    Q_UPDATED_DB_NAMES = 12,
    Q_MICROSECONDS = 13,
    Q_EXPLICIT_DEFAULTS_FOR_TIMESTAMP = 16,
    Q_DDL_LOGGED_WITH_XID = 17,
    Q_DEFAULT_COLLATION_FOR_UTF8MB4 = 18,
    Q_SQL_REQUIRE_PRIMARY_KEY = 19,
    Q_DEFAULT_TABLE_ENCRYPTION = 20,
    Q_MYSQL_21 = 21, /* MySQL 9 has it in front of statements that write rows; Percona's Q_DDL_SKIP_REWRITE */
    PERCONA_Q_WSREP_SKIP_READONLY_CHECKS = 128, /* Percona Server 8.0.31 and later */
    MARIADB_Q_HRNOW = 128,
    MARIADB_Q_XID = 129,
    MARIADB_Q_GTID_FLAGS3 = 130,
    MARIADB_Q_CHARACTER_SET_COLLATIONS = 131,
    MARIADB_Q_DUMMY = 255, /* fills up */
};

#define TOO_MANY_DBS 254 /* Q_UPDATED_DB_NAMES: more than the event names, so it names none */

/* MARIADB_Q_GTID_FLAGS3: an ALTER in two phases. */
#define FLAGS3_START_ALTER 2
#define FLAGS3_COMMIT_ALTER 4
#define FLAGS3_ROLLBACK_ALTER 8

static bool skip(struct cursor *c, size_t len) {
    const uint8_t *ignored;
    return cursor_bytes(c, len, &ignored);
}

/* A text behind its length in one byte. */
static bool skip_counted(struct cursor *c) {
    uint8_t len;
    return cursor_u8(c, &len) && skip(c, len);
}

static bool skip_names(struct cursor *c) {
    const char *ignored;
    uint8_t count;
    if (!cursor_u8(c, &count)) return false;
    for (unsigned i = 0; count != TOO_MANY_DBS && i < count; i++)
        if (!cursor_cstr(c, &ignored)) return false;
    return true;
}

static bool read_charset(struct cursor *c, struct query_event *out) {
    return cursor_u16le(c, &out->charset) && skip(c, 4); /* connection and server collation */
}

/* Flags; which ALTER ends here: 8 bytes number of its beginning. */
static bool read_flags3(struct cursor *c, struct query_event *out) {
    uint8_t flags;
    if (!cursor_u8(c, &flags)) return false;
    out->void_alter = flags & (FLAGS3_START_ALTER | FLAGS3_ROLLBACK_ALTER);
    return !(flags & (FLAGS3_COMMIT_ALTER | FLAGS3_ROLLBACK_ALTER)) || skip(c, 8);
}

/* Variables that only MariaDB writes. */
static bool read_mariadb(uint8_t code, struct cursor *c, struct query_event *out, bool *known) {
    uint8_t n;
    switch (code) {
    case MARIADB_Q_HRNOW: return skip(c, 3);
    case MARIADB_Q_XID: return skip(c, 8);
    case MARIADB_Q_GTID_FLAGS3: return read_flags3(c, out);
    case MARIADB_Q_CHARACTER_SET_COLLATIONS: return cursor_u8(c, &n) && skip(c, (size_t)n * 4);
    case MARIADB_Q_DUMMY: return true;
    default: *known = false; return false;
    }
}

/* One variable's value. False: it does not fit, or its code is not known. */
static bool read_variable(uint8_t code, struct cursor *c, bool mariadb, struct query_event *out,
                          bool *known) {
    switch (code) {
    case Q_SQL_MODE: return cursor_u64le(c, &out->sql_mode);
    case Q_CHARSET: return read_charset(c, out);
    case Q_CATALOG: return skip_counted(c) && skip(c, 1);
    case Q_TIME_ZONE:
    case Q_CATALOG_NZ: return skip_counted(c);
    case Q_INVOKER: return skip_counted(c) && skip_counted(c);
    case Q_UPDATED_DB_NAMES: return skip_names(c);
    case Q_FLAGS2:
    case Q_AUTO_INCREMENT:
    case Q_MASTER_DATA_WRITTEN: return skip(c, 4);
    case Q_TABLE_MAP_FOR_UPDATE:
    case Q_DDL_LOGGED_WITH_XID: return skip(c, 8);
    case Q_MICROSECONDS: return skip(c, 3);
    case Q_LC_TIME_NAMES:
    case Q_CHARSET_DATABASE:
    case Q_DEFAULT_COLLATION_FOR_UTF8MB4: return skip(c, 2);
    case Q_EXPLICIT_DEFAULTS_FOR_TIMESTAMP:
    case Q_SQL_REQUIRE_PRIMARY_KEY:
    case Q_DEFAULT_TABLE_ENCRYPTION:
    case Q_MYSQL_21: return skip(c, 1);
    default: break;
    }
    if (!mariadb && code == PERCONA_Q_WSREP_SKIP_READONLY_CHECKS) return skip(c, 1);
    *known = mariadb;
    return mariadb && read_mariadb(code, c, out, known);
}

static int read_variables(struct cursor vars, bool mariadb, struct query_event *out, struct err *e) {
    uint8_t code;
    while (cursor_u8(&vars, &code)) {
        bool known = true;
        if (read_variable(code, &vars, mariadb, out, &known)) continue;
        if (known) return err_set(e, ERR_DATA, "QUERY event: status variable %u is cut off", code);
        return err_set(
            e, ERR_DATA,
            "QUERY event: status variable %u is not known, so what stands behind it cannot be read: "
            "the server is newer than this version of Tailrace, or a derivative of %s with variables of its "
            "own",
            code, mariadb ? "MariaDB" : "MySQL");
    }
    return 0;
}

int query_event_read(const struct binlog_event *ev, const struct binlog_format *f, struct query_event *out,
                     struct err *e) {
    struct cursor c = ev->body;
    size_t post = f->known && f->ntypes >= BINLOG_QUERY ? f->post_header[BINLOG_QUERY] : POST_HEADER;
    uint8_t database_len, nul;
    uint16_t vars_len;
    const uint8_t *vars, *database;
    *out = (struct query_event){.text = {.ptr = ""}};
    if (post < POST_HEADER)
        return err_set(e, ERR_DATA, "QUERY event: a post-header of %zu bytes, %d are expected", post,
                       POST_HEADER);
    if (!skip(&c, 8) || !cursor_u8(&c, &database_len) || !cursor_u16le(&c, &out->error_code) ||
        !cursor_u16le(&c, &vars_len) || !skip(&c, post - POST_HEADER) || !cursor_bytes(&c, vars_len, &vars) ||
        !cursor_bytes(&c, database_len, &database) || !cursor_u8(&c, &nul))
        return err_set(e, ERR_DATA, "QUERY event: %zu bytes are too few for what it says it holds",
                       cursor_left(&ev->body));
    if (nul != 0) return err_set(e, ERR_DATA, "QUERY event: the database's name does not end where it says");
    if (read_variables(cursor_of(vars, vars_len), f->mariadb, out, e)) return -1;
    out->database = (struct text){.ptr = (const char *)database, .len = database_len};
    out->text = (struct text){.ptr = (const char *)c.at, .len = cursor_left(&c)};
    return 0;
}
