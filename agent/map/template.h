/*
 * template: text with {names} in it, for topics, entity keys and item ids.
 *
 *     {source}.{schema}.{table}        {company}-{customer_no}        literal {{braces}}
 *
 * A name is what stands between the braces, exactly; braces that are meant as such are written twice. Keys
 * and item ids may be written shorter: text without braces is a column's name, and 'text' in single quotes (a
 * quote inside it written twice) is a constant.
 */
#ifndef TAILRACE_AGENT_MAP_TEMPLATE_H
#define TAILRACE_AGENT_MAP_TEMPLATE_H

#include <stddef.h>

#include "decoders/buf.h"
#include "decoders/err.h"
#include "decoders/value.h"

struct template;

/* Compiles a template (topics), or a key expression as above. ERR_CONFIG says at which character it is wrong.
 * Free with template_free(), which takes NULL too. */
int template_parse(const char *text, struct template **out, struct err *e);
int template_parse_key(const char *text, struct template **out, struct err *e);
void template_free(struct template *t);

/* The distinct names in it, in order of first use: a name's place there is its slot. */
size_t template_names(const struct template *t);
const char *template_name(const struct template *t, size_t slot);

/* Passes each literal piece of text to `fn`, which may stop with non-zero; returns what it returned. */
int template_literals(const struct template *t, int (*fn)(void *ctx, const char *text, size_t len),
                      void *ctx);

/* Appends the text, with values[slot] (all PRESENT) where the names are. */
void template_render(const struct template *t, const struct value *const *values, struct buf *out);

#endif
