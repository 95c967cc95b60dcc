#include <string.h>

#include "agent/config/config.h"
#include "agent/config/option.h"

#define HELP_COLUMN 34
#define HELP_WIDTH 110

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

static void put_blanks(struct buf *out, size_t n) {
    while (n-- > 0) buf_putc(out, ' ');
}

static void put_default(const struct option *o, size_t line, struct buf *out) {
    const char *value = o->value_text != NULL ? o->value_text : o->value;
    if (value == NULL || value[0] == '\0' || (o->type == OPTION_BOOL && strcmp(value, "false") == 0)) return;
    if (out->len - line + strlen(value) + 3 > HELP_WIDTH) {
        buf_putc(out, '\n');
        put_blanks(out, HELP_COLUMN - 1);
    }
    buf_printf(out, " [%s]", value);
}

static void put_option(const struct option *o, struct buf *out) {
    size_t line = out->len;
    buf_puts(out, "  ");
    option_flag(o, out);
    put_value(o, out);
    if (out->len - line > HELP_COLUMN - 2) {
        buf_putc(out, '\n');
        line = out->len;
    }
    put_blanks(out, HELP_COLUMN - (out->len - line));
    buf_puts(out, o->help);
    put_default(o, line, out);
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
    buf_puts(out,
             "\n"
             "Flags of lists (--tables, --skip) may be given several times. Sources, overrides and entities\n"
             "are sections of the file; every option in them has a flag of its path, too, and a flag wins:\n"
             "--sources.shop.tables 'public.*', --overrides.0.mask iban, --sink.kafka.linger.ms 5.\n");
}
