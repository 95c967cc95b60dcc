#include "agent/sink/kafka_error.h"

enum kafka_verdict kafka_verdict(rd_kafka_resp_err_t code) {
    switch (code) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_UNKNOWN: return KAFKA_RETRY;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: return KAFKA_MISSING;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE: return KAFKA_DENIED;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT: return KAFKA_REFUSED;
    default: return KAFKA_BROKEN;
    }
}

/* What a person can do about a record that is refused for good; NULL: nothing known. */
static const char *remedy(rd_kafka_resp_err_t code) {
    switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        return "raise the topic's max.message.bytes (and the brokers' replica.fetch.max.bytes), or lower "
               "sink.kafka.batch.size when it was lowered";
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        return "a compacted topic takes no records without a key: give the table a key, say sink.tombstones: "
               "true, under which a TRUNCATE has one too, or set the topic's cleanup.policy to delete";
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
        return "the record's commit time lies outside what the topic takes: raise its "
               "message.timestamp.before.max.ms";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        return "grant it: kafka-acls.sh --add --producer --allow-principal User:NAME --topic TOPIC";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return "grant it: kafka-acls.sh --add --allow-principal User:NAME --operation IdempotentWrite "
               "--cluster";
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
        return "set sink.kafka.compression.type to another one";
    default: return "see the broker's log and the topic's settings";
    }
}

int kafka_error_delivery(struct err *e, rd_kafka_resp_err_t code, const char *topic, size_t bytes) {
    switch (kafka_verdict(code)) {
    case KAFKA_REFUSED:
    case KAFKA_DENIED:
        return err_set(e, ERR_CONFIG, "topic %s refuses a record of %zu bytes, or the batch it is in: %s; %s",
                       topic, bytes, rd_kafka_err2str(code), remedy(code));
    case KAFKA_MISSING:
        return err_set(e, ERR_CONFIG,
                       "topic %s is not there any more, or lost partitions: somebody deleted it while it was "
                       "written to. When that was meant, start again: the topic is made anew",
                       topic);
    default:
        err_set(e, ERR_IO, "topic %s: a record could not be delivered: %s", topic, rd_kafka_err2str(code));
        if (e) e->fatal = true;
        return -1;
    }
}

bool kafka_error_is_consequence(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__FATAL || code == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
           code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT || code == RD_KAFKA_RESP_ERR__DESTROY ||
           code == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE;
}
