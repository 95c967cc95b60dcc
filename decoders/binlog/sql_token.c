#include "decoders/binlog/sql_token.h"

#include <string.h>

#include "decoders/binlog/query_event.h"

void sql_reader_init(struct sql_reader *r, struct text text, uint64_t sql_mode) {
    *r = (struct sql_reader){
        .at = text.ptr,
        .end = text.ptr + text.len,
        .ansi_quotes = sql_mode & SQL_MODE_ANSI_QUOTES,
        .no_backslash_escapes = sql_mode & SQL_MODE_NO_BACKSLASH_ESCAPES,
    };
}

static size_t left(const struct sql_reader *r) {
    return (size_t)(r->end - r->at);
}

static bool starts(const struct sql_reader *r, const char *text) {
    size_t len = strlen(text);
    return left(r) >= len && memcmp(r->at, text, len) == 0;
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '$' ||
           (unsigned char)c >= 0x80;
}

/* ---- Comments ---- */

static void skip_line(struct sql_reader *r) {
    const char *newline = memchr(r->at, '\n', left(r));
    r->at = newline ? newline + 1 : r->end;
}

/* From its opening to behind its end. */
static void skip_comment(struct sql_reader *r) {
    for (r->at += 2; r->at < r->end; r->at++)
        if (starts(r, "*/")) {
            r->at += 2;
            return;
        }
    r->broken = true;
}

/* Behind the opening of an executed comment: five or six digits are a version. */
static void skip_version(struct sql_reader *r) {
    size_t digits = 0;
    while (digits < left(r) && digits < 6 && is_digit(r->at[digits])) digits++;
    if (digits >= 5) r->at += digits;
}

/* "--" begins a comment only in front of a blank, a control character or the end. */
static bool at_dashes(const struct sql_reader *r) {
    return starts(r, "--") && (left(r) == 2 || (unsigned char)r->at[2] <= ' ' || r->at[2] == 0x7F);
}

/* Passes over one blank, comment, or bracket of an executed comment; false when there is none. */
static bool skip_one(struct sql_reader *r) {
    if (is_blank(*r->at)) {
        r->at++;
    } else if (*r->at == '#' || at_dashes(r)) {
        skip_line(r);
    } else if (starts(r, "/*!") || starts(r, "/*M!")) {
        r->at += starts(r, "/*!") ? 3 : 4;
        r->in_executed = true;
        skip_version(r);
    } else if (starts(r, "/*")) {
        skip_comment(r);
    } else if (r->in_executed && starts(r, "*/")) {
        r->at += 2;
        r->in_executed = false;
    } else {
        return false;
    }
    return true;
}

/* ---- Tokens ---- */

static void read_quoted(struct sql_reader *r, struct sql_token *out) {
    char quote = *r->at++;
    const char *start = r->at;
    bool escapes = out->kind == SQL_STRING && !r->no_backslash_escapes;
    for (; r->at < r->end; r->at++) {
        if (escapes && *r->at == '\\' && left(r) > 1) {
            r->at++;
        } else if (*r->at == quote) {
            if (left(r) < 2 || r->at[1] != quote) break;
            r->at++;
        }
    }
    if (r->at >= r->end) {
        r->broken = true;
        *out = (struct sql_token){.kind = SQL_END};
        return;
    }
    out->quote = quote;
    out->text = (struct text){.ptr = start, .len = (size_t)(r->at - start)};
    r->at++;
}

void sql_next(struct sql_reader *r, struct sql_token *out) {
    *out = (struct sql_token){.kind = SQL_END, .text = {.ptr = r->end}};
    while (!r->broken && r->at < r->end && skip_one(r)) {
    }
    if (r->at >= r->end && r->in_executed) r->broken = true;
    if (r->broken || r->at >= r->end) return;
    const char *start = r->at;
    if (*start == '`' || *start == '"' || *start == '\'') {
        out->kind = *start == '`' || (*start == '"' && r->ansi_quotes) ? SQL_QUOTED : SQL_STRING;
        read_quoted(r, out);
        return;
    }
    out->kind = is_word_byte(*start) ? SQL_WORD : SQL_SIGN;
    r->at++;
    while (out->kind == SQL_WORD && r->at < r->end && is_word_byte(*r->at)) r->at++;
    out->text = (struct text){.ptr = start, .len = (size_t)(r->at - start)};
}

bool sql_is_word(const struct sql_token *t, const char *word) {
    size_t i = 0;
    if (t->kind != SQL_WORD) return false;
    for (; i < t->text.len && word[i]; i++) {
        char c = t->text.ptr[i];
        if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
        if (c != word[i]) return false;
    }
    return i == t->text.len && !word[i];
}

bool sql_is_sign(const struct sql_token *t, char sign) {
    return t->kind == SQL_SIGN && *t->text.ptr == sign;
}

/* What a backslash and `c` stand for. */
static char unescape(char c) {
    switch (c) {
    case '0': return '\0';
    case 'b': return '\b';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'Z': return 0x1A;
    default: return c;
    }
}

bool sql_unquote(const struct sql_reader *r, const struct sql_token *t, struct arena *a, struct text *out) {
    bool escapes = t->kind == SQL_STRING && !r->no_backslash_escapes;
    const char *s = t->text.ptr;
    size_t len = t->text.len, n = 0;
    *out = t->text;
    if (!memchr(s, t->quote, len) && (!escapes || !memchr(s, '\\', len))) return true;
    char *copy = arena_alloc(a, len);
    if (!copy) return false;
    for (size_t i = 0; i < len; i++) {
        if (escapes && s[i] == '\\' && i + 1 < len) {
            i++;
            if (s[i] == '%' || s[i] == '_') copy[n++] = '\\';
            copy[n++] = unescape(s[i]);
        } else {
            if (s[i] == t->quote) i++;
            copy[n++] = s[i < len ? i : len - 1];
        }
    }
    *out = (struct text){.ptr = copy, .len = n};
    return true;
}
