#include "agent/source/tls.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char *const bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Alpine, Arch */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL 7 and later */
    "/etc/ssl/ca-bundle.pem",                            /* SUSE */
    "/etc/ssl/cert.pem",                                 /* BSD, macOS */
};

static bool local_host(const char *host, size_t len) {
    char text[INET6_ADDRSTRLEN + 1];
    struct in_addr v4;
    struct in6_addr v6;

    if (len == 0 || host[0] == '/' || host[0] == '@') return true; /* empty: the library's own socket */
    if (len == strlen("localhost") && strncasecmp(host, "localhost", len) == 0) return true;
    if (len >= sizeof text) return false;
    memcpy(text, host, len);
    text[len] = '\0';
    if (inet_pton(AF_INET, text, &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool tls_local(const char *hosts) {
    for (;;) {
        size_t len = strcspn(hosts, ",");
        if (!local_host(hosts, len)) return false;
        if (hosts[len] == '\0') return true;
        hosts += len + 1;
    }
}

static const char *system_bundle(void) {
    const char *named = getenv("SSL_CERT_FILE");

    if (named && *named) return named;
    for (size_t i = 0; i < sizeof bundles / sizeof bundles[0]; i++)
        if (access(bundles[i], R_OK) == 0) return bundles[i];
    return NULL;
}

int tls_bundle(const char *wanted, const char **out, struct err *e) {
    *out = wanted ? wanted : system_bundle();
    if (!*out)
        return err_set(
            e, ERR_CONFIG,
            "no bundle of CA certificates was found (looked for %s and others): install the package "
            "ca-certificates, or name the CA of the server with tls_ca",
            bundles[0]);
    if (access(*out, R_OK) != 0)
        return err_set(e, ERR_CONFIG,
                       "cannot read the CA certificates in %s: name a readable file with tls_ca", *out);
    return 0;
}
