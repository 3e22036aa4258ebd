/* SPDX-License-Identifier: MIT */
/* block_pool -- buffers with a count of their holders; private to blocks*.c. Any thread may hold and release. */
#ifndef LIB_TEXT_BLOCK_POOL_H
#define LIB_TEXT_BLOCK_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct block_buffer {
	struct block_buffer *next;      /* in the list of free ones */
	size_t holders;                 /* under lock */
	size_t cap;
	char data[];
};

struct block_pool {
	pthread_mutex_t lock;
	struct block_buffer *free;
	size_t usual;                   /* larger ones are not kept */
};

void pool_init(struct block_pool *pool, size_t usual);
void pool_destroy(struct block_pool *pool);     /* all buffers have been released */

/* A buffer of at least cap bytes with one holder. */
struct block_buffer *pool_take(struct block_pool *pool, size_t cap);
void pool_hold(struct block_pool *pool, struct block_buffer *buffer);
void pool_release(struct block_pool *pool, struct block_buffer *buffer);
bool pool_is_shared(struct block_pool *pool, const struct block_buffer *buffer);        /* more than one holder */

#endif
