#include "agent/source/my_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/base/log.h"
#include "agent/source/my_conn.h"

#define OLDEST_MYSQL 50600U     /* the events, checksums and temporal types that we read */
#define OLDEST_MARIADB 100200U  /* likewise */
#define MONITOR_MARIADB 100502U /* REPLICATION CLIENT became BINLOG MONITOR */
#define NEWEST_MYSQL 90799U
#define NEWEST_MARIADB 110899U

/* The variables we ask for; a server that has one no longer leaves it empty. */
enum variable {
    VERSION,
    SERVER_UUID,
    SERVER_ID,
    LOG_BIN,
    FORMAT,
    ROW_IMAGE,
    ROW_METADATA,
    VALUE_OPTIONS,
    GTID_MODE,
    READ_ONLY,
    ROWS_QUERY,
    ANNOTATE_ROWS,
    VARIABLES,
};

static const char *const names[VARIABLES] = {
    [VERSION] = "version",
    [SERVER_UUID] = "server_uuid",
    [SERVER_ID] = "server_id",
    [LOG_BIN] = "log_bin",
    [FORMAT] = "binlog_format",
    [ROW_IMAGE] = "binlog_row_image",
    [ROW_METADATA] = "binlog_row_metadata",
    [VALUE_OPTIONS] = "binlog_row_value_options",
    [GTID_MODE] = "gtid_mode",
    [READ_ONLY] = "read_only",
    [ROWS_QUERY] = "binlog_rows_query_log_events",
    [ANNOTATE_ROWS] = "binlog_annotate_row_events",
};

/* What was read, and what is wrong with it. */
struct looking {
    const struct config_source *s;
    char values[VARIABLES][64];
    struct buf grants;
    struct buf problems;
};

/* ---- Reading ---- */

static void note_variable(struct looking *l, const char *name, const char *value) {
    for (size_t i = 0; name && value && i < VARIABLES; i++)
        if (strcasecmp(names[i], name) == 0) snprintf(l->values[i], sizeof l->values[i], "%s", value);
}

static int read_variables(struct looking *l, struct my_client *c, struct err *e) {
    struct buf sql = {0};
    struct my_result *r = NULL;

    buf_puts(&sql, "SHOW GLOBAL VARIABLES WHERE Variable_name IN (");
    for (size_t i = 0; i < VARIABLES; i++) buf_printf(&sql, "%s'%s'", i ? ", " : "", names[i]);
    buf_puts(&sql, ")");
    if (buf_failed(&sql))
        err_memory(e, "looking at the server");
    else
        r = my_client_query(c, "looking at the server", buf_cstr(&sql), e);
    while (r && my_result_next(r)) note_variable(l, my_result_at(r, 0), my_result_at(r, 1));
    buf_release(&sql);
    my_result_free(r);
    return r ? 0 : -1;
}

static int read_grants(struct looking *l, struct my_client *c, struct err *e) {
    struct my_result *r = my_client_query(c, "looking at our grants", "SHOW GRANTS", e);

    while (r && my_result_next(r)) {
        const char *line = my_result_at(r, 0);
        buf_puts(&l->grants, line ? line : "");
        buf_putc(&l->grants, '\n');
    }
    my_result_free(r);
    return r ? 0 : -1;
}

unsigned my_server_version(const char *text) {
    unsigned major, minor, patch;

    if (strncmp(text, "5.5.5-", 6) == 0) text += 6; /* what MariaDB says to old clients */
    if (sscanf(text, "%3u.%3u.%3u", &major, &minor, &patch) != 3 || minor > 99 || patch > 99) return 0;
    return major * 10000 + minor * 100 + patch;
}

bool my_server_granted(const char *grants, const char *privilege) {
    size_t len = strlen(privilege);

    while (*grants) {
        size_t line = strcspn(grants, "\n");
        const char *on = memmem(grants, line, " ON *.*", 7);
        const char *all = on ? memmem(grants, (size_t)(on - grants), "ALL PRIVILEGES", 14) : NULL;
        const char *it = on ? memmem(grants, (size_t)(on - grants), privilege, len) : NULL;
        if (all) return true;
        if (it && (it[len] == ',' || it + len == on)) return true;
        grants += line + (grants[line] == '\n');
    }
    return false;
}

static void fill(const struct looking *l, struct my_server *out) {
    memset(out, 0, sizeof *out);
    snprintf(out->version_text, sizeof out->version_text, "%s", l->values[VERSION]);
    out->flavour = strcasestr(l->values[VERSION], "mariadb") ? FLAVOUR_MARIADB : FLAVOUR_MYSQL;
    out->version = my_server_version(l->values[VERSION]);
    if (out->flavour == FLAVOUR_MYSQL) snprintf(out->uuid, sizeof out->uuid, "%.36s", l->values[SERVER_UUID]);
    out->server_id = (uint32_t)strtoul(l->values[SERVER_ID], NULL, 10);
    out->gtids = out->flavour == FLAVOUR_MARIADB || strcasecmp(l->values[GTID_MODE], "ON") == 0;
    out->nameless = l->values[ROW_METADATA][0] == '\0';
    out->row_full = l->values[ROW_IMAGE][0] == '\0' || strcasecmp(l->values[ROW_IMAGE], "FULL") == 0;
    out->row_image = out->row_full                                     ? ROW_IMAGE_FULL
                     : strcasecmp(l->values[ROW_IMAGE], "NOBLOB") == 0 ? ROW_IMAGE_NOBLOB
                                                                       : ROW_IMAGE_MINIMAL;
    out->statements =
        strcasecmp(l->values[out->flavour == FLAVOUR_MARIADB ? ANNOTATE_ROWS : ROWS_QUERY], "ON") == 0;
    out->read_only = strcasecmp(l->values[READ_ONLY], "ON") == 0;
}

