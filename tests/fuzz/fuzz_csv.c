/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return split_all(FORMAT_CSV, data, size);
}
