#include "agent/config/pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "agent/config/glob.h"

#define PATTERN_MAX 4096 /* bytes of one pattern */
#define MATCH_LIMIT 1000000
#define DEPTH_LIMIT 10000
#define HEAP_LIMIT_KIB 4096

struct pattern {
    char *text;       /* as written */
    const char *body; /* behind the "!" */
    char *schema;     /* of a glob "schema.*", else NULL */
    pcre2_code *code; /* NULL: a glob */
    bool exclude;
    bool yields; /* an exclusion that gives way to a pattern which names the table itself */
};

struct pattern_list {
    struct pattern *items;
    size_t count;
    bool has_positive;
    pcre2_match_context *limits;
};

static int compile_regex(struct pattern *p, struct err *e) {
    size_t before = (size_t)(p->body - p->text) + 1;
    size_t len = strlen(p->body);
    if (len < 2 || p->body[len - 1] != '/')
        return err_set(e, ERR_CONFIG,
                       "pattern \"%s\": a regular expression ends with a slash, and nothing follows it "
                       "(offset %zu); for upper and lower case alike begin it with (?i)",
                       p->text, before - 1 + len);
    if (len == 2) return err_set(e, ERR_CONFIG, "pattern \"%s\": it is empty (offset %zu)", p->text, before);
    int code;
    PCRE2_SIZE offset;
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    p->code = pcre2_compile((PCRE2_SPTR)p->body + 1, len - 2, options, &code, &offset, NULL);
    if (p->code != NULL) return 0;
    if (code == PCRE2_ERROR_NOMEMORY) return err_memory(e, "compiling a pattern");
    PCRE2_UCHAR why[200];
    pcre2_get_error_message(code, why, sizeof why);
    return err_set(e, ERR_CONFIG, "pattern \"%s\": %s (offset %zu)", p->text, (char *)why, before + offset);
}

static int compile_glob(struct pattern *p, struct err *e) {
    const char *why;
    size_t offset;
    if (!glob_valid(p->body, &why, &offset))
        return err_set(e, ERR_CONFIG, "pattern \"%s\": %s (offset %zu)", p->text, why,
                       offset + (size_t)(p->body - p->text));
    const char *dot = strchr(p->body, '.');
    if (dot == NULL || strcmp(dot, ".*") != 0) return 0;
    size_t len = (size_t)(dot - p->body);
    if (glob_is_wild(p->body, len)) return 0;
    p->schema = strndup(p->body, len);
    return p->schema == NULL ? err_memory(e, "compiling a pattern") : 0;
}

static int compile(struct pattern *p, const char *text, struct err *e) {
    if (strlen(text) > PATTERN_MAX)
        return err_set(e, ERR_CONFIG, "pattern \"%.40s...\" is longer than %d bytes (offset %d)", text,
                       PATTERN_MAX, PATTERN_MAX);
    p->text = strdup(text);
    if (p->text == NULL) return err_memory(e, "compiling a pattern");
    p->exclude = text[0] == '!';
    p->yields = p->exclude && text[1] == '!';
    p->body = p->text + (p->exclude ? 1 : 0) + (p->yields ? 1 : 0);
    return p->body[0] == '/' ? compile_regex(p, e) : compile_glob(p, e);
}

static struct pattern_list *list_new(size_t n) {
    struct pattern_list *p = calloc(1, sizeof *p);
    if (p == NULL) return NULL;
    p->items = calloc(n > 0 ? n : 1, sizeof *p->items);
    p->limits = pcre2_match_context_create(NULL);
    if (p->items == NULL || p->limits == NULL) {
        pattern_list_free(p);
        return NULL;
    }
    pcre2_set_match_limit(p->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(p->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(p->limits, HEAP_LIMIT_KIB);
    return p;
}

int pattern_list_new(const char *const *patterns, size_t n, struct pattern_list **out, struct err *e) {
    *out = NULL;
    struct pattern_list *p = list_new(n);
    if (p == NULL) return err_memory(e, "compiling patterns");
    for (size_t i = 0; i < n; i++) {
        p->count = i + 1;
        if (compile(&p->items[i], patterns[i], e) != 0) {
            pattern_list_free(p);
            return -1;
        }
        p->has_positive = p->has_positive || !p->items[i].exclude;
    }
    *out = p;
    return 0;
}

void pattern_list_free(struct pattern_list *p) {
    if (p == NULL) return;
    for (size_t i = 0; i < p->count; i++) {
        pcre2_code_free(p->items[i].code);
        free(p->items[i].schema);
        free(p->items[i].text);
    }
    pcre2_match_context_free(p->limits);
    free(p->items);
    free(p);
}

/* Does the pattern, taken without its "!", match? *failed is set when that could not be found out. */
static bool matches(const struct pattern_list *p, const struct pattern *one, const char *name, bool *failed) {
    if (one->code == NULL) return glob_match(one->body, name);
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    if (found == NULL) {
        *failed = true;
        return false;
    }
    int rc = pcre2_match(one->code, (PCRE2_SPTR)name, strlen(name), 0, 0, found, p->limits);
    pcre2_match_data_free(found);
    if (rc < 0 && rc != PCRE2_ERROR_NOMATCH) *failed = true;
    return rc >= 0;
}

/* A pattern without a wildcard is that very name. */
static bool is_named(const struct pattern_list *p, const char *name) {
    for (size_t i = 0; i < p->count; i++) {
        const struct pattern *one = &p->items[i];
        if (!one->exclude && one->code == NULL && strcmp(one->body, name) == 0) return true;
    }
    return false;
}

bool pattern_list_match(const struct pattern_list *p, const char *name, bool *failed) {
    bool wanted = !p->has_positive;
    bool unknown = false;
    for (size_t i = 0; i < p->count && !unknown; i++) {
        const struct pattern *one = &p->items[i];
        if (!one->exclude && wanted) continue;
        if (!matches(p, one, name, &unknown)) continue;
        if (one->exclude && one->yields && is_named(p, name)) continue;
        if (one->exclude) return false;
        wanted = true;
    }
    if (unknown && failed != NULL) *failed = true;
    return wanted && !unknown;
}

size_t pattern_list_count(const struct pattern_list *p) {
    return p->count;
}

const char *pattern_list_text(const struct pattern_list *p, size_t i) {
    return p->items[i].text;
}

bool pattern_list_matches_one(const struct pattern_list *p, size_t i, const char *name) {
    bool failed = false;
    return matches(p, &p->items[i], name, &failed);
}

bool pattern_list_is_all(const struct pattern_list *p) {
    bool all = p->count == 0;
    for (size_t i = 0; i < p->count; i++) {
        if (p->items[i].exclude || p->items[i].code != NULL) return false;
        all = all || strcmp(p->items[i].body, "*.*") == 0 || strcmp(p->items[i].body, "*") == 0;
    }
    return all;
}

static bool listed(const char *const *names, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

bool pattern_list_is_schemas(const struct pattern_list *p, const char **schemas, size_t max, size_t *n) {
    *n = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct pattern *one = &p->items[i];
        if (one->exclude || one->schema == NULL) return false;
        if (listed(schemas, *n, one->schema)) continue;
        if (*n == max) return false;
        schemas[(*n)++] = one->schema;
    }
    return p->count > 0;
}
