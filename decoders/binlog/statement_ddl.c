/* CREATE, ALTER, DROP, RENAME and TRUNCATE; see statement_parser.h. */
#include "decoders/binlog/statement_parser.h"

/* What follows CREATE, ALTER or DROP and has nothing to do with tables. */
static const char *const harmless_nouns[] = {"VIEW",     "PROCEDURE", "FUNCTION",   "TRIGGER",  "EVENT",
                                             "USER",     "ROLE",      "SERVER",     "RESOURCE", "REFERENCE",
                                             "LOGFILE",  "PACKAGE",   "TABLESPACE", "LIBRARY",  "PREPARE",
                                             "INSTANCE", "CATALOG",   NULL};

static bool understood(struct statement_parser *p, enum statement_kind kind) {
    p->out->kind = kind;
    return true;
}

/* Takes tokens up to a comma or the end outside of parentheses. */
static void skip_clause(struct statement_parser *p) {
    while (p->t.kind != SQL_END && !(p->depth == 0 && (sql_is_sign(&p->t, ',') || sql_is_sign(&p->t, ';'))))
        parser_next(p);
}

/* ---- CREATE ---- */

/* DEFINER = user[@host] | CURRENT_USER[()] */
static bool skip_definer(struct statement_parser *p) {
    parser_sign(p, '=');
    if (p->t.kind == SQL_END) return false;
    parser_next(p);
    if (parser_sign(p, '@')) parser_next(p);
    return !parser_sign(p, '(') || parser_sign(p, ')');
}

/* The words between CREATE (or ALTER, DROP) and what it is about. */
static bool skip_modifiers(struct statement_parser *p) {
    static const char *const plain[] = {"OR",      "REPLACE", "AGGREGATE", "UNIQUE",     "FULLTEXT",
                                        "SPATIAL", "VECTOR",  "ONLINE",    "OFFLINE",    "IGNORE",
                                        "UNDO",    "JSON",    "DUALITY",   "RELATIONAL", NULL};
    for (;;) {
        if (parser_word(p, "TEMPORARY")) {
            p->out->temporary = true;
        } else if (parser_word(p, "DEFINER")) {
            if (!skip_definer(p)) return false;
        } else if (parser_word(p, "ALGORITHM")) {
            parser_sign(p, '=');
            parser_next(p);
        } else if (parser_word(p, "SQL")) {
            if (!parser_word(p, "SECURITY")) return false;
            parser_next(p);
        } else if (!parser_any(p, plain)) {
            return true;
        }
    }
}

/* What makes a CREATE TABLE write rows as a statement. ROW format never logs these. */
static bool is_query_word(const struct statement_parser *p) {
    if (sql_is_word(&p->t, "SELECT")) return true;
    if (p->depth > 0) return false;
    return sql_is_word(&p->t, "AS") || sql_is_word(&p->t, "VALUES") || sql_is_word(&p->t, "TABLE");
}

static bool create_table(struct statement_parser *p) {
    parser_exists(p);
    if (!parser_table(p)) return false;
    while (p->t.kind != SQL_END) {
        if (is_query_word(p)) return false;
        if (p->depth == 0 && parser_word(p, "START")) {
            p->out->begins = parser_word(p, "TRANSACTION");
        } else {
            parser_next(p);
        }
    }
    return parser_end(p) && understood(p, STATEMENT_DDL);
}

/* … INDEX [IF …] name [USING type] ON table */
static bool index_on(struct statement_parser *p) {
    parser_exists(p);
    while (p->t.kind != SQL_END && !sql_is_word(&p->t, "ON")) parser_next(p);
    return parser_word(p, "ON") && parser_table(p) && understood(p, STATEMENT_DDL);
}

static bool database_named(struct statement_parser *p) {
    struct text name;
    const struct text none = {.ptr = "", .len = 0};
    parser_exists(p);
    return parser_name(p, &name) && parser_add(p, name, none) && understood(p, STATEMENT_DATABASE);
}

static bool sequence(struct statement_parser *p) {
    parser_exists(p);
    return parser_table(p) && understood(p, STATEMENT_DDL);
}

bool statement_create(struct statement_parser *p) {
    if (!skip_modifiers(p)) return false;
    if (parser_word(p, "TABLE")) return create_table(p);
    if (parser_word(p, "INDEX")) return index_on(p);
    if (parser_word(p, "SEQUENCE")) return sequence(p);
    if (parser_word(p, "DATABASE") || parser_word(p, "SCHEMA")) return database_named(p);
    return parser_any(p, harmless_nouns) && understood(p, STATEMENT_HARMLESS);
}

/* ---- ALTER ---- */

/* EXCHANGE PARTITION p WITH TABLE t */
static bool exchange(struct statement_parser *p) {
    struct text partition;
    return parser_word(p, "PARTITION") && parser_name(p, &partition) && parser_word(p, "WITH") &&
           parser_word(p, "TABLE") && parser_table(p) && understood(p, STATEMENT_PARTITION);
}

