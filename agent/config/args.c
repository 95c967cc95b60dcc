#include "agent/config/args.h"

#include <string.h>

#include "agent/config/kafka_properties.h"
#include "agent/config/scalar.h"
#include "agent/config/secret.h"

/* The command line, copied, so that the original may be wiped. */
struct words {
    char **given;
    char **copy;
    int count;
    int at;
};

static int copy_words(int argc, char **argv, struct arena *a, struct words *w, struct err *e) {
    *w = (struct words){.given = argv, .count = argc, .at = 1};
    w->copy = arena_calloc(a, argc > 0 ? (size_t)argc : 1, sizeof *w->copy);
    if (w->copy == NULL) return err_memory(e, "reading the command line");
    for (int i = 0; i < argc; i++) {
        w->copy[i] = arena_strndup(a, argv[i], strlen(argv[i]));
        if (w->copy[i] == NULL) return err_memory(e, "reading the command line");
        secret_wipe_url(argv[i]);
    }
    return 0;
}

static bool is_text(const struct option_path *p) {
    return p->inside || p->option->type < OPTION_MAP;
}

/* Overwrites a value that is a secret, or a piece of YAML that may hold one. */
static void wipe_secret(const struct option_path *p, char *given) {
    bool kafka = p->inside && p->option->scope == SCOPE_SINK && strcmp(p->option->key, "kafka") == 0;
    if (kafka ? kafka_property_is_secret(p->steps[p->nsteps - 1])
              : !is_text(p) && strpbrk(given, ":") != NULL)
        secret_wipe_text(given);
}

/* The value of a flag: behind its equals sign, or the next word. `given` is where it stands in argv. */
static int take_value(struct words *w, const struct option_path *p, const char *place, char *equals,
                      const char **value, char **given, struct err *e) {
    bool is_bool = !p->inside && p->option->type == OPTION_BOOL;
    char *next = w->at < w->count ? w->copy[w->at] : NULL;
    *given = NULL;
    if (equals != NULL) {
        *value = equals + 1;
        *given = w->given[w->at - 1] + (equals + 1 - w->copy[w->at - 1]);
    } else if (is_bool && (next == NULL || !scalar_is_bool(next))) {
        *value = "true";
    } else if (next == NULL || strncmp(next, "--", 2) == 0) {
        return err_set(e, ERR_CONFIG, "%s needs a value", place);
    } else {
        *value = next;
        *given = w->given[w->at++];
    }
    return 0;
}

static int read_flag(struct words *w, struct arena *a, struct args *out, struct err *e) {
    char *word = w->copy[w->at++];
    char *equals = strchr(word, '=');
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    char *given;
    struct arg *arg = arena_calloc(a, 1, sizeof *arg);
    char *place = arena_strndup(a, word, len);
    if (arg == NULL || place == NULL) return err_memory(e, "reading the command line");
    arg->place = place;
    if (option_resolve(place + 2, a, &arg->path, e) != 0) return -1;
    if (take_value(w, &arg->path, place, equals, &arg->value, &given, e) != 0) return -1;
    if (given != NULL) wipe_secret(&arg->path, given);
    if (out->last == NULL)
        out->first = arg;
    else
        out->last->next = arg;
    out->last = arg;
    return 0;
}

static int read_file_name(const char *word, bool flags, struct args *out, struct err *e) {
    if (strstr(word, "://") != NULL)
        return err_set(e, ERR_CONFIG,
                       "a URL stands where the name of a file is expected; write --source URL");
    if (flags && word[0] == '-' && word[1] != '\0')
        return err_set(e, ERR_CONFIG, "unknown option %.40s; options begin with two dashes", word);
    if (out->file != NULL)
        return err_set(e, ERR_CONFIG, "one configuration file at most: %s is a second one behind %s", word,
                       out->file);
    out->file = word;
    return 0;
}

int args_read(int argc, char **argv, struct arena *a, struct args *out, struct err *e) {
    struct words w;
    bool flags = true;
    *out = (struct args){0};
    if (copy_words(argc, argv, a, &w, e) != 0) return -1;
    while (w.at < w.count) {
        const char *word = w.copy[w.at];
        if (flags && strcmp(word, "--") == 0) {
            flags = false;
            w.at++;
        } else if (flags && strncmp(word, "--", 2) == 0) {
            if (read_flag(&w, a, out, e) != 0) return -1;
        } else {
            w.at++;
            if (read_file_name(word, flags, out, e) != 0) return -1;
        }
    }
    return 0;
}
