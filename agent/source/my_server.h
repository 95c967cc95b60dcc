/*
 * my_server: facts about the MySQL or MariaDB server behind a connection, and whether it can be read at all.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_SERVER_H
#define TAILRACE_AGENT_SOURCE_MY_SERVER_H

#include "agent/config/config.h"
#include "agent/source/my_client.h"
#include "decoders/binlog/catalog.h"
#include "decoders/binlog/gtid.h"
#include "decoders/buf.h"

#define MY_UUID_TEXT 37 /* room for a UUID and its NUL */

struct my_server {
    enum binlog_flavour flavour;
    unsigned version;        /* 80400, 101105 */
    char version_text[64];   /* "9.7.4", "10.11.5-MariaDB-log" */
    char uuid[MY_UUID_TEXT]; /* MySQL's server_uuid; "" on MariaDB */
    uint32_t server_id;
    bool gtids;      /* every transaction has a GTID: MariaDB always, MySQL with gtid_mode=ON */
    bool nameless;   /* has no binlog_row_metadata: its log does not name columns */
    bool statements; /* its log holds the text of the statements that rows come from */
    bool row_full;   /* row images are whole (binlog_row_image=FULL) */
    enum row_image row_image;
    bool read_only;
};

/*
 * Reads the facts in one pass. ERR_CONFIG lists everything that is in the way at once, each setting and grant
 * with the statement that cures it.
 */
int my_server_read(struct my_client *c, const struct config_source *s, struct my_server *out, struct err *e);

/* Pure parts. The number of a version text: "10.11.5-MariaDB" is 101105; 0: not understood. */
unsigned my_server_version(const char *text);
/* True when one of the lines of SHOW GRANTS (with line breaks between them) gives `privilege` on everything.
 */
bool my_server_granted(const char *grants, const char *privilege);

#endif
