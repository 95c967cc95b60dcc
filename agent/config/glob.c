#include "agent/config/glob.h"

#include <string.h>

/* Bytes of the character at `s`; a stray continuation byte counts as one character. */
static size_t char_len(const char *s, const char *end) {
    size_t n = 1;
    if (((unsigned char)*s & 0xc0) != 0xc0) return 1;
    while (s + n < end && ((unsigned char)s[n] & 0xc0) == 0x80) n++;
    return n;
}

/*
 * One part against one part. On a mismatch only the last star has to give: whatever an earlier one took was
 * the least it could.
 */
static bool part_match(const char *p, const char *pend, const char *s, const char *send) {
    const char *star = NULL;
    const char *taken = NULL;
    while (s < send) {
        if (p < pend && *p == '*') {
            star = ++p;
            taken = s;
        } else if (p < pend && *p == '?') {
            p++;
            s += char_len(s, send);
        } else if (p < pend && *p == *s) {
            p++;
            s++;
        } else if (star != NULL) {
            p = star;
            taken += char_len(taken, send);
            s = taken;
        } else {
            return false;
        }
    }
    while (p < pend && *p == '*') p++;
    return p == pend;
}

bool glob_match(const char *pattern, const char *name) {
    const char *last = strrchr(pattern, '.');
    if (last == NULL && strcmp(pattern, "*") != 0 && strchr(name, '.') != NULL) return false;
    while (last != NULL && pattern <= last) {
        const char *pdot = strchr(pattern, '.');
        const char *ndot = strchr(name, '.');
        if (ndot == NULL || !part_match(pattern, pdot, name, ndot)) return false;
        pattern = pdot + 1;
        name = ndot + 1;
    }
    return part_match(pattern, pattern + strlen(pattern), name, name + strlen(name));
}

bool glob_is_wild(const char *pattern, size_t len) {
    return memchr(pattern, '*', len) != NULL || memchr(pattern, '?', len) != NULL;
}

bool glob_valid(const char *pattern, const char **why, size_t *offset) {
    size_t len = strlen(pattern);
    *offset = 0;
    if (len == 0) {
        *why = "it is empty";
    } else if (pattern[0] == '.') {
        *why = "there is nothing before the dot";
    } else if (pattern[len - 1] == '.') {
        *why = "there is nothing behind the dot";
        *offset = len - 1;
    } else {
        return true;
    }
    return false;
}
