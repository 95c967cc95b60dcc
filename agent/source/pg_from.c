#include "agent/source/pg_from.h"

#include <string.h>

#include "agent/source/pg_text.h"

int pg_from(const char *from, const struct pg_slot *slot, uint64_t server_end, uint64_t *position,
            struct err *e) {
    char first[PG_LSN_TEXT], end[PG_LSN_TEXT];
    uint64_t wanted;

    if (!from) return 0;
    if (strcmp(from, "now") == 0) {
        if (slot->exists) *position = server_end;
        return 0;
    }
    if (!pg_lsn_parse(from, &wanted))
        return err_set(e, ERR_CONFIG, "--from %s is neither \"now\" nor a position like 0/1A2B3C", from);
    pg_lsn_format(slot->confirmed, first);
    pg_lsn_format(server_end, end);
    if (!slot->exists)
        return err_set(
            e, ERR_CONFIG,
            "--from %s: there is no slot yet, and a new one gives nothing of before (the log ends at %s): "
            "use --from now",
            from, end);
    if (wanted < slot->confirmed || wanted > server_end)
        return err_set(e, ERR_CONFIG, "--from %s: the slot \"%s\" can give what lies between %s and %s", from,
                       slot->name, first, end);
    *position = wanted;
    return 0;
}
