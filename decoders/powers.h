/*
 * powers: the powers of ten that fit 64 bits, for those who read or write decimal numbers.
 */
#ifndef TAILRACE_DECODERS_POWERS_H
#define TAILRACE_DECODERS_POWERS_H

#include <stdint.h>

#define POWERS_COUNT 20 /* 10^0 to 10^19 */

extern const uint64_t powers_of_ten[POWERS_COUNT];

#endif
