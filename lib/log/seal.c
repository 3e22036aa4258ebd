/* SPDX-License-Identifier: MIT */
/* Same segment, same bytes: no name, no time, one level, members cut by size at the ends of blocks. */
#include "lib/log/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/log/index.h"
#include "lib/log/walk.h"

#define MEMBER_BYTES ((uint64_t)1024 * 1024)    /* of text, at least */
#define LEVEL 4
#define STEP ((size_t)256 * 1024)
#define TEMPORARY ".compress"

struct job {
	int dir;
	uint64_t first;
	char plain[SEGMENT_NAME], packed[SEGMENT_NAME];
	struct segment_head head;
	struct position end;
	uint64_t size;                  /* of the plain file */
	struct segment_index index;     /* offsets are those in the plain file, until it is compressed */
	struct failure *failure;
};

static int fail_errno(struct job *j, const char *name)
{
	char room[128];

	return failure_set(j->failure, EXIT_IO, "%s: %s", name, strerror_r(errno, room, sizeof room));
}

/* ---- proving ---- */

static void note_block(struct job *j, uint64_t *member_end, uint64_t before, const struct block_trailer *t, uint64_t behind)
{
	struct index_member *last = j->index.n ? &j->index.member[j->index.n - 1] : NULL;

	if (!last || before >= *member_end) {
		index_add(&j->index, (struct index_member){ last ? before : 0, t->first, t->time, t->time });
		last = &j->index.member[j->index.n - 1];
		*member_end = last->offset + MEMBER_BYTES;
	}
	if (t->time < last->from)
		last->from = t->time;
	if (t->time > last->to)
		last->to = t->time;
	if (t->once.n)
		index_add_once(&j->index, buf_view(&t->once));
	j->size = behind;
}

/* Through a segment to its seal. first_time: its members are noted; else it must be the one that was. */
static int prove(struct job *j, struct segment_file *file, bool first_time)
{
	struct segment_head head = { 0 };
	struct segment_walk w = { 0 };
	enum walk_event e = WALK_ERROR;
	uint64_t member_end = 0, before;
	struct span data;

	if (segment_file_head(file, j->first, &head, j->failure) == 0) {
		walk_begin(&w, file, j->first, head.first, file->offset);
		while (before = w.offset, (e = walk_next(&w, &data, j->failure)) == WALK_BLOCK)
			if (first_time)
				note_block(j, &member_end, before, &w.trailer, w.offset);
	}
	if (e != WALK_SEAL || walk_is_over(&w, j->failure) <= 0)
		failure_set(j->failure, EXIT_DATA, "%s: it does not end as the segment does", file->name);
	else if (!first_time && (!position_eq(w.at, j->end) || w.offset != j->size))
		failure_set(j->failure, EXIT_DATA, "%s: what was compressed is not what was to be", file->name);
	if (first_time) {
		j->end = w.at;
		j->size = w.offset;
		j->head = head;
		head = (struct segment_head){ 0 };
	}
	segment_head_free(&head);
	walk_free(&w);
	return j->failure->status ? -1 : 0;
}

/* ---- compressing ---- */

