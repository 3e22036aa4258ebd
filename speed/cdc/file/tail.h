/* SPDX-License-Identifier: MIT */
/* tail -- what the files of the file driver share: tail_open.c finds the file that comes next, tail_records.c cuts records, cdc_file.c reads on and sees
 * where a file ends. */
#ifndef SPEED_CDC_FILE_TAIL_H
#define SPEED_CDC_FILE_TAIL_H

#include <sys/stat.h>

#include "speed/cdc/driver.h"
#include "speed/cdc/file/file_place.h"
#include "speed/cdc/file/file_set.h"

struct input;
struct scan_kernel;

struct tail {
	const struct cdc_request *request;
	const struct scan_kernel *scan;
	int watch;                      /* inotify of the directory; -1 */

	int fd;                         /* the file at hand; -1: none yet, or its successor is not there yet */
	struct input *inflate;          /* of it, when it is gzip */
	char *path;                     /* as it was found, for messages */
	dev_t dev;
	ino_t ino;
	int64_t mtime_ns;               /* when it was left */

	struct file_trail trail;        /* up to what was emitted of it */
	struct buf text;                /* read behind that; not whole yet */
	size_t skip;                    /* of it, the header: it goes with the first record */
	bool has_header;                /* the columns of this file are told */
	uint64_t held;                  /* bytes that were there at the last end but not whole: they are read again */
	bool held_record;               /* there was more than a header among them */
	enum record_format format;      /* AUTO: no byte was seen yet */

	struct file_place anchor;       /* of one that has no place: what was there when it began, before anything of it was read */
	struct file_place place;        /* what position() says while nothing of the file at hand was emitted */
	bool has_place, is_told;        /* is_told: that there is no file */
};

static inline int64_t tail_ns(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

/* ---- tail_open.c ---- */

struct input *tail_open_again(int fd);          /* the file again, whatever its name is by now */
int tail_fail_input(const char *path, struct input *in, struct failure *f);            /* always -1 */
void tail_drop_text(struct tail *t);
void tail_rewind(struct tail *t);                       /* to the beginning of the file at hand: it has another text now */
void tail_leave(struct tail *t);

/* Something is lost: -1, unless that is to be passed over. */
int tail_gap(const struct tail *t, struct failure *f, const char *what);
/* The place up to which all was emitted. */
void tail_place(const struct tail *t, struct file_place *place);
/* Opens the file in which the place is, under any name, as a copy, compressed. others: not that whose inode it was. 1, 0: nowhere, -1. */
int tail_find_place(struct tail *t, const struct file_place *place, bool others, struct failure *f);
/* The number of the file that comes after the one at hand, or after the one that was; set->n: there is none; -1. */
ssize_t tail_find_next(const struct tail *t, const struct file_set *set, struct failure *f);
/* All: 1: a file is open, 0: there is none yet, -1. */
int tail_open_next(struct tail *t, struct failure *f);
int tail_open_first(struct tail *t, struct failure *f);        /* of no position */
int tail_open_place(struct tail *t, struct failure *f);        /* of that of the request */
int tail_open_some(struct tail *t, struct failure *f);         /* what was not there, and may be now */
/* Is the file at hand, of which nothing was emitted yet, still the next one? 1; 0: another one is open now; -1. */
int tail_confirm_next(struct tail *t, struct failure *f);

/* ---- tail_records.c ---- */

enum record_format tail_sniff(struct span text);
struct span tail_rest(const struct tail *t);                    /* the text behind its header */
void tail_consume(struct tail *t, size_t n);                    /* with the header before it */
enum cdc_event tail_take_text(struct tail *t, struct emit *out, struct failure *f);     /* DRY: what is there is not whole */

#endif