/* MariaDB: CONVERT PARTITION p TO TABLE t, CONVERT TABLE t TO PARTITION p; else CONVERT TO CHARACTER SET */
static bool convert(struct statement_parser *p) {
    struct text partition;
    if (parser_word(p, "PARTITION"))
        return parser_name(p, &partition) && parser_word(p, "TO") && parser_word(p, "TABLE") &&
               parser_table(p) && understood(p, STATEMENT_PARTITION);
    return !parser_word(p, "TABLE") || (parser_table(p) && understood(p, STATEMENT_PARTITION));
}

/* RENAME [TO | AS | =] t; RENAME COLUMN, INDEX and KEY are about columns and keys */
static bool rename_clause(struct statement_parser *p) {
    static const char *const others[] = {"COLUMN", "INDEX", "KEY", NULL};
    static const char *const to[] = {"TO", "AS", NULL};
    if (parser_any(p, others)) return true;
    if (!parser_any(p, to)) parser_sign(p, '=');
    return parser_table(p);
}

static bool alter_clause(struct statement_parser *p) {
    static const char *const tablespace[] = {"DISCARD", "IMPORT", NULL};
    if (parser_word(p, "DROP") || parser_word(p, "TRUNCATE"))
        return !parser_word(p, "PARTITION") || understood(p, STATEMENT_PARTITION);
    if (parser_any(p, tablespace)) return understood(p, STATEMENT_PARTITION);
    if (parser_word(p, "EXCHANGE")) return exchange(p);
    if (parser_word(p, "CONVERT")) return convert(p);
    return !parser_word(p, "RENAME") || rename_clause(p);
}

static bool alter_table(struct statement_parser *p) {
    parser_exists(p);
    if (!parser_table(p)) return false;
    if (parser_word(p, "WAIT")) parser_next(p);
    parser_word(p, "NOWAIT");
    p->out->kind = STATEMENT_DDL;
    do {
        if (!alter_clause(p)) return false;
        skip_clause(p);
    } while (parser_sign(p, ','));
    return parser_end(p);
}

/* ALTER DATABASE [name] option …: without a name the session's. */
static bool alter_database(struct statement_parser *p) {
    static const char *const options[] = {"CHARACTER", "CHARSET",    "COLLATE", "DEFAULT",
                                          "COMMENT",   "ENCRYPTION", "READ",    NULL};
    const struct text none = {.ptr = "", .len = 0};
    if (p->t.kind == SQL_END || parser_any(p, options))
        return parser_add(p, p->database, none) && understood(p, STATEMENT_DATABASE);
    return database_named(p);
}

bool statement_alter(struct statement_parser *p) {
    if (!skip_modifiers(p)) return false;
    if (parser_word(p, "TABLE")) return alter_table(p);
    if (parser_word(p, "SEQUENCE")) return sequence(p);
    if (parser_word(p, "DATABASE") || parser_word(p, "SCHEMA")) return alter_database(p);
    return parser_any(p, harmless_nouns) && understood(p, STATEMENT_HARMLESS);
}

/* ---- DROP, RENAME, TRUNCATE ---- */

static bool drop_tables(struct statement_parser *p) {
    static const char *const tails[] = {"RESTRICT", "CASCADE", "NOWAIT", NULL};
    parser_exists(p);
    do {
        if (!parser_table(p)) return false;
    } while (parser_sign(p, ','));
    if (parser_word(p, "WAIT")) parser_next(p);
    parser_any(p, tails);
    return parser_end(p) && understood(p, STATEMENT_DDL);
}

bool statement_drop(struct statement_parser *p) {
    static const char *const tables[] = {"TABLE", "TABLES", "SEQUENCE", NULL};
    if (!skip_modifiers(p)) return false;
    if (parser_any(p, tables)) return drop_tables(p);
    if (parser_word(p, "INDEX")) return index_on(p);
    if (parser_word(p, "DATABASE") || parser_word(p, "SCHEMA")) return database_named(p);
    return parser_any(p, harmless_nouns) && understood(p, STATEMENT_HARMLESS);
}

bool statement_rename(struct statement_parser *p) {
    if (parser_word(p, "USER")) return understood(p, STATEMENT_HARMLESS);
    if (!parser_word(p, "TABLE") && !parser_word(p, "TABLES")) return false;
    parser_exists(p);
    do {
        if (!parser_table(p)) return false;
        if (parser_word(p, "WAIT")) parser_next(p);
        parser_word(p, "NOWAIT");
        if (!parser_word(p, "TO") || !parser_table(p)) return false;
    } while (parser_sign(p, ','));
    return parser_end(p) && understood(p, STATEMENT_DDL);
}

bool statement_truncate(struct statement_parser *p) {
    parser_word(p, "TABLE");
    if (!parser_table(p)) return false;
    if (parser_word(p, "WAIT")) parser_next(p);
    parser_word(p, "NOWAIT");
    return parser_end(p) && understood(p, STATEMENT_TRUNCATE);
}
