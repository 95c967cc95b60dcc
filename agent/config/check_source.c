#include <string.h>

#include "agent/config/loader.h"
#include "agent/config/url.h"

#define NAME_MAX_LEN 40
#define IDENTIFIER_MAX 63 /* PostgreSQL's */

/* A source with where it stands and the server that its URL names. */
struct checking {
    struct loader *l;
    struct config_source *s;
    const struct node *node;
    const char *path; /* "sources.shop" */
    struct url url;
};

static const char *path_of(struct checking *c, const char *key) {
    return load_text(c->l, "%s.%s", c->path, key);
}

static int refuse(struct checking *c, const char *key, const char *why) {
    const char *path = path_of(c, key);
    return path == NULL ? -1 : load_refuse(c->l, node_place(c->node, key), path, "%s", why);
}

static bool is_mysql(const struct checking *c) {
    return strcmp(c->s->scheme, "mysql") == 0;
}

static int check_name(struct checking *c) {
    size_t len = strlen(c->s->name);
    size_t good = strspn(c->s->name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    if (good == len && len >= 1 && len <= NAME_MAX_LEN) return 0;
    return load_refuse(c->l, c->node->key_place, "",
                       "a source's name is 1 to %d characters of a-z, 0-9, _ and -, which \"%.60s\" is not",
                       NAME_MAX_LEN, c->s->name);
}

static int check_secrets(struct checking *c) {
    const char *const given[] = {c->s->secret.file, c->s->secret.env, c->s->secret.passfile,
                                 c->s->secret.service};
    size_t n = 0;
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) n += given[i] != NULL ? 1 : 0;
    if (n > 1)
        return load_refuse(c->l, c->node->place, c->path,
                           "only one of password_file, password_env, passfile and service can be given");
    if (c->url.password == NULL) return 0;
    if (n > 0) return refuse(c, "url", "a password stands in the URL, and another one is named beside it");
    c->s->secret.from_url = c->url.password;
    const char *path = path_of(c, "url");
    if (path == NULL) return -1;
    return load_warn(
        c->l, node_place(c->node, "url"), path,
        "a password in a URL is seen by whoever sees the command line or the file; put it into a "
        "file of its own and name that with password_file");
}

/* A parameter of the URL that is an option here: it counts when the option is not given. */
static int adopt(struct checking *c, const char *parameter, const char *value, const char *key,
                 const char **option) {
    if (value == NULL) return 0;
    if (*option != NULL && strcmp(*option, value) != 0) {
        const char *path = path_of(c, key);
        if (path == NULL) return -1;
        return load_refuse(c->l, node_place(c->node, key), path, "the URL's parameter %s says something else",
                           parameter);
    }
    *option = value;
    return 0;
}

static int adopt_sslmode(struct checking *c) {
    static const struct {
        const char *word;
        enum config_tls tls;
    } modes[] = {{"disable", TLS_OFF},     {"allow", TLS_AUTO},          {"prefer", TLS_AUTO},
                 {"require", TLS_REQUIRE}, {"verify-ca", TLS_VERIFY_CA}, {"verify-full", TLS_VERIFY_FULL}};
    size_t i = 0;
    if (c->url.sslmode == NULL) return 0;
    while (i < sizeof modes / sizeof modes[0] && strcmp(modes[i].word, c->url.sslmode) != 0) i++;
    if (i == sizeof modes / sizeof modes[0])
        return refuse(c, "url", "the URL's parameter sslmode has a value that does not exist");
    if (node_get(c->node, "tls") != NULL)
        return c->s->tls == modes[i].tls
                   ? 0
                   : refuse(c, "tls", "the URL's parameter sslmode says something else");
    c->s->tls = modes[i].tls;
    return 0;
}

