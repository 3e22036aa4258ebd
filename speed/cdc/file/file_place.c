/* SPDX-License-Identifier: MIT */
#include "speed/cdc/file/file_place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/text/input.h"

#define STEP (256 * 1024)

static size_t least(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

void trail_add(struct file_trail *t, const char *p, size_t n)
{
	size_t head = least(t->offset, PLACE_HEAD), keep;

	if (head < PLACE_HEAD)
		memcpy(t->head + head, p, n < PLACE_HEAD - head ? n : PLACE_HEAD - head);
	if (n >= PLACE_TAIL) {
		memcpy(t->tail, p + n - PLACE_TAIL, PLACE_TAIL);
	} else {
		keep = PLACE_TAIL - n;
		memmove(t->tail, t->tail + n, keep);
		memcpy(t->tail + keep, p, n);
	}
	t->offset += n;
}

void trail_place(const struct file_trail *t, dev_t dev, ino_t ino, struct file_place *place)
{
	size_t nhead = least(t->offset, PLACE_HEAD), ntail = least(t->offset, PLACE_TAIL);

	*place = (struct file_place){ dev, ino, t->offset, nhead, ntail, hash_xxh64(t->head, nhead), hash_xxh64(t->tail + PLACE_TAIL - ntail, ntail), 0 };
}

void place_print(const struct file_place *p, struct buf *out)
{
	buf_printf(out, "file:%" PRIx64 ":%" PRIu64 ":%" PRIu64 ":%016" PRIx64 ":%016" PRIx64, (uint64_t)p->dev, (uint64_t)p->ino, p->offset, p->head, p->tail);
	if (p->mtime_ns)
		buf_printf(out, ":%" PRId64, p->mtime_ns);
}

int place_parse(struct span text, struct file_place *p)
{
	char room[160];
	uint64_t dev, ino;
	int end = 0, more = 0;

	if (text.n >= sizeof room)
		return -1;
	memcpy(room, text.n ? text.p : "", text.n);
	room[text.n] = '\0';
	if (sscanf(room, "file:%" SCNx64 ":%" SCNu64 ":%" SCNu64 ":%16" SCNx64 ":%16" SCNx64 "%n", &dev, &ino, &p->offset, &p->head, &p->tail, &end) != 5)
		return -1;
	p->mtime_ns = 0;
	if (room[end] == ':' && sscanf(room + end, ":%" SCNd64 "%n", &p->mtime_ns, &more) == 1)
		end += more;
	if ((size_t)end != text.n)
		return -1;
	p->dev = (dev_t)dev;
	p->ino = (ino_t)ino;
	p->nhead = least(p->offset, PLACE_HEAD);
	p->ntail = least(p->offset, PLACE_TAIL);
	return 0;
}

static bool is_place(const struct file_trail *t, const struct file_place *p)
{
	struct file_place here;

	trail_place(t, p->dev, p->ino, &here);
	return here.offset == p->offset && here.head == p->head && here.tail == p->tail;
}

/* The head is looked at as soon as it is there: most files that are others begin otherwise. */
int place_reach(const struct file_place *p, struct input *in, struct file_trail *t)
{
	char *room = mem_alloc(STEP);
	ssize_t n = 1;
	int rc = 1;

	*t = (struct file_trail){ 0 };
	while (rc == 1 && t->offset < p->offset) {
		uint64_t want = t->offset < p->nhead ? p->nhead - t->offset : p->offset - t->offset;

		n = input_read(in, room, want < 2 ? 2 : least(want, STEP));
		if (n <= 0)
			break;
		trail_add(t, room, least(want, (size_t)n));
		if (t->offset == p->nhead && hash_xxh64(t->head, p->nhead) != p->head)
			rc = 0;
	}
	free(room);
	if (n < 0)
		return -1;
	return rc && is_place(t, p);
}
