#include "agent/ack/crc32c.h"

#define POLYNOMIAL UINT32_C(0x82f63b78) /* reflected */

uint32_t crc32c(const void *data, size_t len) {
    const uint8_t *p = data;
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
    }
    return ~crc;
}
