#include "agent/encode/json_check.h"

#include <stdint.h>
#include <string.h>

/* What may come next. After a value, the innermost open bracket decides. */
enum expect { EXPECT_VALUE, EXPECT_FIRST_ITEM, EXPECT_FIRST_NAME, EXPECT_NAME, EXPECT_AFTER };

struct scan {
    const uint8_t *at;
    const uint8_t *end;
    size_t depth;
    uint8_t is_object[JSON_MAX_DEPTH]; /* of each open bracket */
};

static bool is_space(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static void skip_space(struct scan *s) {
    while (s->at < s->end && is_space(*s->at)) s->at++;
}

static bool take(struct scan *s, char c) {
    if (s->at == s->end || *s->at != (uint8_t)c) return false;
    s->at++;
    return true;
}

static bool take_literal(struct scan *s, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0) return false;
    s->at += len;
    return true;
}

static bool take_digits(struct scan *s) {
    const uint8_t *start = s->at;
    while (s->at < s->end && is_digit(*s->at)) s->at++;
    return s->at > start;
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool take_number(struct scan *s) {
    take(s, '-');
    if (!take(s, '0') && !take_digits(s)) return false;
    if (take(s, '.') && !take_digits(s)) return false;
    if (!take(s, 'e') && !take(s, 'E')) return true;
    if (!take(s, '+')) take(s, '-');
    return take_digits(s);
}

/* What follows a backslash. */
static bool take_escape(struct scan *s) {
    if (s->at == s->end) return false;
    uint8_t c = *s->at++;
    if (c != 'u') return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
    if (s->end - s->at < 4) return false;
    for (int i = 0; i < 4; i++)
        if (!is_hex(*s->at++)) return false;
    return true;
}

/* The rest of a string, whose opening quote was taken. */
static bool take_string(struct scan *s) {
    while (s->at < s->end) {
        uint8_t c = *s->at++;
        if (c == '"') return true;
        if (c < 0x20) return false;
        if (c == '\\' && !take_escape(s)) return false;
    }
    return false;
}

static bool open_bracket(struct scan *s, bool object) {
    if (s->depth == JSON_MAX_DEPTH) return false;
    s->is_object[s->depth++] = object;
    return true;
}

/* One value, or the opening bracket of one. */
static bool take_value(struct scan *s, enum expect *next) {
    *next = EXPECT_AFTER;
    if (s->at == s->end) return false;
    switch (*s->at) {
    case '{':
        s->at++;
        *next = EXPECT_FIRST_NAME;
        return open_bracket(s, true);
    case '[':
        s->at++;
        *next = EXPECT_FIRST_ITEM;
        return open_bracket(s, false);
    case '"': s->at++; return take_string(s);
    case 't': return take_literal(s, "true");
    case 'f': return take_literal(s, "false");
    case 'n': return take_literal(s, "null");
    default: return take_number(s);
    }
}

/* A member's name and colon. */
static bool take_name(struct scan *s, enum expect *next) {
    if (!take(s, '"') || !take_string(s)) return false;
    skip_space(s);
    *next = EXPECT_VALUE;
    return take(s, ':');
}

/* Behind a value inside a bracket: a comma or the closing bracket. */
static bool take_after(struct scan *s, enum expect *next) {
    bool object = s->is_object[s->depth - 1];
    *next = object ? EXPECT_NAME : EXPECT_VALUE;
    if (take(s, ',')) return true;
    *next = EXPECT_AFTER;
    s->depth--;
    return take(s, object ? '}' : ']');
}

static bool step(struct scan *s, enum expect *state) {
    switch (*state) {
    case EXPECT_FIRST_ITEM:
    case EXPECT_FIRST_NAME:
        if (s->at < s->end && *s->at == (*state == EXPECT_FIRST_NAME ? '}' : ']'))
            return take_after(s, state);
        return *state == EXPECT_FIRST_NAME ? take_name(s, state) : take_value(s, state);
    case EXPECT_NAME: return take_name(s, state);
    case EXPECT_VALUE: return take_value(s, state);
    case EXPECT_AFTER: break;
    }
    return take_after(s, state);
}

bool json_check(const char *text, size_t len) {
    struct scan s;
    s.at = (const uint8_t *)text;
    s.end = s.at + len;
    s.depth = 0;
    enum expect state = EXPECT_VALUE;
    do {
        skip_space(&s);
        if (!step(&s, &state)) return false;
    } while (s.depth > 0 || state != EXPECT_AFTER);
    skip_space(&s);
    return s.at == s.end;
}

bool json_check_null(const char *s, size_t len) {
    while (len && is_space((uint8_t)*s)) s++, len--;
    while (len && is_space((uint8_t)s[len - 1])) len--;
    return len == 4 && memcmp(s, "null", 4) == 0;
}
