#include <string.h>

#include "agent/config/config.h"
#include "agent/config/option.h"

#define HELP_COLUMN 34

static const struct {
    enum option_scope scope;
    const char *title;
} groups[] = {
    {SCOPE_SOURCE, "The database (in a file below sources.NAME, as url, tables and so on):"},
    {SCOPE_SINK, "Where changes go:"},
    {SCOPE_GLOBAL, "The whole run:"},
    {SCOPE_COMMAND, "This run only:"},
};

static void put_value(const struct option *o, struct buf *out) {
    const char *name = o->placeholder;
    if (o->type == OPTION_MAP) {
        buf_printf(out, ".PROPERTY %s", name);
    } else if (o->choices != NULL) {
        for (const struct option_choice *c = o->choices; c->word != NULL; c++)
            buf_printf(out, "%c%s", c == o->choices ? ' ' : '|', c->word);
    } else if (o->type == OPTION_DURATION || o->type == OPTION_SIZE || o->type == OPTION_INT) {
        buf_puts(out, o->type == OPTION_DURATION ? " TIME" : o->type == OPTION_SIZE ? " SIZE" : " NUMBER");
    } else if (o->type == OPTION_BOOL && o->value != NULL && strcmp(o->value, "true") == 0) {
        buf_puts(out, "=false");
    } else if (name != NULL) {
        buf_printf(out, " %s", name);
    }
}

static void put_option(const struct option *o, struct buf *out) {
    size_t start = out->len;
    buf_puts(out, "  ");
    option_flag(o, out);
    put_value(o, out);
    if (out->len - start > HELP_COLUMN - 2) {
        buf_putc(out, '\n');
        start = out->len;
    }
    while (out->len - start < HELP_COLUMN && !buf_failed(out)) buf_putc(out, ' ');
    buf_puts(out, o->help);
    const char *value = o->value_text != NULL ? o->value_text : o->value;
    if (value != NULL && value[0] != '\0' && o->type != OPTION_BOOL) buf_printf(out, " [%s]", value);
    buf_putc(out, '\n');
}

void config_help(struct buf *out) {
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
        buf_printf(out, "%s%s\n", g > 0 ? "\n" : "", groups[g].title);
        for (size_t i = 0; i < option_count; i++) {
            const struct option *o = &option_table[i];
            if (o->scope == groups[g].scope && o->type < OPTION_SECTION) put_option(o, out);
        }
    }
    buf_puts(
        out,
        "\nSources, overrides and entities are sections of the file. Every option of the file is a flag, "
        "too:\n--sources.shop.tables 'public.*', --sink.kafka.linger.ms 5, --overrides.0.mask iban; a "
        "flag wins.\n");
}
