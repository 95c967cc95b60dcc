/*
 * customer_schema: the published CustomerEvent as tables: its parts, and their fields by name.
 *
 * Everything comes out of the descriptors that protoc generated, so it cannot differ from the schema.
 */
#ifndef TAILRACE_AGENT_ENCODE_CUSTOMER_SCHEMA_H
#define TAILRACE_AGENT_ENCODE_CUSTOMER_SCHEMA_H

#include <protobuf-c/protobuf-c.h>

#include "agent/event/event.h"

/* Field numbers of CustomerEvent outside its parts; a test compares them with the schema. */
enum customer_field {
    CUSTOMER_ID = 1,
    CUSTOMER_VERSION = 2,
    CUSTOMER_ORD = 3,
    CUSTOMER_SOURCE = 4,
    CUSTOMER_TABLE = 5,
    CUSTOMER_POS = 6,
    CUSTOMER_COMMIT_US = 7,
    CUSTOMER_OPERATION = 8,
    CUSTOMER_KEY = 9,
    CUSTOMER_ITEM = 10,
    CUSTOMER_CHANGED = 17,
    CUSTOMER_CHANGES_KNOWN = 18,
    CUSTOMER_NULL = 19,
    CUSTOMER_UNCHANGED = 20,
    CUSTOMER_MASKED = 21,
    CUSTOMER_OMITTED = 22,
    CUSTOMER_INVALID = 23,
    CUSTOMER_TRUTH = 24,
    CUSTOMER_FIELD_TRUTH = 25,
};

#define CUSTOMER_LAYOUT_VERSION 1
#define CUSTOMER_PARTS 6

/* One part: its field in CustomerEvent, and its message. */
struct customer_part {
    const ProtobufCFieldDescriptor *field;
    const ProtobufCMessageDescriptor *message;
    bool open; /* attributes: any name, values of any type */
};

/* The part of that name, or with that field number; NULL when there is none. */
const struct customer_part *customer_part_by_name(const char *name);
const struct customer_part *customer_part_by_number(uint32_t number);

#endif
