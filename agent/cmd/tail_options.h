/*
 * tail_options: the command line of `tailrace tail`.
 */
#ifndef TAILRACE_AGENT_CMD_TAIL_OPTIONS_H
#define TAILRACE_AGENT_CMD_TAIL_OPTIONS_H

#include "agent/cmd/tail_record.h"
#include "agent/config/config.h"
#include "decoders/err.h"

struct tail_options {
    const char *brokers; /* NULL: files */
    const char **names;  /* topics, or files; "-" is standard input */
    size_t nnames;
    int64_t from; /* KAFKA_CONSUMER_BEGINNING, _END, or how many of the last records per partition */
    bool until_end;
    bool json;
    bool full;
    const char *fold; /* a key, or NULL */
    uint64_t count;   /* events to show, 0: all */
    enum tail_form form;
    struct config_pair *properties; /* librdkafka's */
    size_t nproperties;
    struct config_secret *secrets; /* of properties that name a file or a variable */
    struct arena copies;           /* of values that were wiped from the command line */
};

/* Reads the arguments behind the command's name. ERR_CONFIG says what is wrong and what would be right;
 * secrets are wiped from `argv`. Release it also after an error. */
int tail_options_parse(int argc, char **argv, struct tail_options *o, struct err *e);
void tail_options_release(struct tail_options *o);

/* What `tailrace tail --help` says behind the usage line. */
extern const char tail_options_help[];

#endif
