#include "decoders/pgoutput/text.h"

#include <string.h>

#include "decoders/utf8.h"

/*
 * Array:    [ '[' lower ':' upper ']' ... '=' ] braces       bounds only when a lower bound is not 1
 * braces:   '{' [ item ( delim item )* ] '}'                 items of one level are all braces or all
 * elements element:  NULL, bare text, or '"' text with \" and \\ '"'
 */
struct scan {
    const char *at;
    const char *end;
    const struct text_type *type;
    struct value_array *array;
    struct arena *arena;
    size_t cap; /* of array->items */
};

/* How many elements there can be: one more than there are delimiters outside quotes. */
static size_t count_elements(const char *s, size_t len, char delim) {
    size_t count = 1;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        if (quoted && s[i] == '\\')
            i++;
        else if (s[i] == '"')
            quoted = !quoted;
        else if (!quoted && s[i] == delim)
            count++;
    }
    return count;
}

/* What array_out() quotes, delimiters aside. */
static bool never_bare(char c) {
    return c == '{' || c == '"' || c == '\\' || c == ' ' || (c >= '\t' && c <= '\r');
}

static bool at(const struct scan *s, char c) {
    return s->at < s->end && *s->at == c;
}

/* The closing quote of the element that starts at `p`, and how many backslashes stand before it; or NULL. */
static const char *closing_quote(const char *p, const char *end, size_t *backslashes) {
    for (*backslashes = 0; p < end; p++) {
        if (*p == '"') return p;
        if (*p != '\\') continue;
        ++*backslashes;
        if (++p == end) break;
    }
    return NULL;
}

/* Behind the opening quote: up to the closing one, without the backslashes. */
static enum text_result take_quoted(struct scan *s, struct value *v) {
    size_t backslashes;
    const char *from = s->at, *close = closing_quote(from, s->end, &backslashes);
    if (!close) return TEXT_MALFORMED;
    s->at = close + 1;
    v->text = from;
    v->len = (size_t)(close - from) - backslashes;
    if (backslashes == 0) return TEXT_OK;
    char *plain = arena_alloc(s->arena, v->len);
    if (!plain) return TEXT_NOMEM;
    v->text = plain;
    while (from < close) {
        if (*from == '\\') from++;
        *plain++ = *from++;
    }
    return TEXT_OK;
}

static enum text_result take_element(struct scan *s) {
    struct value_array *array = s->array;
    if (array->count == s->cap) return TEXT_MALFORMED;
    struct value *v = &array->items[array->count++];
    *v = (struct value){.state = VALUE_PRESENT};
    if (at(s, '"')) {
        s->at++;
        enum text_result r = take_quoted(s, v);
        return r == TEXT_OK ? s->type->elem->parse(s->type->elem, v, s->arena) : r;
    }
    v->text = s->at;
    while (s->at < s->end && *s->at != s->type->delim && *s->at != '}') {
        if (never_bare(*s->at)) return TEXT_MALFORMED;
        s->at++;
    }
    v->len = (size_t)(s->at - v->text);
    if (v->len == 0) return TEXT_MALFORMED;
    if (v->len == 4 && memcmp(v->text, "NULL", 4) == 0) {
        *v = (struct value){.state = VALUE_NULL};
        return TEXT_OK;
    }
    return s->type->elem->parse(s->type->elem, v, s->arena);
}

/* One pair of braces of level `level`; the first one of each level tells its size, the others must agree. */
static enum text_result take_braces(struct scan *s, unsigned level) {
    struct value_array *array = s->array;
    if (!at(s, '{') || level == VALUE_MAX_DIMS) return TEXT_MALFORMED;
    s->at++;
    bool first = level >= array->ndims;
    bool inner = at(s, '{');
    if (first) {
        if (array->count) return TEXT_MALFORMED; /* elements and braces side by side */
        array->ndims = (uint8_t)(level + 1);
    }
    if (inner != (level + 1 < array->ndims) && !(first && inner)) return TEXT_MALFORMED;
    uint32_t n = 0;
    do {
        enum text_result r = inner ? take_braces(s, level + 1) : take_element(s);
        if (r != TEXT_OK) return r;
        n++;
    } while (at(s, s->type->delim) && s->at++);
    if (!at(s, '}')) return TEXT_MALFORMED;
    s->at++;
    if (array->dims[level] == 0) array->dims[level] = n;
    return array->dims[level] == n ? TEXT_OK : TEXT_MALFORMED;
}

enum text_result text_array(const struct text_type *t, struct value *v, struct arena *a) {
    if ((v->len && v->text[0] == '[') || !utf8_valid(v->text, v->len)) return text_plain(t, v, a);
    v->kind = VALUE_ARRAY;
    struct value_array *array = arena_calloc(a, 1, sizeof(*array));
    if (!array) return TEXT_NOMEM;
    array->kind = t->elem->kind;
    array->delim = t->delim;
    if (v->len == 2 && memcmp(v->text, "{}", 2) == 0) {
        v->v.array = array;
        return TEXT_OK;
    }
    struct scan s = {v->text, v->text + v->len, t, array, a, count_elements(v->text, v->len, t->delim)};
    array->items = arena_calloc(a, s.cap, sizeof(array->items[0]));
    if (!array->items) return TEXT_NOMEM;
    enum text_result r = take_braces(&s, 0);
    if (r != TEXT_OK) return r;
    if (s.at != s.end) return TEXT_MALFORMED;
    v->v.array = array;
    return TEXT_OK;
}
