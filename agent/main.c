/*
 * tailrace: one binary, one word says what it does. The words are in agent/registry.c.
 */
#include <stdio.h>
#include <string.h>

#include "agent/cmd/exit.h"
#include "agent/cmd/version.h"
#include "agent/config/suggest.h"
#include "agent/registry.h"

static void print_help(FILE *out) {
    const struct command *c;

    fprintf(out, "Tailrace streams the changes of a database to Kafka, a file or your terminal.\n\nUsage:\n");
    for (size_t i = 0; (c = registry_command_at(i)); i++)
        fprintf(out, "  tailrace %-38s %s\n", c->usage, c->summary);
    fprintf(
        out,
        "\nIn a minute, with nothing kept and nothing left behind:\n"
        "  tailrace run --source postgresql://user@127.0.0.1/shop --tables 'public.*'\n\n"
        "'tailrace COMMAND --help' tells the options of a command.\n"
        "Exit codes: 0 done, 1 error (retry may help), 2 usage or configuration, 3 gap, 4 fenced, 5 data not "
        "understood.\n");
}

static int unknown_command(const char *word) {
    const struct command *c;
    const char *names[16];
    const char *near;
    size_t n = 0;

    while (n < 16 && (c = registry_command_at(n))) names[n++] = c->name;
    near = suggest_nearest(word, names, n);
    fprintf(stderr, "tailrace: unknown command \"%s\"%s%s%s; 'tailrace --help' lists them\n", word,
            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return EXIT_USAGE;
}

int main(int argc, char **argv) {
    const struct command *c;

    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) return cmd_version(argc - 1, argv + 1);
    c = registry_command(argv[1]);
    return c ? c->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}