static int check_tls(struct checking *c) {
    if (adopt_sslmode(c) != 0 || adopt(c, "sslrootcert", c->url.sslrootcert, "tls_ca", &c->s->tls_ca) != 0 ||
        adopt(c, "sslcert", c->url.sslcert, "tls_cert", &c->s->tls_cert) != 0 ||
        adopt(c, "sslkey", c->url.sslkey, "tls_key", &c->s->tls_key) != 0)
        return -1;
    if ((c->s->tls_cert == NULL) == (c->s->tls_key == NULL)) return 0;
    return load_refuse(c->l, c->node->place, c->path, "tls_cert and tls_key belong together");
}

static int check_url(struct checking *c) {
    struct err why;
    const char *path = path_of(c, "url");
    if (path == NULL) return -1;
    if (url_parse(c->s->url, c->l->arena, &c->url, &why) != 0)
        return load_refuse(c->l, node_place(c->node, "url"), path, "%s", why.text);
    c->s->scheme = c->url.scheme;
    c->s->url = c->url.text;
    c->s->host = c->url.host;
    c->s->database = c->url.database;
    return 0;
}

/* A glob without a dot never meets "schema.table". */
static int check_dots(struct checking *c) {
    for (size_t i = 0; i < c->s->tables.count; i++) {
        const char *body = c->s->tables.items[i];
        if (*body == '!') body++;
        if (*body == '/' || strchr(body, '.') != NULL || strcmp(body, "*") == 0 || *body == '\0') continue;
        const struct node *list = node_get(c->node, "tables");
        const struct node *item = list->kind == NODE_LIST ? node_at(list, i) : list;
        const char *path = path_of(c, "tables");
        if (path == NULL) return -1;
        return load_refuse(c->l, item->place, path,
                           "pattern \"%.80s\" names no %s; write \"%s.%.80s\" or \"*.%.80s\"",
                           c->s->tables.items[i], is_mysql(c) ? "database" : "schema",
                           is_mysql(c) ? "shop" : "public", body, body);
    }
    return 0;
}

/* A database in a MySQL URL stands for its tables. */
static const char *default_tables(struct checking *c) {
    const char *own = is_mysql(c) && c->s->database[0] != '\0' && strpbrk(c->s->database, "*?.!/") == NULL
                          ? load_text(c->l, "%s.*", c->s->database)
                          : NULL;
    return own != NULL ? own : "*.*";
}

