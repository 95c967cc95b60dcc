#include "decoders/binlog/table_key.h"

#include <string.h>

size_t table_key(struct text database, struct text table, char key[TABLE_KEY_MAX]) {
    if (database.len > TABLE_NAME_MAX || table.len > TABLE_NAME_MAX) return 0;
    if (database.len) memcpy(key, database.ptr, database.len);
    key[database.len] = '\0';
    if (table.len) memcpy(key + database.len + 1, table.ptr, table.len);
    return database.len + 1 + table.len;
}
