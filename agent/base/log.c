#include "agent/base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define MESSAGE_MAX_BYTES 2048

/* Set once before threads start, read by all. */
static enum log_level shown = LOG_INFO;
static enum log_format format = LOG_TEXT;
static bool journal;

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const int journal_priority[] = {3, 4, 6, 7};

/* A line under construction; what does not fit is cut, the newline always fits. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static void line_putc(struct line *l, char c) {
    if (l->len < sizeof l->text - 1) l->text[l->len++] = c;
}

static void line_puts(struct line *l, const char *s) {
    while (*s) line_putc(l, *s++);
}

/* Quotes, backslashes and control characters escaped the way both JSON and a terminal can bear. */
static void line_escaped(struct line *l, const char *s) {
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') {
            line_putc(l, '\\');
            line_putc(l, (char)c);
        } else if (c == '\n') {
            line_puts(l, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            char hex[8];
            snprintf(hex, sizeof hex, "\\u%04x", c);
            line_puts(l, hex);
        } else {
            line_putc(l, (char)c);
        }
    }
}

static void line_quoted(struct line *l, const char *s) {
    line_putc(l, '"');
    line_escaped(l, s);
    line_putc(l, '"');
}

static bool is_plain(const char *s) {
    if (!*s) return false;
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= 0x20 || c == 0x7f || c == '"' || c == '\\' || c == '=') return false;
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
    line_puts(l, "level=");
    line_puts(l, level_names[level]);
    line_puts(l, " from=");
    if (is_plain(where))
        line_puts(l, where);
    else
        line_quoted(l, where);
    line_puts(l, " msg=");
    line_quoted(l, message);
}

static void start_json(struct line *l, enum log_level level, const char *where, const char *message) {
    line_puts(l, "{\"time\":\"");
    line_time(l);
    line_puts(l, "\",\"level\":");
    line_quoted(l, level_names[level]);
    line_puts(l, ",\"from\":");
    line_quoted(l, where);
    line_puts(l, ",\"msg\":");
    line_quoted(l, message);
}

static void put_pair(struct line *l, const char *key, const char *value) {
    if (format == LOG_JSON) {
        line_putc(l, ',');
        line_quoted(l, key);
        line_putc(l, ':');
        line_quoted(l, value);
        return;
    }
    line_putc(l, ' ');
    line_puts(l, key);
    line_putc(l, '=');
    if (is_plain(value))
        line_puts(l, value);
    else
        line_quoted(l, value);
}

static void write_line(enum log_level level, const char *where, const char *message, va_list *pairs) {
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
    if (format == LOG_JSON) {
        if (l.len > sizeof l.text - 4) { /* cut: close the string that was open */
            l.len = sizeof l.text - 4;
            line_putc(&l, '"');
        }
        line_putc(&l, '}');
    }
    l.text[l.len++] = '\n';
    /* One write, so that lines of several threads do not mix. Nobody can be told when stderr fails. */
    if (write(STDERR_FILENO, l.text, l.len) < 0) return;
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
    write_line(level, where, message, NULL);
}

void log_kv(enum log_level level, const char *where, const char *message, ...) {
    va_list ap;

    if (!log_enabled(level)) return;
    va_start(ap, message);
    write_line(level, where, message, &ap);
    va_end(ap);
}