/* What the server keeps for itself is nobody's data. */
static int exclude_own(struct checking *c) {
    static const char *const own[] = {"!mysql.*", "!sys.*", "!performance_schema.*", "!information_schema.*"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (load_append(c->l, &c->s->tables, own[i]) != 0) return -1;
    return 0;
}

/* gh-ost and pt-online-schema-change copy a table into one of these, and put it in its place. */
static int exclude_shadows(struct checking *c) {
    static const char *const shadows[] = {"!!*._*_gho", "!!*._*_ghc", "!!*._*_del", "!!*._*_new",
                                          "!!*._*_old"};
    for (size_t i = 0; i < sizeof shadows / sizeof shadows[0]; i++)
        if (load_append(c->l, &c->s->tables, shadows[i]) != 0) return -1;
    return 0;
}

static int check_tables(struct checking *c) {
    const char *path = path_of(c, "tables");
    struct pattern_list *patterns;
    if (path == NULL || check_dots(c) != 0) return -1;
    if (c->s->tables.count == 0 && load_append(c->l, &c->s->tables, default_tables(c)) != 0) return -1;
    if (is_mysql(c) && (exclude_own(c) != 0 || exclude_shadows(c) != 0)) return -1;
    if (load_patterns(c->l, &c->s->tables, node_get(c->node, "tables"), path, &patterns) != 0) return -1;
    c->s->table_patterns = patterns;
    return 0;
}

static int check_slot(struct checking *c) {
    if (c->s->slot == NULL) {
        char *slot = arena_alloc(c->l->arena, strlen(c->s->name) + sizeof "tailrace_");
        if (slot == NULL) return err_memory(c->l->e, "reading the configuration");
        memcpy(slot, "tailrace_", 9);
        memcpy(slot + 9, c->s->name, strlen(c->s->name) + 1);
        for (char *p = slot; *p != '\0'; p++)
            if (*p == '-') *p = '_';
        c->s->slot = slot;
    }
    size_t len = strlen(c->s->slot);
    if (strspn(c->s->slot, "abcdefghijklmnopqrstuvwxyz0123456789_") != len || len > IDENTIFIER_MAX)
        return refuse(c, "slot", "a slot's name is up to 63 characters of a-z, 0-9 and _");
    if (c->s->publication == NULL) c->s->publication = c->s->slot;
    if (strlen(c->s->publication) > IDENTIFIER_MAX)
        return refuse(c, "publication", "a publication's name has at most 63 bytes");
    return 0;
}

/* What only one kind of database knows is a mistake on the other. */
static int check_kind(struct checking *c) {
    static const char *const postgres[] = {"passfile", "service",  "slot",     "publication", "create",
                                           "failover", "messages", "discover", NULL};
    static const char *const mysql[] = {"server_id", "statements", NULL};
    const char *const *foreign = is_mysql(c) ? postgres : mysql;
    for (size_t i = 0; foreign[i] != NULL; i++)
        if (node_get(c->node, foreign[i]) != NULL)
            return refuse(c, foreign[i],
                          is_mysql(c) ? "is an option of PostgreSQL sources, this is a MySQL or MariaDB URL"
                                      : "is an option of MySQL and MariaDB sources");
    return 0;
}

/* A server lets one replica have an id. */
static int check_other_ids(struct checking *c, const struct checking *others, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!c->s->server_id || others[i].s->server_id != c->s->server_id) continue;
        if (strcmp(others[i].url.server, c->url.server) != 0) continue;
        return load_refuse(c->l, node_place(c->node, "server_id"), path_of(c, "server_id"),
                           "the source %s registers with the same server_id on the same server; give each "
                           "its own",
                           others[i].s->name);
    }
    return 0;
}

/* A slot belongs to a whole server, whichever database it was made in. */
static int check_other_slots(struct checking *c, const struct checking *others, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (is_mysql(c) || is_mysql(&others[i]) || strcmp(others[i].s->slot, c->s->slot) != 0 ||
            strcmp(others[i].url.server, c->url.server) != 0)
            continue;
        return load_refuse(
            c->l, node_place(c->node, "slot"), c->path,
            "the slot %s on the same server is that of the source %s; give one of them another "
            "slot",
            c->s->slot, others[i].s->name);
    }
    return 0;
}

static int check_source(struct checking *c) {
    c->s->name = c->node->key;
    c->s->place.text = c->node->place;
    c->path = load_text(c->l, "sources.%s", c->s->name);
    if (c->path == NULL || check_name(c) != 0 || check_url(c) != 0 || check_secrets(c) != 0) return -1;
    if (check_kind(c) != 0) return -1;
    return check_tls(c) != 0 || check_tables(c) != 0 ? -1 : check_slot(c);
}

int check_sources(struct loader *l) {
    struct config *config = l->config;
    const struct node *sources = node_get(l->root, "sources");
    if (config->nsources == 0)
        return err_set(l->e, ERR_CONFIG,
                       "%s%sno database is given: add --source postgresql://USER@HOST/DATABASE (or "
                       "mysql://USER@HOST), or name a "
                       "configuration file with a section \"sources\"",
                       config->file != NULL ? config->file : "", config->file != NULL ? ": " : "");
    struct checking *all = arena_calloc(l->arena, config->nsources, sizeof *all);
    if (all == NULL) return err_memory(l->e, "reading the configuration");
    const struct node *node = sources->first;
    for (size_t i = 0; i < config->nsources; i++, node = node->next) {
        all[i] = (struct checking){.l = l, .s = &config->sources[i], .node = node};
        if (check_source(&all[i]) != 0 || check_other_slots(&all[i], all, i) != 0 ||
            check_other_ids(&all[i], all, i) != 0)
            return -1;
    }
    return 0;
}