/* ---- Judging ---- */

static void problem(struct looking *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void problem(struct looking *l, const char *fmt, ...) {
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_printf(&l->problems, "%s%s", l->problems.len > 0 ? "; " : "", text);
}

static int check_version(const struct looking *l, const struct my_server *s, struct err *e) {
    bool mariadb = s->flavour == FLAVOUR_MARIADB;
    const char *product = mariadb ? "MariaDB" : "MySQL";

    if (s->version < (mariadb ? OLDEST_MARIADB : OLDEST_MYSQL))
        return err_set(e, ERR_CONFIG,
                       "the server is %s %s: this version reads MySQL 5.6 and later, MariaDB 10.2 and later",
                       product, s->version_text);
    if (s->version > (mariadb ? NEWEST_MARIADB : NEWEST_MYSQL))
        log_msg(LOG_WARN, l->s->name, "the server is %s %s: newer than what was tested (%s)", product,
                s->version_text, mariadb ? "10.2, 10.11, 11.4 and 11.8" : "5.6 and 9.7");
    return 0;
}

static void check_settings(struct looking *l, const struct my_server *s) {
    if (strcasecmp(l->values[LOG_BIN], "ON") != 0)
        problem(l, "log_bin is off: start the server with --log-bin and a --server-id");
    if (s->server_id == 0)
        problem(l, "server_id is 0: run \"SET GLOBAL server_id = 1;\" (a number of its own) and write it "
                   "into the server's configuration");
    if (l->values[FORMAT][0] && strcasecmp(l->values[FORMAT], "ROW") != 0)
        problem(l,
                "binlog_format is %s: run \"SET GLOBAL binlog_format = ROW;\" and let the applications "
                "connect anew",
                l->values[FORMAT]);
    if (!s->nameless && strcasecmp(l->values[ROW_METADATA], "FULL") != 0)
        problem(l, "binlog_row_metadata is %s: run \"SET GLOBAL binlog_row_metadata = FULL;\"",
                l->values[ROW_METADATA]);
    if (strcasestr(l->values[VALUE_OPTIONS], "PARTIAL_JSON") && !s->row_full)
        problem(l,
                "binlog_row_value_options is PARTIAL_JSON and binlog_row_image is %s: the log would hold the "
                "changes of a JSON document without the document they are made to: run \"SET GLOBAL "
                "binlog_row_value_options = '';\" or \"SET GLOBAL binlog_row_image = FULL;\", and let the "
                "applications connect anew",
                l->values[ROW_IMAGE]);
    if (my_conn_server_id(l->s) == s->server_id)
        problem(l, "server_id %u is the server's own: give this source another one", s->server_id);
}

/* Through a role a grant may come that SHOW GRANTS does not list: then the server itself has to refuse. */
static void check_grants(struct looking *l, const struct my_server *s) {
    const char *grants = buf_cstr(&l->grants);
    bool monitor = my_server_granted(grants, "REPLICATION CLIENT") ||
                   my_server_granted(grants, "BINLOG MONITOR") || my_server_granted(grants, "SUPER");
    bool renamed = s->flavour == FLAVOUR_MARIADB && s->version >= MONITOR_MARIADB;
    const char *client = renamed ? "BINLOG MONITOR" : "REPLICATION CLIENT";
    bool replica = my_server_granted(grants, "REPLICATION SLAVE");

    if (strstr(grants, "GRANT `") && !strstr(grants, "PROXY")) return;
    if (!replica || !monitor)
        problem(l, "our user lacks %s%s%s: run \"GRANT REPLICATION SLAVE, %s ON *.* TO USER;\"",
                replica ? "" : "REPLICATION SLAVE", replica || monitor ? "" : " and ", monitor ? "" : client,
                client);
}

static int judge(struct looking *l, const struct my_server *s, struct err *e) {
    if (check_version(l, s, e)) return -1;
    check_settings(l, s);
    check_grants(l, s);
    if (buf_failed(&l->problems) || buf_failed(&l->grants)) return err_memory(e, "looking at the server");
    if (l->problems.len > 0)
        return err_set(e, ERR_CONFIG, "%s: the server cannot be read yet: %s", l->s->url,
                       buf_cstr(&l->problems));
    return 0;
}

int my_server_read(struct my_client *c, const struct config_source *s, struct my_server *out, struct err *e) {
    struct looking l = {.s = s};
    int rc = -1;

    if (read_variables(&l, c, e) || read_grants(&l, c, e)) goto out;
    fill(&l, out);
    rc = judge(&l, out, e);
out:
    buf_release(&l.grants);
    buf_release(&l.problems);
    return rc;
}
