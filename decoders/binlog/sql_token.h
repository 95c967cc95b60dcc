/*
 * sql_token: the words, names, strings and signs of a statement; comments and blanks between them are gone.
 * Executed comments (MySQL's with a version behind the exclamation mark, MariaDB's with an M) count as code,
 * whatever version they ask for.
 */
#ifndef TAILRACE_DECODERS_BINLOG_SQL_TOKEN_H
#define TAILRACE_DECODERS_BINLOG_SQL_TOKEN_H

#include <stdbool.h>

#include "decoders/arena.h"
#include "decoders/change.h"

enum sql_kind {
    SQL_END = 0,
    SQL_WORD,   /* letters, digits, $ and _, and every byte from 0x80 */
    SQL_QUOTED, /* a name in backticks, or by sql_mode in double quotes */
    SQL_STRING,
    SQL_SIGN, /* any other byte */
};

struct sql_token {
    enum sql_kind kind;
    char quote;       /* QUOTED, STRING */
    struct text text; /* what stands between the quotes, not unescaped */
};

struct sql_reader {
    const char *at;
    const char *end;
    bool ansi_quotes;
    bool no_backslash_escapes;
    bool in_executed; /* inside an executed comment */
    bool broken;      /* a quote or comment has no end; END comes from then on */
};

/* Begins at the text, which the caller keeps. */
void sql_reader_init(struct sql_reader *r, struct text text, uint64_t sql_mode);

/* The next token; END at the end, for ever. */
void sql_next(struct sql_reader *r, struct sql_token *out);

/* True for an unquoted word, ASCII letter case aside; `word` in capitals. */
bool sql_is_word(const struct sql_token *t, const char *word);
bool sql_is_sign(const struct sql_token *t, char sign);

/* The value of a QUOTED or STRING: doubled quotes and escapes resolved; points into the text where there were
 * none, else into `a`. False: no memory. */
bool sql_unquote(const struct sql_reader *r, const struct sql_token *t, struct arena *a, struct text *out);

#endif
