#include "agent/sink/kafka_outage.h"

#include <stdio.h>
#include <string.h>

#include "agent/base/log.h"

#define REMIND_US INT64_C(60000000)
#define SINGLE_US INT64_C(30000000)
#define HOPELESS_US INT64_C(10000000)
#define SILENCE_US INT64_C(10000000)

void kafka_outage_init(struct kafka_outage *o, const struct clock *clock, const char *source) {
    *o = (struct kafka_outage){.clock = clock, .source = source};
}

static bool is_refusal(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL ||
           code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED;
}

static void say_down(struct kafka_outage *o, int64_t now) {
    bool first = o->said_us < o->down_us;

    o->said_us = now;
    if (first)
        log_kv(LOG_WARN, o->source, "no Kafka broker is reachable: waiting", "reason", o->reason, NULL);
    else
        log_msg(LOG_WARN, o->source, "no Kafka broker is reachable for %lld s: still waiting; %s",
                (long long)((now - o->down_us) / 1000000), o->reason);
}

void kafka_outage_error(struct kafka_outage *o, rd_kafka_resp_err_t code, const char *reason) {
    int64_t now = clock_monotonic_us(o->clock);

    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        if (!o->down_us) o->down_us = now;
    } else {
        snprintf(o->reason, sizeof o->reason, "%s", reason);
    }
    if (is_refusal(code) && !o->refused_us) o->refused_us = now;
    if (!*o->reason) return; /* it follows */
    if (o->down_us) {
        if (o->said_us < o->down_us || now - o->said_us >= REMIND_US) say_down(o, now);
    } else if (o->reached && (!o->said_us || now - o->said_us >= SINGLE_US)) {
        o->said_us = now;
        log_kv(LOG_WARN, o->source, "trouble with a Kafka broker", "reason", o->reason, NULL);
    }
}

void kafka_outage_wait(struct kafka_outage *o) {
    int64_t now = clock_monotonic_us(o->clock);

    if (!o->silent_us) o->silent_us = now;
    if (o->reached || now - o->silent_us < SILENCE_US) return;
    if (!o->down_us) o->down_us = o->silent_us;
    if (!*o->reason)
        snprintf(o->reason, sizeof o->reason,
                 "nothing was heard: see that sink.brokers leads to a listener for clients, and that "
                 "security.protocol is the one it speaks");
    if (o->said_us < o->down_us || now - o->said_us >= REMIND_US) say_down(o, now);
}

void kafka_outage_answer(struct kafka_outage *o) {
    o->reached = true;
    o->silent_us = 0;
    o->refused_us = 0;
    o->reason[0] = '\0';
    if (!o->down_us) return;
    if (o->said_us >= o->down_us)
        log_msg(LOG_INFO, o->source, "Kafka is reachable again after %lld s",
                (long long)((clock_monotonic_us(o->clock) - o->down_us) / 1000000));
    o->down_us = 0;
    o->said_us = 0;
}

bool kafka_outage_hopeless(const struct kafka_outage *o, struct err *e) {
    if (o->reached || !o->refused_us) return false;
    if (clock_monotonic_us(o->clock) - o->refused_us < HOPELESS_US) return false;
    err_set(e, ERR_CONFIG,
            "Kafka does not let us in: %s. Check security.protocol, sasl.* and ssl.* under sink.kafka",
            o->reason);
    return true;
}
