/* SPDX-License-Identifier: MIT */
/* The kernels there are; private to scan*.c. */
#ifndef LIB_TEXT_SCAN_KERNELS_H
#define LIB_TEXT_SCAN_KERNELS_H

#include "lib/text/scan.h"

extern const struct scan_kernel scan_kernel_portable;
#if defined(__x86_64__)
extern const struct scan_kernel scan_kernel_sse2, scan_kernel_avx2, scan_kernel_avx512;
#endif

#endif
