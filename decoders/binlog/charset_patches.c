/*
 * charset_patches: where the servers' multi-byte character sets differ from the C library's.
 *
 * Written by charset_tables.py from 10.11.19-MariaDB-0+deb12u1, 9.7.4-2, 11.4.5-MariaDB-log.
 */
#include "decoders/binlog/charset_tables.h"

static const struct charset_patch big5_patches[] = {
    {0, 1, 0x0000},      {8645, 1, 0x2022},   {8654, 1, 0xff64},   {8666, 1, 0x0000},   {8770, 1, 0x203e},
    {8771, 1, 0x0000},   {8773, 1, 0x0000},   {8803, 1, 0x223c},   {8818, 1, 0x2641},   {8819, 1, 0x2609},
    {8830, 1, 0x0000},   {8896, 1, 0x0000},   {8897, 1, 0xff0f},   {8898, 1, 0xff3c},   {8900, 1, 0x00a5},
    {8902, 2, 0x00a2},   {9036, 1, 0x0000},   {9038, 1, 0x0000},   {9313, 1, 0x0000},   {18209, 1, 0x30fe},
    {18210, 2, 0x309d},  {18212, 1, 0x3005},  {18213, 83, 0x3041}, {18296, 7, 0x30a1},  {18368, 63, 0x30a8},
    {18465, 16, 0x30e7}, {18481, 2, 0x0414},  {18483, 1, 0x0401},  {18484, 7, 0x0416},  {18491, 19, 0x0423},
    {18510, 1, 0x0451},  {18511, 26, 0x0436}, {18537, 10, 0x2460}, {18547, 10, 0x2474}, {18557, 2, 0x0000},
    {18624, 63, 0x0000}, {18721, 94, 0x0000}, {31325, 34, 0x0000},
};

/* 13710 characters. */
const struct charset_multi charset_big5 = {"BIG5", CHARSET_PAIRS, UINT64_C(0x1c6c67e17135559f), big5_patches,
                                           sizeof(big5_patches) / sizeof(big5_patches[0])};

/* 9667 characters. */
const struct charset_multi charset_cp932 = {"CP932", CHARSET_PAIRS, UINT64_C(0x4212ac796e0f03d9), NULL, 0};

static const struct charset_patch eucjpms_patches[] = {
    {0, 14, 0x0000},
    {16, 16, 0x0000},
};

/* 15078 characters. */
const struct charset_multi charset_eucjpms = {"EUC-JP-MS", CHARSET_TRIPLES, UINT64_C(0x6f0dce86b7a7d92e),
                                              eucjpms_patches,
                                              sizeof(eucjpms_patches) / sizeof(eucjpms_patches[0])};

/* 17048 characters. */
const struct charset_multi charset_euckr = {"CP949", CHARSET_PAIRS, UINT64_C(0x954f521f1f09c108), NULL, 0};

