#include "decoders/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum err_code code, const char *fmt, ...) {
    if (!e) return -1;
    e->code = code;
    e->retriable = code == ERR_IO;
    e->fatal = false;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    return -1;
}

int err_prefix(struct err *e, const char *fmt, ...) {
    if (!e) return -1;
    char front[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(front, sizeof(front), fmt, ap);
    va_end(ap);

    size_t text = strnlen(e->text, sizeof(e->text) - 1);
    size_t shift = strlen(front) + 2;
    if (shift >= sizeof(e->text)) return -1; /* what happened matters more than where */
    if (text > sizeof(e->text) - 1 - shift) text = sizeof(e->text) - 1 - shift;
    memmove(e->text + shift, e->text, text);
    memcpy(e->text, front, shift - 2);
    memcpy(e->text + shift - 2, ": ", 2);
    e->text[shift + text] = '\0';
    return -1;
}

int err_memory(struct err *e, const char *what) {
    return err_set(e, ERR_MEMORY, "out of memory: %s", what);
}

void err_clear(struct err *e) {
    e->code = ERR_NONE;
    e->retriable = false;
    e->fatal = false;
    e->text[0] = '\0';
}
