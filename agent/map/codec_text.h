/*
 * codec_text: texts whose bytes are in another charset than the database believes.
 */
#ifndef TAILRACE_AGENT_MAP_CODEC_TEXT_H
#define TAILRACE_AGENT_MAP_CODEC_TEXT_H

#include "decoders/arena.h"
#include "decoders/change.h"
#include "decoders/err.h"

struct codec_charset;

/*
 * The charset of a name: MySQL's ("latin1", "utf8", "sjis") and, one byte a character, code pages that MySQL
 * lacks ("cp037", "cp273", "iso-8859-15"). Made in `a`. ERR_CONFIG: there is none, or the C library lacks it.
 */
int codec_charset_named(const char *name, struct arena *a, const struct codec_charset **out, struct err *e);

/* True when every character is one byte. */
bool codec_charset_is_single(const struct codec_charset *cs);

/* Bytes in `cs` as UTF-8, made in `a`. 0; 1: not valid; -1: no memory. */
int codec_to_utf8(const struct codec_charset *cs, struct text in, struct arena *a, struct text *out);

/* UTF-8 back to bytes of a charset of one byte. 0; 1: it lacks a character; -1: no memory. */
int codec_from_utf8(const struct codec_charset *cs, struct text in, struct arena *a, struct text *out);

#endif
