#include "agent/map/decimal.h"

#include <string.h>

static size_t digits(const char *text, size_t len) {
    size_t n = 0;
    while (n < len && text[n] >= '0' && text[n] <= '9') n++;
    return n;
}

static bool is(const char *text, size_t len, const char *word) {
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

bool decimal_parse(const char *text, size_t len, struct decimal *out) {
    *out = (struct decimal){.class = DECIMAL_FINITE};
    if (is(text, len, "NaN")) return out->class = DECIMAL_NAN, true;
    if (is(text, len, "Infinity")) return out->class = DECIMAL_ABOVE, true;
    if (is(text, len, "-Infinity")) return out->class = DECIMAL_BELOW, true;
    if (len && (*text == '-' || *text == '+')) {
        out->negative = *text == '-';
        text++;
        len--;
    }
    out->whole = text;
    out->nwhole = digits(text, len);
    size_t any = out->nwhole;
    text += out->nwhole;
    len -= out->nwhole;
    if (len && *text == '.') {
        out->fraction = text + 1;
        out->nfraction = digits(text + 1, len - 1);
        any += out->nfraction;
        len -= 1 + out->nfraction;
    }
    if (len || !any) return false;
    while (out->nwhole && *out->whole == '0') {
        out->whole++;
        out->nwhole--;
    }
    while (out->nfraction && out->fraction[out->nfraction - 1] == '0') out->nfraction--;
    if (!out->nwhole && !out->nfraction) out->negative = false;
    return true;
}

/* Of numbers without sign. */
static int compare_size(const struct decimal *a, const struct decimal *b) {
    if (a->nwhole != b->nwhole) return a->nwhole < b->nwhole ? -1 : 1;
    int rc = a->nwhole ? memcmp(a->whole, b->whole, a->nwhole) : 0;
    if (rc) return rc;
    size_t shorter = a->nfraction < b->nfraction ? a->nfraction : b->nfraction;
    rc = shorter ? memcmp(a->fraction, b->fraction, shorter) : 0;
    if (rc) return rc;
    return (a->nfraction > shorter) - (b->nfraction > shorter);
}

int decimal_compare(const struct decimal *a, const struct decimal *b) {
    if (a->class != b->class) return a->class < b->class ? -1 : 1;
    if (a->class != DECIMAL_FINITE) return 0;
    if (a->negative != b->negative) return a->negative ? -1 : 1;
    int rc = compare_size(a, b);
    return a->negative ? -rc : rc;
}
