#include "agent/encode/customer_schema.h"

#include <pthread.h>
#include <string.h>

#include "agent/encode/encoder.h"
#include "tailrace/customer/v1/customer.pb-c.h"

#define MAX_FIELDS 256 /* of all parts together */

static const char *const lists[] = {"location", "participation", "purchase"};

static struct customer_part parts[CUSTOMER_PARTS];
static struct entity_part entity_parts[CUSTOMER_PARTS];
static const char *names[MAX_FIELDS];
static struct entity_schema schema = {.entity = "customer", .parts = entity_parts};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool is_list(const char *name) {
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (strcmp(lists[i], name) == 0) return true;
    return false;
}

/* Describes the part that stands in field `f`; its names go behind the `*used` ones. */
static void describe(const ProtobufCFieldDescriptor *f, size_t *used) {
    const ProtobufCMessageDescriptor *m = f->descriptor;
    bool open = m == &tailrace__customer__v1__attributes__descriptor;
    struct entity_part *p = &entity_parts[schema.nparts];
    parts[schema.nparts++] = (struct customer_part){.field = f, .message = m, .open = open};
    *p = (struct entity_part){.name = f->name, .list = is_list(f->name), .open = open};
    if (open) return;
    p->fields = names + *used;
    for (unsigned i = 0; i < m->n_fields && *used < MAX_FIELDS; i++, p->nfields++)
        names[(*used)++] = m->fields[i].name;
}

/* Parts are the members of the oneof `part`. */
static void build(void) {
    const ProtobufCMessageDescriptor *m = &tailrace__customer__v1__customer_event__descriptor;
    size_t used = 0;
    for (unsigned i = 0; i < m->n_fields && schema.nparts < CUSTOMER_PARTS; i++) {
        const ProtobufCFieldDescriptor *f = &m->fields[i];
        if (f->type == PROTOBUF_C_TYPE_MESSAGE && f->label != PROTOBUF_C_LABEL_REPEATED) describe(f, &used);
    }
}

const struct entity_schema *encoder_customer_schema(void) {
    pthread_once(&once, build);
    return &schema;
}

const struct customer_part *customer_part_by_name(const char *name) {
    pthread_once(&once, build);
    for (size_t i = 0; i < schema.nparts; i++)
        if (strcmp(parts[i].field->name, name) == 0) return &parts[i];
    return NULL;
}

const struct customer_part *customer_part_by_number(uint32_t number) {
    pthread_once(&once, build);
    for (size_t i = 0; i < schema.nparts; i++)
        if (parts[i].field->id == number) return &parts[i];
    return NULL;
}
