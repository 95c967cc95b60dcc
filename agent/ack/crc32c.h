/*
 * crc32c: the Castagnoli checksum, for small files of ours.
 */
#ifndef TAILRACE_AGENT_ACK_CRC32C_H
#define TAILRACE_AGENT_ACK_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C of `len` bytes. */
uint32_t crc32c(const void *data, size_t len);

#endif
