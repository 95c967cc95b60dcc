#include "agent/config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/log.h"

#define SECRET_MAX 4096 /* a longer first line is not a password but a wrong file */

/* Reads until a line ends, the file ends, or SECRET_MAX is passed. Room was reserved: nothing is copied
 * about. */
static int read_line(int fd, const char *file, struct buf *out, struct err *e) {
    for (;;) {
        char *at = (char *)out->data + out->len;
        ssize_t n = read(fd, at, out->cap - out->len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return err_set(e, ERR_CONFIG, "cannot read the password file %s: %s", file, strerror(errno));
        char *end = memchr(at, '\n', (size_t)n);
        out->len += end != NULL ? (size_t)(end - at) : (size_t)n;
        if (end != NULL || n == 0) return 0;
        if (out->len > SECRET_MAX)
            return err_set(e, ERR_CONFIG, "the first line of the password file %s is longer than %d bytes",
                           file, SECRET_MAX);
    }
}

static void warn_if_open(int fd, const char *file) {
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & S_IROTH) == 0) return;
    log_msg(LOG_WARN, "config", "everybody on this machine may read the password file %s; chmod 600 it",
            file);
}

static int from_file(const char *file, struct buf *out, struct err *e) {
    struct buf line = {0};
    int rc = -1;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return err_set(e, ERR_CONFIG, "cannot open the password file %s: %s", file, strerror(errno));
    warn_if_open(fd, file);
    if (!buf_reserve(&line, SECRET_MAX + 2)) {
        err_memory(e, "reading a password");
        goto out;
    }
    if (read_line(fd, file, &line, e) != 0) goto out;
    if (line.len > 0 && line.data[line.len - 1] == '\r') line.len--;
    if (line.len == 0)
        err_set(e, ERR_CONFIG, "the first line of the password file %s is empty", file);
    else if (memchr(line.data, 0, line.len) != NULL)
        err_set(e, ERR_CONFIG, "the password file %s holds a NUL byte", file);
    else
        rc = 0;
    if (rc == 0) buf_put(out, line.data, line.len);
out:
    secret_wipe(&line);
    close(fd);
    return rc;
}

static int from_env(const char *name, struct buf *out, struct err *e) {
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0')
        return err_set(e, ERR_CONFIG, "the environment variable %s, which shall hold a password, is %s", name,
                       value == NULL ? "not set" : "empty");
    buf_puts(out, value);
    return 0;
}

int secret_read(const struct config_secret *s, struct buf *out, struct err *e) {
    int rc = 0;
    if (!buf_reserve(out, SECRET_MAX + 2)) return err_memory(e, "reading a password");
    if (s->file != NULL)
        rc = from_file(s->file, out, e);
    else if (s->env != NULL)
        rc = from_env(s->env, out, e);
    else if (s->from_url != NULL)
        buf_puts(out, s->from_url);
    if (rc == 0 && buf_failed(out)) rc = err_memory(e, "reading a password");
    return rc;
}

void secret_wipe(struct buf *b) {
    if (b->data != NULL) explicit_bzero(b->data, b->cap);
    buf_release(b);
}

void secret_wipe_text(char *s) {
    while (*s != '\0') *s++ = 'x';
}

/* user:password@ : from behind the first colon to the last at sign, in a query only when there is none
 * before. */
static void wipe_userinfo(char *authority) {
    char *colon = authority + strcspn(authority, ":@/?");
    if (*colon != ':') return;
    char *at = memrchr(colon, '@', strcspn(colon, "?"));
    if (at == NULL) at = memrchr(colon, '@', strlen(colon));
    for (char *p = colon + 1; at != NULL && p < at; p++) *p = 'x';
}

static bool is_password_parameter(const char *name, size_t len) {
    return (len == 8 && strncasecmp(name, "password", len) == 0) ||
           (len == 11 && strncasecmp(name, "sslpassword", len) == 0);
}

static void wipe_query(char *query) {
    while (*query != '\0') {
        char *end = query + strcspn(query, "&");
        char *equals = query + strcspn(query, "=&");
        if (*equals == '=' && is_password_parameter(query, (size_t)(equals - query)))
            for (char *p = equals + 1; p < end; p++) *p = 'x';
        query = *end == '&' ? end + 1 : end;
    }
}

void secret_wipe_url(char *arg) {
    char *scheme = strstr(arg, "://");
    if (scheme == NULL) return;
    wipe_userinfo(scheme + 3);
    char *query = strchr(scheme + 3, '?');
    if (query != NULL) wipe_query(query + 1);
}
