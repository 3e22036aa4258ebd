/* SPDX-License-Identifier: MIT */
#include "lib/text/block_pool.h"

#include "lib/base/mem.h"

void pool_init(struct block_pool *pool, size_t usual)
{
	pthread_mutex_init(&pool->lock, NULL);
	pool->free = NULL;
	pool->usual = usual;
}

void pool_destroy(struct block_pool *pool)
{
	struct block_buffer *next;

	for (struct block_buffer *buffer = pool->free; buffer; buffer = next) {
		next = buffer->next;
		free(buffer);
	}
	pthread_mutex_destroy(&pool->lock);
}

struct block_buffer *pool_take(struct block_pool *pool, size_t cap)
{
	struct block_buffer *buffer = NULL;

	pthread_mutex_lock(&pool->lock);
	if (pool->free && pool->free->cap >= cap) {
		buffer = pool->free;
		pool->free = buffer->next;
	}
	pthread_mutex_unlock(&pool->lock);
	if (!buffer) {
		buffer = mem_alloc(sizeof *buffer + cap);
		buffer->cap = cap;
	}
	buffer->next = NULL;
	buffer->holders = 1;
	return buffer;
}

void pool_hold(struct block_pool *pool, struct block_buffer *buffer)
{
	pthread_mutex_lock(&pool->lock);
	buffer->holders++;
	pthread_mutex_unlock(&pool->lock);
}

void pool_release(struct block_pool *pool, struct block_buffer *buffer)
{
	pthread_mutex_lock(&pool->lock);
	if (--buffer->holders == 0) {
		if (buffer->cap <= pool->usual) {
			buffer->next = pool->free;
			pool->free = buffer;
			buffer = NULL;
		}
	} else {
		buffer = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	free(buffer);
}

bool pool_is_shared(struct block_pool *pool, const struct block_buffer *buffer)
{
	bool shared;

	pthread_mutex_lock(&pool->lock);
	shared = buffer->holders > 1;
	pthread_mutex_unlock(&pool->lock);
	return shared;
}
