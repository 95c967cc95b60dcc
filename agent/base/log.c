#include "agent/base/log.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "decoders/utf8.h"

#define LINE_MAX_BYTES 4096
#define MESSAGE_MAX_BYTES 2048

/* Set once before threads start, read by all. */
static enum log_level shown = LOG_INFO;
static enum log_format format = LOG_TEXT;
static bool journal;

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const int journal_priority[] = {3, 4, 6, 7};

#define LINE_CLOSE 3 /* a quote, a brace and the newline always fit */

/* A line under construction. What does not fit is cut between characters, and nothing follows it. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
    bool cut;
};

/* All of it or nothing. */
static void line_unit(struct line *l, const char *s, size_t len) {
    if (l->cut || l->len + len > sizeof l->text - LINE_CLOSE) {
        l->cut = true;
        return;
    }
    memcpy(l->text + l->len, s, len);
    l->len += len;
}

static void line_putc(struct line *l, char c) {
    line_unit(l, &c, 1);
}

static void line_puts(struct line *l, const char *s) {
    while (*s) line_putc(l, *s++);
}

/* \u009b: what both JSON and a terminal can bear. */
static void line_code(struct line *l, uint32_t code) {
    char hex[8];

    snprintf(hex, sizeof hex, "\\u%04x", code & 0xffff);
    line_unit(l, hex, 6);
}

/* The character at `s`, of `*len` bytes; U+FFFD for a byte that begins none. */
static uint32_t character(const char *s, size_t *len) {
    unsigned char c = (unsigned char)*s;
    uint32_t code;

    *len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (strnlen(s, *len) < *len || !utf8_valid(s, *len)) {
        *len = 1;
        return 0xfffd;
    }
    code = *len == 1 ? c : c & (0x7fu >> *len);
    for (size_t i = 1; i < *len; i++) code = code << 6 | ((unsigned char)s[i] & 0x3fu);
    return code;
}

/* Moves the cursor, rings, breaks lines or turns the direction of writing. */
static bool is_control(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || c == 0xfffd;
}

/* One character, escaped where it must be; returns what is behind it. */
static const char *line_character(struct line *l, const char *s) {
    size_t len;
    uint32_t c = character(s, &len);

    if (c == '"' || c == '\\')
        line_unit(l, (const char[]){'\\', (char)c}, 2);
    else if (c == '\n')
        line_unit(l, "\\n", 2);
    else if (is_control(c))
        line_code(l, c);
    else
        line_unit(l, s, len);
    return s + len;
}

/* Cut where it must be; without room for the first quote nothing. */
static void line_quoted(struct line *l, const char *s) {
    line_putc(l, '"');
    if (l->cut) return;
    while (*s) s = line_character(l, s);
    l->text[l->len++] = '"'; /* of LINE_CLOSE */
}

static bool is_plain(const char *s) {
    if (!*s) return false;
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '=') return false;
    }
    return true;
}

static void line_time(struct line *l) {
    struct timespec now;
    struct tm tm;
    char text[40];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, sizeof text - n, ".%03ldZ", now.tv_nsec / 1000000);
    line_puts(l, text);
}

/* A member: its name as it stands, then the value. Without room for any of the value neither is there. */
static void line_member(struct line *l, const char *name, const char *value, bool quoted) {
    size_t before = l->len;
    size_t start;

    line_puts(l, name);
    start = l->len;
    if (quoted)
        line_quoted(l, value);
    else
        line_puts(l, value);
    if (l->cut && l->len == start) l->len = before;
}

static void start_text(struct line *l, enum log_level level, const char *where, const char *message) {
    if (journal) {
        char priority[8];
        snprintf(priority, sizeof priority, "<%d>", journal_priority[level]);
        line_puts(l, priority);
    } else {
        line_puts(l, "time=");
        line_time(l);
        line_putc(l, ' ');
    }
    line_member(l, "level=", level_names[level], false);
    line_member(l, " from=", where, !is_plain(where));
    line_member(l, " msg=", message, true);
}

static void start_json(struct line *l, enum log_level level, const char *where, const char *message) {
    line_puts(l, "{\"time\":\"");
    line_time(l);
    line_member(l, "\",\"level\":", level_names[level], true);
    line_member(l, ",\"from\":", where, true);
    line_member(l, ",\"msg\":", message, true);
}

/* All of it or nothing. */
static void put_pair(struct line *l, const char *key, const char *value) {
    size_t before = l->len;

    line_putc(l, format == LOG_JSON ? ',' : ' ');
    if (format == LOG_JSON)
        line_quoted(l, key);
    else
        line_puts(l, key);
    line_putc(l, format == LOG_JSON ? ':' : '=');
    if (format == LOG_TEXT && is_plain(value))
        line_puts(l, value);
    else
        line_quoted(l, value);
    if (l->cut) l->len = before;
}

/* One write, so that lines of several threads do not mix. Nobody can be told when stderr fails. */
static void line_write(struct line *l) {
    l->text[l->len++] = '\n';
    if (write(STDERR_FILENO, l->text, l->len) < 0) return;
}

static void write_event(enum log_level level, const char *where, const char *message, va_list *pairs) {
    struct line l = {.len = 0};
    const char *key;

    if (format == LOG_JSON)
        start_json(&l, level, where, message);
    else
        start_text(&l, level, where, message);
    while (pairs && (key = va_arg(*pairs, const char *))) {
        const char *value = va_arg(*pairs, const char *);
        put_pair(&l, key, value ? value : "");
    }
    if (format == LOG_JSON) l.text[l.len++] = '}'; /* of LINE_CLOSE */
    line_write(&l);
}

void log_setup(enum log_level level, enum log_format f) {
    shown = level;
    format = f;
    journal = f == LOG_TEXT && getenv("JOURNAL_STREAM") != NULL;
}

int log_enabled(enum log_level level) {
    return level <= shown;
}

void log_msg(enum log_level level, const char *where, const char *fmt, ...) {
    char message[MESSAGE_MAX_BYTES];
    va_list ap;

    if (!log_enabled(level)) return;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    write_event(level, where, message, NULL);
}

void log_kv(enum log_level level, const char *where, const char *message, ...) {
    va_list ap;

    if (!log_enabled(level)) return;
    va_start(ap, message);
    write_event(level, where, message, &ap);
    va_end(ap);
}

void log_plain(const char *text) {
    struct line l = {.len = 0};
    size_t len;

    line_puts(&l, "tailrace: ");
    while (*text) {
        uint32_t c = character(text, &len);
        if (c != '\n' && is_control(c))
            line_code(&l, c);
        else
            line_unit(&l, text, len);
        text += len;
    }
    line_write(&l);
}
