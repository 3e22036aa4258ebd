/* SPDX-License-Identifier: MIT */
#include "lib/text/scan.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text/scan_kernels.h"

#if defined(__x86_64__)
static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

static bool has_avx512(void)
{
	return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
		__builtin_cpu_supports("avx512vbmi2");
}
#endif

static bool has_portable(void)
{
	return true;
}

static const struct {
	const struct scan_kernel *kernel;
	bool (*is_there)(void);
} kernels[] = {         /* best first */
#if defined(__x86_64__)
	{ &scan_kernel_avx512, has_avx512 },
	{ &scan_kernel_avx2, has_avx2 },
	{ &scan_kernel_sse2, has_portable },
#endif
	{ &scan_kernel_portable, has_portable },
};

static const struct scan_kernel *find(const char *name)
{
	for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
		if ((!name || strcmp(kernels[i].kernel->name, name) == 0) && kernels[i].is_there())
			return kernels[i].kernel;
	return NULL;
}

const struct scan_kernel *scan_kernel(const char *name)
{
	const struct scan_kernel *k = NULL;
	const char *wanted;

	if (name)
		return find(name);
	wanted = getenv("WEIR_SCAN");
	if (wanted)
		k = find(wanted);
	return k ? k : find(NULL);
}
