/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over the files of directories given (and the empty input) without a fuzzer, so
 * that every find of the past is a test. Prints TAP; a crash ends it early, which counts. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static int tests, failures;

/* In a block of exactly this size, so that a sanitizer sees the first byte too many. */
static void run(const char *name, const uint8_t *bytes, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);

	if (!exact)
		abort();
	if (n)
		memcpy(exact, bytes, n);
	printf("# %s\n", name);
	fflush(stdout);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	printf("ok %d - %s\n", ++tests, name);
}

static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t n = 0, cap = 0;

	while (f && !feof(f) && !ferror(f)) {
		if (n == cap && !(bytes = realloc(bytes, cap = cap ? cap * 2 : 65536)))
			abort();
		n += fread(bytes + n, 1, cap - n, f);
	}
	if (f && !ferror(f)) {
		run(path, bytes, n);
	} else {
		failures++;
		printf("not ok %d - %s: %s\n", ++tests, path, strerror(errno));
	}
	if (f)
		fclose(f);
	free(bytes);
}

static void run_directory(const char *path)
{
	struct dirent **entry;
	char *name;
	int n = scandir(path, &entry, NULL, alphasort);

	if (n < 0) {
		failures++;
		printf("not ok %d - %s: %s\n", ++tests, path, strerror(errno));
	}
	for (int i = 0; i < n; i++) {
		if (entry[i]->d_name[0] != '.') {
			if (asprintf(&name, "%s/%s", path, entry[i]->d_name) < 0)
				abort();
			run_file(name);
			free(name);
		}
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
}

int main(int argc, char **argv)
{
	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	run("(empty)", NULL, 0);
	for (int i = 1; i < argc; i++)
		run_directory(argv[i]);
	printf("1..%d\n", tests);
	return failures != 0;
}
