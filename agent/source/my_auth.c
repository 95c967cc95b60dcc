#include "agent/source/my_auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef MARIADB_PACKAGE_VERSION_ID

#include <errmsg.h>
#include <ma_pvio.h>
#include <mysql/plugin_auth.h>
#include <sys/socket.h>

/* What dialog's packets of the server begin with: the kind of question, and whether it is the last one. */
#define DIALOG_LAST 1
#define DIALOG_KIND(byte) ((byte) >> 1)
#define DIALOG_PASSWORD 2

/* As in <mysql/client_plugin.h>, which cannot be included: the package lacks a header of its own there. */
#define AUTHENTICATION 2
#define AUTHENTICATION_VERSION 0x0100

struct plugin {
    MYSQL_CLIENT_PLUGIN_HEADER
    int (*authenticate_user)(MYSQL_PLUGIN_VIO *vio, MYSQL *my);
};

static bool registered;

static bool is_private(MYSQL *my) {
    return mysql_get_ssl_cipher(my) || my->net.pvio->type == PVIO_TYPE_UNIXSOCKET;
}

static int refuse(MYSQL *my, const char *method) {
    my->net.last_errno = CR_AUTH_PLUGIN_ERR;
    snprintf(my->net.last_error, sizeof my->net.last_error,
             "the server asks for the password in clear (%s) and the connection has no TLS", method);
    return CR_ERROR;
}

static int send_password(MYSQL_PLUGIN_VIO *vio, const MYSQL *my) {
    const char *password = my->passwd ? my->passwd : "";

    return vio->write_packet(vio, (const unsigned char *)password, (int)strlen(password) + 1) ? CR_ERROR
                                                                                              : CR_OK;
}

static int clear_password(MYSQL_PLUGIN_VIO *vio, MYSQL *my) {
    return is_private(my) ? send_password(vio, my) : refuse(my, "mysql_clear_password");
}

/* One question, for the password; there is nobody to answer others. */
static int dialog(MYSQL_PLUGIN_VIO *vio, MYSQL *my) {
    unsigned char *packet;
    int len;

    if (!is_private(my)) return refuse(my, "dialog");
    len = vio->read_packet(vio, &packet);
    if (len < 1 || DIALOG_KIND(packet[0]) != DIALOG_PASSWORD || !(packet[0] & DIALOG_LAST)) {
        my->net.last_errno = CR_AUTH_PLUGIN_ERR;
        snprintf(my->net.last_error, sizeof my->net.last_error,
                 "the server asks for more than a password (dialog)");
        return CR_ERROR;
    }
    return send_password(vio, my);
}

#define PLUGIN(its_name, function)                                                                           \
    {                                                                                                        \
        .type = AUTHENTICATION, .interface_version = AUTHENTICATION_VERSION, .name = (its_name),             \
        .author = "Tailrace", .desc = "sends the password over private connections only",                    \
        .version = {1, 0, 0}, .license = "Apache-2.0", .authenticate_user = (function)                       \
    }

/* ---- Servers without TLS ---- */

/* Exported, and declared nowhere: calls `fn` for whatever any connection has read (0) or written (1). */
int ma_pvio_register_callback(my_bool add, void (*fn)(int, MYSQL *, const unsigned char *, size_t));

/* What is known of the server to which this thread connects. */
static _Thread_local struct {
    const MYSQL *my; /* nothing was written to it yet; NULL: none */
    bool bare;       /* it has no TLS */
    enum my_tls tls;
} greeting;

/*
 * Behind 4 bytes of head: 10, version, NUL, 4 thread, 9 of a challenge, 2 capabilities. True: they lack TLS.
 */
static bool greets_without_tls(const unsigned char *bytes, size_t len) {
    const unsigned char *nul = len > 5 && bytes[4] == 10 ? memchr(bytes + 5, 0, len - 5) : NULL;

    return nul && bytes + len - nul > 15 && !((unsigned)(nul[14] | nul[15] << 8) & CLIENT_SSL);
}

/* The first read is the greeting; should it be in pieces, the library knows all of it behind the first write,
 * which holds nothing secret yet. */
static void on_traffic(int written, MYSQL *my, const unsigned char *bytes, size_t len) {
    if (greeting.my != my || greeting.bare) return;
    if (written) greeting.my = NULL;
    greeting.bare = written ? !(my->server_capabilities & CLIENT_SSL) : greets_without_tls(bytes, len);
    if (!greeting.bare) return;
    my->options.use_ssl = 0;
    if (greeting.tls >= MY_TLS_REQUIRE) shutdown((int)mysql_get_socket(my), SHUT_RDWR);
}

bool my_auth_without_tls(const struct my_client_options *o) {
    return greeting.bare && o->tls >= MY_TLS_REQUIRE;
}

/* ---- Outside ---- */

void my_auth_begin(void) {
    static struct plugin ours[] = {PLUGIN("mysql_clear_password", clear_password), PLUGIN("dialog", dialog)};
    MYSQL *my = mysql_init(NULL);

    registered = my != NULL;
    for (size_t i = 0; registered && i < sizeof ours / sizeof ours[0]; i++)
        registered = mysql_client_register_plugin(my, (struct st_mysql_client_plugin *)&ours[i]) != NULL;
    if (my) mysql_close(my);
    ma_pvio_register_callback(1, on_traffic);
}

int my_auth_guard(MYSQL *my, const struct my_client_options *o, struct err *e) {
    greeting.my = my;
    greeting.bare = false;
    greeting.tls = o->tls;
    if (registered) return 0;
    return err_set(e, ERR_CONFIG,
                   "the client library does not take our plug-ins for mysql_clear_password and dialog");
}

#else

void my_auth_begin(void) {}

/* The library itself looks at the greeting. */
bool my_auth_without_tls(const struct my_client_options *o) {
    (void)o;
    return false;
}

/* The library takes the variable as it is taken here. */
int my_auth_guard(MYSQL *my, const struct my_client_options *o, struct err *e) {
    const char *clear = getenv("LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN");

    (void)my;
    if (!clear || !strchr("1Yy", *clear) || !o->host || o->tls >= MY_TLS_REQUIRE) return 0;
    return err_set(e, ERR_CONFIG,
                   "LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN is set, so that the server may ask for the password in "
                   "clear: unset it, or say tls: verify-full (at least require)");
}

#endif