/* The text [from, to) as one member behind what is written. */
static int pack_member(struct job *j, int in, int out, uint64_t from, uint64_t to, unsigned char *room)
{
	z_stream z = { 0 };
	int rc = 0, ended = Z_OK;

	if (deflateInit2(&z, LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		mem_fail();
	while (rc == 0 && ended != Z_STREAM_END) {
		if (z.avail_in == 0 && from < to) {
			ssize_t n = pread(in, room, to - from < STEP ? (size_t)(to - from) : STEP, (off_t)from);

			if (n <= 0 && !(n < 0 && errno == EINTR))
				rc = fail_errno(j, j->plain);
			z.next_in = room;
			z.avail_in = n > 0 ? (uInt)n : 0;
			from += n > 0 ? (uint64_t)n : 0;
		}
		z.next_out = room + STEP;
		z.avail_out = (uInt)STEP;
		ended = deflate(&z, from < to ? Z_NO_FLUSH : Z_FINISH);
		if (rc == 0)
			rc = disk_write(out, room + STEP, STEP - z.avail_out, j->packed, j->failure);
	}
	deflateEnd(&z);
	return rc;
}

/* The offsets of the index become those in the compressed file. */
static int pack(struct job *j, int in, int out)
{
	unsigned char *room = mem_alloc(2 * STEP);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < j->index.n; i++) {
		struct index_member *m = &j->index.member[i];
		uint64_t to = i + 1 < j->index.n ? m[1].offset : j->size;
		off_t at = lseek(out, 0, SEEK_CUR);

		rc = at < 0 ? fail_errno(j, j->packed) : pack_member(j, in, out, m->offset, to, room);
		m->offset = (uint64_t)at;
	}
	free(room);
	return rc;
}

static int prove_packed(struct job *j, int fd)
{
	struct segment_file file = SEGMENT_NO_FILE;
	int rc;

	segment_file_take(&file, fd, j->packed, true);
	rc = prove(j, &file, false);
	file.fd = -1;
	segment_file_close(&file);
	return rc;
}

static int write_index(struct job *j, const char *file, uint64_t bytes)
{
	struct index_of of = { &j->head, j->end, file, bytes };

	return index_write(j->dir, &of, &j->index, j->failure);
}

/* The plain file stays until what takes its place is on the disk under its name. */
static int replace(struct job *j, int in, int out)
{
	off_t bytes;

	if (pack(j, in, out) < 0 || disk_sync(out, j->packed, j->failure) < 0 || prove_packed(j, out) < 0)
		return -1;
	bytes = lseek(out, 0, SEEK_END);
	if (disk_rename(j->dir, TEMPORARY, j->packed, true, j->failure) < 0)
		return -1;
	write_index(j, j->packed, (uint64_t)bytes);
	if (unlinkat(j->dir, j->plain, 0) < 0)
		return fail_errno(j, j->plain);
	return disk_sync_dir(j->dir, j->plain, j->failure);
}

static int compress_segment(struct job *j, int in)
{
	int out = disk_create(j->dir, TEMPORARY, j->failure), rc;

	if (out < 0)
		return -1;
	rc = replace(j, in, out);
	if (rc < 0)
		unlinkat(j->dir, TEMPORARY, 0);
	close(out);
	return rc;
}

int seal_segment(int dir, uint64_t first, bool compress, struct failure *f)
{
	struct job j = { .dir = dir, .first = first, .failure = f };
	struct segment_file file = SEGMENT_NO_FILE;
	int rc;

	segment_name(first, ".log", j.plain);
	segment_name(first, ".log.gz", j.packed);
	rc = segment_file_open(&file, dir, first, f);
	if (rc == 0 && !file.compressed) {
		rc = prove(&j, &file, true);
		if (rc == 0)
			rc = compress ? compress_segment(&j, file.fd) : write_index(&j, j.plain, j.size);
	}
	segment_file_close(&file);
	segment_head_free(&j.head);
	index_free(&j.index);
	return rc < 0 ? -1 : 0;
}

/* ---- the thread ---- */

struct sealer {
	int dir;
	const char *path;
	bool compress, begun;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under lock */
	uint64_t *first;                /* to be done, and done */
	size_t n, cap, done;
	bool ended;                     /* no more will come */
	struct failure failure;         /* the first; the thread's until it has ended */
};

static void *work(void *arg)
{
	struct sealer *s = arg;
	struct failure one;
	uint64_t first;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->done == s->n && !s->ended)
			pthread_cond_wait(&s->changed, &s->lock);
		if (s->done == s->n)
			break;
		first = s->first[s->done++];
		pthread_mutex_unlock(&s->lock);
		one = (struct failure){ 0 };
		if (seal_segment(s->dir, first, s->compress, &one) < 0 && !s->failure.status)
			s->failure = one;
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct sealer *sealer_new(int dir, const char *path, bool compress)
{
	struct sealer *s = mem_zalloc(sizeof *s);

	s->dir = dir;
	s->path = path;
	s->compress = compress;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	return s;
}

/* Signals are for the thread that reads. Without a thread segments stay plain. */
static void begin(struct sealer *s)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&s->thread, NULL, work, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	s->begun = error == 0;
	if (error && !s->failure.status)
		failure_set(&s->failure, EXIT_MEMORY, "no thread for compressing: %s", strerror(error));
}

void sealer_add(struct sealer *s, uint64_t first)
{
	pthread_mutex_lock(&s->lock);
	s->first = mem_grow(s->first, s->n, &s->cap, sizeof *s->first);
	s->first[s->n++] = first;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (!s->begun)
		begin(s);
}

void sealer_free(struct sealer *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (s->begun)
		pthread_join(s->thread, NULL);
	if (s->failure.status)
		warn("%s/%s; the segment stays plain", s->path, s->failure.text);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s->first);
	free(s);
}
