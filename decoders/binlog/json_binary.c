#include "decoders/binlog/json_binary.h"

#include "decoders/binlog/json_node.h"

int json_put(const struct json_node *n, unsigned depth, struct buf *out, struct err *e) {
    if (n->kind != JSON_OBJECT && n->kind != JSON_ARRAY) return json_put_scalar(n, out, e);
    if (depth == JSON_BINARY_DEPTH) return json_malformed(n->doc, n->data, "nested too deeply", e);
    buf_putc(out, n->kind == JSON_OBJECT ? '{' : '[');
    for (uint32_t i = 0; i < n->count; i++) {
        struct json_node item;
        struct text key;
        if (json_item(n, i, &key, &item, e) != 0) return -1;
        if (i) buf_put(out, ", ", 2);
        if (n->kind == JSON_OBJECT) {
            json_put_string(key.ptr, key.len, out);
            buf_put(out, ": ", 2);
        }
        if (json_put(&item, depth + 1, out, e) != 0) return -1;
    }
    buf_putc(out, n->kind == JSON_OBJECT ? '}' : ']');
    return 0;
}

int json_binary_text(const void *doc, size_t len, struct buf *out, struct err *e) {
    const size_t before = out->len;
    struct json_doc d;
    struct json_node root;
    if (json_root(&d, doc, len, &root, e) == 0 && json_put(&root, 0, out, e) == 0) {
        if (!buf_failed(out)) return 0;
        err_memory(e, "the text of a JSON document");
    }
    if (out->len > before) out->len = before;
    return -1;
}
