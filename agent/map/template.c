#include "agent/map/template.h"

#include <stdlib.h>
#include <string.h>

#include "decoders/arena.h"

#define LITERAL UINT16_MAX

struct piece {
    struct piece *next;
    const char *text; /* literal */
    size_t len;
    uint16_t slot; /* LITERAL, or which name */
};

struct template {
    struct arena arena; /* all below */
    struct piece *pieces;
    struct piece **end;
    const char **names;
    uint16_t nnames;
};

static struct template *make(size_t len) {
    struct template *t = calloc(1, sizeof(*t));
    if (!t) return NULL;
    arena_init(&t->arena, 0);
    t->end = &t->pieces;
    t->names = arena_calloc(&t->arena, len + 1, sizeof(*t->names)); /* fewer names than characters */
    if (t->names) return t;
    template_free(t);
    return NULL;
}

static int add_piece(struct template *t, const char *text, size_t len, uint16_t slot, struct err *e) {
    struct piece *p = arena_calloc(&t->arena, 1, sizeof(*p));
    if (!p) return err_memory(e, "compiling a template");
    p->text = text;
    p->len = len;
    p->slot = slot;
    *t->end = p;
    t->end = &p->next;
    return 0;
}

/* Text in which each of `marks` is doubled: undoubles it. */
static int add_literal(struct template *t, const char *text, size_t len, const char *marks, struct err *e) {
    char *copy = arena_strndup(&t->arena, text, len);
    if (!copy) return err_memory(e, "compiling a template");
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        copy[n++] = text[i];
        if (strchr(marks, text[i])) i++;
    }
    return n ? add_piece(t, copy, n, LITERAL, e) : 0;
}

static int add_name(struct template *t, const char *name, size_t len, struct err *e) {
    uint16_t slot = 0;
    while (slot < t->nnames && (strlen(t->names[slot]) != len || memcmp(t->names[slot], name, len) != 0))
        slot++;
    if (slot == t->nnames) {
        const char *copy = arena_strndup(&t->arena, name, len);
        if (!copy) return err_memory(e, "compiling a template");
        t->names[t->nnames++] = copy;
    }
    return add_piece(t, NULL, 0, slot, e);
}

/* The literal text that `at` begins with; braces count when they are doubled. */
static size_t literal_length(const char *at) {
    size_t n = 0;
    for (;;) {
        n += strcspn(at + n, "{}");
        if (!at[n] || at[n + 1] != at[n]) return n;
        n += 2;
    }
}

static int parse_pieces(struct template *t, const char *text, struct err *e) {
    for (const char *at = text; *at;) {
        size_t n = literal_length(at);
        if (n && add_literal(t, at, n, "{}", e)) return -1;
        at += n;
        if (!*at) return 0;
        size_t place = (size_t)(at - text) + 1;
        if (*at == '}')
            return err_set(e, ERR_CONFIG, "\"%s\": } at character %zu closes nothing; write }} for a brace",
                           text, place);
        n = strcspn(at + 1, "{}");
        if (at[1 + n] != '}')
            return err_set(e, ERR_CONFIG, "\"%s\": { at character %zu is not closed; write {{ for a brace",
                           text, place);
        if (n == 0)
            return err_set(e, ERR_CONFIG, "\"%s\": no name between the braces at character %zu", text, place);
        if (add_name(t, at + 1, n, e)) return -1;
        at += n + 2;
    }
    return 0;
}

static int parse_constant(struct template *t, const char *text, struct err *e) {
    size_t len = strlen(text) - 1; /* without the quote at the end */
    size_t at = 1;
    while (at < len && (text[at] != '\'' || (at + 1 < len && text[at + 1] == '\'')))
        at += text[at] == '\'' ? 2 : 1;
    if (at != len || text[len] != '\'')
        return err_set(e, ERR_CONFIG,
                       "\"%s\": the quote at character %zu is in the wrong place; inside '...' it is "
                       "written twice",
                       text, (at < len ? at : len) + 1);
    if (len == 1) return err_set(e, ERR_CONFIG, "\"%s\" is empty", text);
    return add_literal(t, text + 1, len - 1, "'", e);
}

static int parse(const char *text, bool key, struct template **out, struct err *e) {
    size_t len = strlen(text);
    if (len == 0) return err_set(e, ERR_CONFIG, "\"\" is empty");
    if (len >= LITERAL) return err_set(e, ERR_CONFIG, "\"%.40s...\" is too long", text);
    struct template *t = make(len);
    if (!t) return err_memory(e, "compiling a template");
    int rc;
    if (key && text[0] == '\'')
        rc = parse_constant(t, text, e);
    else if (key && !strpbrk(text, "{}"))
        rc = add_name(t, text, len, e);
    else
        rc = parse_pieces(t, text, e);
    if (rc) {
        template_free(t);
        return -1;
    }
    *out = t;
    return 0;
}

int template_parse(const char *text, struct template **out, struct err *e) {
    return parse(text, false, out, e);
}

int template_parse_key(const char *text, struct template **out, struct err *e) {
    return parse(text, true, out, e);
}

void template_free(struct template *t) {
    if (!t) return;
    arena_release(&t->arena);
    free(t);
}

size_t template_names(const struct template *t) {
    return t->nnames;
}

const char *template_name(const struct template *t, size_t slot) {
    return t->names[slot];
}

int template_literals(const struct template *t, int (*fn)(void *ctx, const char *text, size_t len),
                      void *ctx) {
    int rc = 0;
    for (const struct piece *p = t->pieces; p && rc == 0; p = p->next)
        if (p->slot == LITERAL) rc = fn(ctx, p->text, p->len);
    return rc;
}

void template_render(const struct template *t, const struct value *const *values, struct buf *out) {
    for (const struct piece *p = t->pieces; p; p = p->next) {
        if (p->slot == LITERAL)
            buf_put(out, p->text, p->len);
        else
            value_format(values[p->slot], out);
    }
}
