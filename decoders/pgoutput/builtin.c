#include "decoders/pgoutput/builtin.h"

#include <string.h>

#include "decoders/pgoutput/catalog.h"

/* OID, OID of the array type, name, SQL name, parser and kind; types of PostgreSQL 14 to 18. */
static const struct builtin_type builtins[] = {
    {16, 1000, "bool", "boolean", {text_bool, VALUE_BOOL, ',', NULL}},
    {17, 1001, "bytea", NULL, {text_bytea, VALUE_BYTES, ',', NULL}},
    {18, 1002, "char", "\"char\"", {text_plain, VALUE_TEXT, ',', NULL}},
    {19, 1003, "name", NULL, {text_plain, VALUE_TEXT, ',', NULL}},
    {20, 1016, "int8", "bigint", {text_int8, VALUE_INT, ',', NULL}},
    {21, 1005, "int2", "smallint", {text_int2, VALUE_INT, ',', NULL}},
    {22, 1006, "int2vector", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {23, 1007, "int4", "integer", {text_int4, VALUE_INT, ',', NULL}},
    {24, 1008, "regproc", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {25, 1009, "text", NULL, {text_plain, VALUE_TEXT, ',', NULL}},
    {26, 1028, "oid", NULL, {text_uint4, VALUE_UINT, ',', NULL}},
    {27, 1010, "tid", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {28, 1011, "xid", NULL, {text_uint4, VALUE_UINT, ',', NULL}},
    {29, 1012, "cid", NULL, {text_uint4, VALUE_UINT, ',', NULL}},
    {30, 1013, "oidvector", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {114, 199, "json", NULL, {text_plain, VALUE_JSON, ',', NULL}},
    {142, 143, "xml", NULL, {text_plain, VALUE_TEXT, ',', NULL}},
    {194, 0, "pg_node_tree", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {600, 1017, "point", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {601, 1018, "lseg", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {602, 1019, "path", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {603, 1020, "box", NULL, {text_plain, VALUE_OTHER, ';', NULL}},
    {604, 1027, "polygon", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {628, 629, "line", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {650, 651, "cidr", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {700, 1021, "float4", "real", {text_float4, VALUE_FLOAT, ',', NULL}},
    {701, 1022, "float8", "double precision", {text_float8, VALUE_DOUBLE, ',', NULL}},
    {718, 719, "circle", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {774, 775, "macaddr8", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {790, 791, "money", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {829, 1040, "macaddr", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {869, 1041, "inet", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {1033, 1034, "aclitem", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {1042, 1014, "bpchar", "character", {text_plain, VALUE_TEXT, ',', NULL}},
    {1043, 1015, "varchar", "character varying", {text_plain, VALUE_TEXT, ',', NULL}},
    {1082, 1182, "date", NULL, {text_date, VALUE_DATE, ',', NULL}},
    {1083, 1183, "time", "time without time zone", {text_time, VALUE_TIME, ',', NULL}},
    {1114, 1115, "timestamp", "timestamp without time zone", {text_timestamp, VALUE_TIMESTAMP, ',', NULL}},
    {1184, 1185, "timestamptz", "timestamp with time zone", {text_timestamptz, VALUE_TIMESTAMPTZ, ',', NULL}},
    {1186, 1187, "interval", NULL, {text_interval, VALUE_INTERVAL, ',', NULL}},
    {1266, 1270, "timetz", "time with time zone", {text_timetz, VALUE_TIMETZ, ',', NULL}},
    {1560, 1561, "bit", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {1562, 1563, "varbit", "bit varying", {text_plain, VALUE_OTHER, ',', NULL}},
    {1700, 1231, "numeric", NULL, {text_numeric, VALUE_DECIMAL, ',', NULL}},
    {1790, 2201, "refcursor", NULL, {text_plain, VALUE_TEXT, ',', NULL}},
    {2202, 2207, "regprocedure", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {2203, 2208, "regoper", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {2204, 2209, "regoperator", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {2205, 2210, "regclass", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {2206, 2211, "regtype", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {2950, 2951, "uuid", NULL, {text_uuid, VALUE_UUID, ',', NULL}},
    {2970, 2949, "txid_snapshot", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3220, 3221, "pg_lsn", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3614, 3643, "tsvector", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3615, 3645, "tsquery", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3642, 3644, "gtsvector", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3734, 3735, "regconfig", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3769, 3770, "regdictionary", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3802, 3807, "jsonb", NULL, {text_plain, VALUE_JSON, ',', NULL}},
    {3904, 3905, "int4range", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3906, 3907, "numrange", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3908, 3909, "tsrange", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3910, 3911, "tstzrange", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3912, 3913, "daterange", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {3926, 3927, "int8range", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {4072, 4073, "jsonpath", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {4089, 4090, "regnamespace", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {4096, 4097, "regrole", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {4191, 4192, "regcollation", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {4451, 6150, "int4multirange", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {4532, 6151, "nummultirange", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {4533, 6152, "tsmultirange", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {4534, 6153, "tstzmultirange", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {4535, 6155, "datemultirange", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {4536, 6157, "int8multirange", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {5038, 5039, "pg_snapshot", NULL, {text_plain, VALUE_OTHER, ',', NULL}},
    {5069, 271, "xid8", NULL, {text_uint8, VALUE_UINT, ',', NULL}},
};

#define NBUILTINS (sizeof(builtins) / sizeof(builtins[0]))

const struct builtin_type *builtin_by_oid(uint32_t oid, bool *is_array) {
    for (size_t i = 0; i < NBUILTINS && oid; i++) {
        *is_array = builtins[i].array == oid;
        if (builtins[i].oid == oid || *is_array) return &builtins[i];
    }
    return NULL;
}

const struct builtin_type *builtin_by_name(const char *name) {
    for (size_t i = 0; i < NBUILTINS; i++)
        if (strcmp(builtins[i].name, name) == 0) return &builtins[i];
    return NULL;
}

bool pgoutput_builtin_type(uint32_t oid) {
    bool is_array;
    return builtin_by_oid(oid, &is_array) != NULL;
}

enum { BPCHAR = 1042, VARCHAR = 1043, TIME = 1083, TIMESTAMP = 1114, TIMESTAMPTZ = 1184 };
enum { INTERVAL = 1186, TIMETZ = 1266, BIT = 1560, VARBIT = 1562, NUMERIC = 1700 };

/* numeric: precision in the high half, scale in the low 11 bits, signed; both 4 more than stored elsewhere.
 */
static void format_numeric(int32_t type_mod, struct buf *out) {
    uint32_t m = (uint32_t)type_mod - 4;
    int scale = (int)((m & 0x7ff) ^ 1024) - 1024;
    buf_printf(out, "numeric(%u,%d)", m >> 16 & 0xffff, scale);
}

/* time(3) with time zone: the precision stands behind the first word. */
static void format_time(const char *sql_name, int32_t type_mod, struct buf *out) {
    size_t word = strcspn(sql_name, " ");
    buf_put(out, sql_name, word);
    buf_printf(out, "(%d)%s", type_mod, sql_name + word);
}

/* interval: the fields as a bit mask in the high half, the precision in the low one. */
static void format_interval(int32_t type_mod, struct buf *out) {
    enum { MONTH = 1 << 1, YEAR = 1 << 2, DAY = 1 << 3, HOUR = 1 << 10, MINUTE = 1 << 11, SECOND = 1 << 12 };
    static const struct {
        int mask;
        const char *fields;
    } ranges[] = {
        {YEAR, " year"},
        {MONTH, " month"},
        {DAY, " day"},
        {HOUR, " hour"},
        {MINUTE, " minute"},
        {SECOND, " second"},
        {YEAR | MONTH, " year to month"},
        {DAY | HOUR, " day to hour"},
        {DAY | HOUR | MINUTE, " day to minute"},
        {DAY | HOUR | MINUTE | SECOND, " day to second"},
        {HOUR | MINUTE, " hour to minute"},
        {HOUR | MINUTE | SECOND, " hour to second"},
        {MINUTE | SECOND, " minute to second"},
    };
    const int mask = type_mod >> 16 & 0x7fff;
    const int precision = type_mod & 0xffff;
    buf_puts(out, "interval");
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (ranges[i].mask == mask) buf_puts(out, ranges[i].fields);
    if (precision != 0xffff) buf_printf(out, "(%d)", precision);
}

void builtin_format(const struct builtin_type *t, int32_t type_mod, struct buf *out) {
    const char *name = t->sql_name ? t->sql_name : t->name;
    if (type_mod < 0) {
        /* Without a length these two mean something else than their SQL names do. */
        if (t->oid == BPCHAR) name = "bpchar";
        if (t->oid == BIT) name = "\"bit\"";
        buf_puts(out, name);
        return;
    }
    switch (t->oid) {
    case BPCHAR:
    case VARCHAR: buf_printf(out, "%s(%d)", name, type_mod - 4); break;
    case BIT:
    case VARBIT: buf_printf(out, "%s(%d)", name, type_mod); break;
    case TIME:
    case TIMETZ:
    case TIMESTAMP:
    case TIMESTAMPTZ: format_time(name, type_mod, out); break;
    case INTERVAL: format_interval(type_mod, out); break;
    case NUMERIC: format_numeric(type_mod, out); break;
    default: buf_puts(out, name); break;
    }
}
