/* SPDX-License-Identifier: MIT */
#include "speed/cdc/file/file_set.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/buf.h"
#include "lib/base/diag.h"
#include "lib/base/mem.h"

bool file_name_is_pattern(const char *name)
{
	return strpbrk(name, "*?[") != NULL;
}

static int by_age(const void *a, const void *b)
{
	const struct file_entry *x = a, *y = b;

	if (x->is_named != y->is_named)
		return x->is_named ? 1 : -1;
	if (x->mtime_ns != y->mtime_ns)
		return x->mtime_ns < y->mtime_ns ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* A hard link is the same file. */
static bool has(const struct file_set *s, const struct stat *st)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->of[i].dev == st->st_dev && s->of[i].ino == st->st_ino)
			return true;
	return false;
}

static void add(struct file_set *s, const char *path, bool is_named)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || has(s, &st))
		return;
	s->of = mem_array(s->of, s->n + 1, sizeof *s->of);
	s->of[s->n++] = (struct file_entry){
		.path = mem_text(span_of(path)), .dev = st.st_dev, .ino = st.st_ino,
		.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec, .is_named = is_named,
	};
}

static int add_matches(struct file_set *s, const char *pattern, struct failure *f)
{
	glob_t g;
	int rc = glob(pattern, GLOB_NOSORT, NULL, &g);

	if (rc == GLOB_NOMATCH)
		return 0;
	if (rc != 0)
		return failure_set(f, rc == GLOB_NOSPACE ? EXIT_MEMORY : EXIT_IO, "%s: cannot be listed: %s", pattern, strerror(errno));
	for (size_t i = 0; i < g.gl_pathc; i++)
		add(s, g.gl_pathv[i], false);
	globfree(&g);
	return 0;
}

/* Without a meaning to glob(). */
static void quote(struct buf *out, const char *name)
{
	for (; *name; name++) {
		if (strchr("*?[\\", *name))
			buf_byte(out, '\\');
		buf_byte(out, *name);
	}
}

static int add_siblings(struct file_set *s, const char *name, const char *behind, struct failure *f)
{
	struct buf pattern = { 0 };
	int rc;

	quote(&pattern, name);
	buf_text(&pattern, behind);
	buf_byte(&pattern, '\0');
	rc = add_matches(s, pattern.p, f);
	buf_free(&pattern);
	return rc;
}

static bool has_path(const struct file_set *s, const char *path, size_t n)
{
	for (size_t i = 0; i < s->n; i++)
		if (strlen(s->of[i].path) == n && memcmp(s->of[i].path, path, n) == 0)
			return true;
	return false;
}

/* What is just being compressed is there twice, and its new form has a time of its own until it is done. */
static void drop_unfinished(struct file_set *s)
{
	for (size_t i = 0; i < s->n;) {
		size_t n = strlen(s->of[i].path);

		if (n <= 3 || strcmp(s->of[i].path + n - 3, ".gz") != 0 || !has_path(s, s->of[i].path, n - 3)) {
			i++;
			continue;
		}
		free(s->of[i].path);
		memmove(&s->of[i], &s->of[i + 1], (--s->n - i) * sizeof *s->of);
	}
}

int file_set_list(struct file_set *s, const char *name, struct failure *f)
{
	int rc;

	*s = (struct file_set){ 0 };
	if (file_name_is_pattern(name)) {
		rc = add_matches(s, name, f);
	} else {
		add(s, name, true);
		rc = add_siblings(s, name, ".*", f) < 0 || add_siblings(s, name, "-*", f) < 0 ? -1 : 0;
	}
	drop_unfinished(s);
	if (s->n)
		qsort(s->of, s->n, sizeof *s->of, by_age);
	return rc;
}

static bool has_entry(const struct file_set *s, const struct file_entry *e)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->of[i].dev == e->dev && s->of[i].ino == e->ino && strcmp(s->of[i].path, e->path) == 0)
			return true;
	return false;
}

bool file_set_same(const struct file_set *a, const struct file_set *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!has_entry(b, &a->of[i]))
			return false;
	return a->n == b->n;
}

void file_set_free(struct file_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->of[i].path);
	free(s->of);
	*s = (struct file_set){ 0 };
}