static const struct charset_patch gb18030_patches[] = {
    {10073, 7, 0xe78d}, {10092, 2, 0xe794},  {10099, 1, 0xe796}, {10556, 1, 0x1e3f}, {10559, 1, 0x01f9},
    {10761, 1, 0x303e}, {10762, 12, 0x2ff0}, {32464, 1, 0x2e81}, {32465, 3, 0xe816}, {32468, 1, 0x2e84},
    {32469, 1, 0x3473}, {32470, 1, 0x3447},  {32471, 1, 0x2e88}, {32472, 1, 0x2e8b}, {32473, 1, 0xe81e},
    {32474, 1, 0x359e}, {32475, 1, 0x361a},  {32476, 1, 0x360e}, {32477, 1, 0x2e8c}, {32478, 1, 0x2e97},
    {32479, 1, 0x396e}, {32480, 1, 0x3918},  {32481, 1, 0xe826}, {32482, 1, 0x39cf}, {32483, 1, 0x39df},
    {32484, 1, 0x3a73}, {32485, 1, 0x39d0},  {32486, 2, 0xe82b}, {32488, 1, 0x3b4e}, {32489, 1, 0x3c6e},
    {32490, 1, 0x3ce0}, {32491, 1, 0x2ea7},  {32492, 2, 0xe831}, {32494, 1, 0x2eaa}, {32495, 1, 0x4056},
    {32496, 1, 0x415f}, {32497, 1, 0x2eae},  {32498, 1, 0x4337}, {32499, 1, 0x2eb3}, {32500, 2, 0x2eb6},
    {32502, 1, 0xe83b}, {32503, 1, 0x43b1},  {32504, 1, 0x43ac}, {32505, 1, 0x2ebb}, {32506, 1, 0x43dd},
    {32507, 1, 0x44d6}, {32508, 1, 0x4661},  {32509, 1, 0x464c}, {32510, 1, 0xe843}, {32511, 1, 0x0000},
    {32512, 1, 0x4723}, {32513, 1, 0x4729},  {32514, 1, 0x477c}, {32515, 1, 0x478d}, {32516, 1, 0x2eca},
    {32517, 1, 0x4947}, {32518, 1, 0x497a},  {32519, 1, 0x497d}, {32520, 2, 0x4982}, {32522, 2, 0x4985},
    {32524, 1, 0x499f}, {32525, 1, 0x499b},  {32526, 1, 0x49b7}, {32527, 1, 0x49b6}, {32528, 2, 0xe854},
    {32530, 1, 0x4ca3}, {32531, 3, 0x4c9f},  {32534, 1, 0x4c77}, {32535, 1, 0x4ca2}, {32536, 7, 0x4d13},
    {32543, 1, 0x4dae}, {32544, 1, 0xe864},  {40353, 1, 0xe7c7}, {51953, 8, 0x9fb4}, {71972, 10, 0xfe10},
};

/* 1111936 characters. */
const struct charset_multi charset_gb18030 = {"GB18030", CHARSET_QUADS, UINT64_C(0x04b123cb6cfe1a89),
                                              gb18030_patches,
                                              sizeof(gb18030_patches) / sizeof(gb18030_patches[0])};

/* 7445 characters. */
const struct charset_multi charset_gb2312 = {"EUC-CN", CHARSET_PAIRS, UINT64_C(0xff183db6168a2511), NULL, 0};

static const struct charset_patch gbk_patches[] = {
    {0, 1, 0x0000},
};

/* 21791 characters. */
const struct charset_multi charset_gbk = {"GBK", CHARSET_PAIRS, UINT64_C(0xba08192a30748a5d), gbk_patches,
                                          sizeof(gbk_patches) / sizeof(gbk_patches[0])};

static const struct charset_patch sjis_patches[] = {
    {479, 1, 0x005c},
};

/* 6942 characters. */
const struct charset_multi charset_sjis = {"SJIS", CHARSET_PAIRS, UINT64_C(0xefc46115b8448a2b), sjis_patches,
                                           sizeof(sjis_patches) / sizeof(sjis_patches[0])};

static const struct charset_patch ujis_patches[] = {
    {0, 14, 0x0000},     {16, 16, 0x0000},   {8768, 1, 0x005c},  {8769, 1, 0x301c},   {8770, 1, 0x2016},
    {8797, 1, 0x2212},   {8817, 2, 0x00a2},  {9036, 1, 0x00ac},  {11809, 30, 0x0000}, {11840, 23, 0x0000},
    {11871, 30, 0x0000}, {37303, 1, 0x007e}, {37315, 1, 0x00a6}, {47731, 12, 0x0000}, {47777, 94, 0x0000},
};

/* 14889 characters. */
const struct charset_multi charset_ujis = {"EUC-JP-MS", CHARSET_TRIPLES, UINT64_C(0xd03fe96f2cd325db),
                                           ujis_patches, sizeof(ujis_patches) / sizeof(ujis_patches[0])};
