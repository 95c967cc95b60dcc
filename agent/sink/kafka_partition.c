#include "agent/sink/kafka_partition.h"

#include "agent/base/log.h"

#define SPREAD 512u /* records without a key before the next partition's turn */

/* The thread that produces, or librdkafka's own when it learns of partitions later. */
static int32_t on_partition(const rd_kafka_topic_t *rd, const void *key, size_t len, int32_t count,
                            void *opaque, void *msg_opaque) {
    struct kafka_partition *p = opaque;

    if (atomic_load_explicit(&p->seen, memory_order_relaxed) != count) atomic_store(&p->seen, count);
    return rd_kafka_msg_partitioner_murmur2_random(rd, key, len, count, opaque, msg_opaque);
}

int kafka_partition_open(struct kafka_partition *p, rd_kafka_t *rd, const char *topic, struct err *e) {
    rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(rd);

    if (!conf) return err_memory(e, "a topic");
    rd_kafka_topic_conf_set_opaque(conf, p);
    rd_kafka_topic_conf_set_partitioner_cb(conf, on_partition);
    p->rd = rd_kafka_topic_new(rd, topic, conf);
    if (p->rd) return 0;
    return err_set(e, ERR_CONFIG, "topic %s cannot be used: %s", topic,
                   rd_kafka_err2str(rd_kafka_last_error()));
}

void kafka_partition_close(struct kafka_partition *p) {
    if (p->rd) rd_kafka_topic_destroy(p->rd);
    p->rd = NULL;
}

void kafka_partition_set(struct kafka_partition *p, int32_t count) {
    p->count = count;
    atomic_store(&p->seen, count);
}

int32_t kafka_partition_for(struct kafka_partition *p, const struct sink_record *r) {
    if (r->partition != SINK_PARTITION_BY_KEY) return r->partition;
    if (r->key.ptr) return RD_KAFKA_PARTITION_UA;
    return (int32_t)(p->unkeyed++ / SPREAD % (uint32_t)p->count);
}

void kafka_partition_say(struct kafka_partition *p, const char *source) {
    int32_t now = atomic_load(&p->seen);

    if (now == p->count) return;
    log_msg(
        LOG_WARN, source,
        "topic %s has %d partitions now, had %d: keys move to other partitions from here on, and their order "
        "holds only within each",
        rd_kafka_topic_name(p->rd), now, p->count);
    p->count = now;
}
