#include "agent/config/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "decoders/buf.h"

struct walk {
    yaml_document_t *document;
    const char *name;
    bool flag; /* a flag's value: no line and column */
    struct arena *a;
    size_t nodes;
    struct err *e;
};

static const char *place_of(struct walk *w, yaml_mark_t mark) {
    if (w->flag) return w->name;
    return tree_printf(w->a, "%s:%zu:%zu", w->name, mark.line + 1, mark.column + 1);
}

static int refuse(struct walk *w, yaml_mark_t mark, const char *why) {
    if (w->flag) return err_set(w->e, ERR_CONFIG, "%s: %s", w->name, why);
    return err_set(w->e, ERR_CONFIG, "%s:%zu:%zu: %s", w->name, mark.line + 1, mark.column + 1, why);
}

static int build(struct walk *w, int id, int depth, struct node **out);

/* A tag is nearly always a pattern that begins with "!" and lacks its quotes. */
static int check_tag(struct walk *w, const yaml_node_t *y) {
    const char *tag = (const char *)y->tag;
    const char *usual = y->type == YAML_SCALAR_NODE     ? YAML_STR_TAG
                        : y->type == YAML_SEQUENCE_NODE ? YAML_SEQ_TAG
                                                        : YAML_MAP_TAG;
    if (tag == NULL || strcmp(tag, usual) == 0) return 0;
    char why[200];
    if (tag[0] == '!')
        snprintf(why, sizeof why, "put quotes around a value that begins with \"!\": \"%.80s\"", tag);
    else
        snprintf(why, sizeof why, "the tag %.80s is not supported", tag);
    return refuse(w, y->start_mark, why);
}

static int build_scalar(struct walk *w, const yaml_node_t *y, struct node *n) {
    const char *text = (const char *)y->data.scalar.value;
    n->plain = y->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (strlen(text) != y->data.scalar.length)
        return refuse(w, y->start_mark, "a value may not hold a NUL character");
    if (n->plain && text[0] == '\0')
        return refuse(w, y->start_mark,
                      "the value is missing (take the line out, or write \"\" for an empty text)");
    n->text = arena_strndup(w->a, text, y->data.scalar.length);
    return n->text == NULL ? err_memory(w->e, "reading the configuration") : 0;
}

static int build_list(struct walk *w, const yaml_node_t *y, int depth, struct node *n) {
    for (yaml_node_item_t *i = y->data.sequence.items.start; i < y->data.sequence.items.top; i++) {
        struct node *child;
        if (build(w, *i, depth, &child) != 0) return -1;
        node_append(n, child);
    }
    return 0;
}

static int build_key(struct walk *w, int id, const struct node *map, const char **key) {
    const yaml_node_t *y = yaml_document_get_node(w->document, id);
    char why[200];
    if (y == NULL) return err_memory(w->e, "reading the configuration");
    if (y->type != YAML_SCALAR_NODE || y->data.scalar.length == 0 ||
        strlen((const char *)y->data.scalar.value) != y->data.scalar.length)
        return refuse(w, y->start_mark, "a name is expected before the colon");
    if (check_tag(w, y) != 0) return -1;
    *key = (const char *)y->data.scalar.value;
    if (strcmp(*key, "<<") == 0)
        return refuse(w, y->start_mark, "merge keys (<<) are not supported; anchors and aliases are");
    const struct node *twin = node_get(map, *key);
    if (twin == NULL) return 0;
    snprintf(why, sizeof why, "\"%.80s\" is given twice, first at %.80s", *key, twin->key_place);
    return refuse(w, y->start_mark, why);
}

static int build_map(struct walk *w, const yaml_node_t *y, int depth, struct node *n) {
    for (yaml_node_pair_t *p = y->data.mapping.pairs.start; p < y->data.mapping.pairs.top; p++) {
        struct node *child;
        const char *key = NULL;
        if (build_key(w, p->key, n, &key) != 0 || build(w, p->value, depth, &child) != 0) return -1;
        child->key = arena_strndup(w->a, key, strlen(key));
        child->key_place = place_of(w, yaml_document_get_node(w->document, p->key)->start_mark);
        if (child->key == NULL || child->key_place == NULL)
            return err_memory(w->e, "reading the configuration");
        node_append(n, child);
    }
    return 0;
}

/* An alias leads to the same document node again, which becomes a tree of its own: bounded by count and
 * depth, so that neither a bomb nor a loop gets far. */
static int build(struct walk *w, int id, int depth, struct node **out) {
    const yaml_node_t *y = yaml_document_get_node(w->document, id);
    if (y == NULL) return err_memory(w->e, "reading the configuration");
    if (depth > YAML_MAX_DEPTH) return refuse(w, y->start_mark, "nested too deeply");
    if (++w->nodes > YAML_MAX_NODES) return refuse(w, y->start_mark, "too many values in all");
    if (check_tag(w, y) != 0) return -1;
    enum node_kind kind = y->type == YAML_SCALAR_NODE     ? NODE_SCALAR
                          : y->type == YAML_SEQUENCE_NODE ? NODE_LIST
                                                          : NODE_MAP;
    const char *place = place_of(w, y->start_mark);
    struct node *n = place != NULL ? node_new(w->a, kind, place) : NULL;
    if (n == NULL) return err_memory(w->e, "reading the configuration");
    n->from_flag = w->flag;
    *out = n;
    if (kind == NODE_SCALAR) return build_scalar(w, y, n);
    if (kind == NODE_LIST) return build_list(w, y, depth + 1, n);
    return build_map(w, y, depth + 1, n);
}

static int refuse_syntax(struct walk *w, const yaml_parser_t *p) {
    if (p->error == YAML_MEMORY_ERROR) return err_memory(w->e, "reading the configuration");
    char why[400];
    const char *problem = p->problem != NULL ? p->problem : "not YAML";
    if (p->error == YAML_READER_ERROR) {
        if (w->flag) return err_set(w->e, ERR_CONFIG, "%s: %s", w->name, problem);
        return err_set(w->e, ERR_CONFIG, "%s: %s (byte %zu)", w->name, problem, p->problem_offset);
    }
    snprintf(why, sizeof why, "%s%s%s (a value that begins with one of * ! & { [ %% @ ` needs quotes)",
             problem, p->context != NULL ? " " : "", p->context != NULL ? p->context : "");
    return refuse(w, p->problem_mark, why);
}

/* Loads the one document and leaves it to the caller to delete. */
static int load_only(struct walk *w, yaml_parser_t *p, yaml_document_t *d) {
    yaml_document_t second;
    if (!yaml_parser_load(p, d)) return refuse_syntax(w, p);
    w->document = d;
    if (yaml_document_get_root_node(d) == NULL) {
        yaml_document_delete(d);
        return err_set(w->e, ERR_CONFIG, "%s: there is nothing in it", w->name);
    }
    if (!yaml_parser_load(p, &second)) {
        yaml_document_delete(d);
        return refuse_syntax(w, p);
    }
    const yaml_node_t *more = yaml_document_get_root_node(&second);
    int rc = 0;
    if (more != NULL)
        rc = refuse(w, second.start_mark, "a second document begins here; one file holds one configuration");
    yaml_document_delete(&second);
    if (rc != 0) yaml_document_delete(d);
    return rc;
}

static int parse(struct walk *w, const char *text, size_t len, struct node **out) {
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser)) return err_memory(w->e, "reading the configuration");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    int rc = load_only(w, &parser, &document);
    yaml_parser_delete(&parser);
    if (rc != 0) return -1;
    rc = build(w, 1, 0, out);
    if (rc == 0 && !w->flag && (*out)->kind != NODE_MAP)
        rc = err_set(w->e, ERR_CONFIG, "%s: lines of the form \"name: value\" are expected", (*out)->place);
    yaml_document_delete(&document);
    return rc;
}

int yaml_parse(const char *text, size_t len, const char *name, struct arena *a, struct node **out,
               struct err *e) {
    struct walk w = {.name = name, .a = a, .e = e};
    return parse(&w, text, len, out);
}

int yaml_parse_value(const char *text, const char *place, struct arena *a, struct node **out, struct err *e) {
    struct walk w = {.name = place, .flag = true, .a = a, .e = e};
    return parse(&w, text, strlen(text), out);
}

static int read_all(FILE *f, const char *path, struct buf *text, struct err *e) {
    if (!buf_reserve(text, YAML_MAX_BYTES + 1)) return err_memory(e, "reading the configuration");
    text->len = fread(text->data, 1, YAML_MAX_BYTES + 1, f);
    if (ferror(f)) return err_set(e, ERR_CONFIG, "cannot read %s: %s", path, strerror(errno));
    if (text->len > YAML_MAX_BYTES)
        return err_set(e, ERR_CONFIG, "%s is larger than a configuration may be (%zu bytes)", path,
                       YAML_MAX_BYTES);
    return 0;
}

int yaml_parse_file(const char *path, struct arena *a, struct node **out, struct err *e) {
    struct buf text = {0};
    FILE *f = fopen(path, "re");
    if (f == NULL) return err_set(e, ERR_CONFIG, "cannot open %s: %s", path, strerror(errno));
    int rc = read_all(f, path, &text, e);
    if (rc == 0) rc = yaml_parse((const char *)text.data, text.len, path, a, out, e);
    buf_release(&text);
    fclose(f);
    return rc;
}
