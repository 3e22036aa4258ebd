/* SPDX-License-Identifier: MIT */
/* table -- the hash table: a byte key and a payload of fixed size, for a few entries or many millions.
 *
 *   slots    8 bytes each: 16 bits of the hash, 48 bits of address      [tag|entry] [0] [tag|entry] ...
 *   entries  in chunks, in order of insertion:                          [payload][u32 key length][key] ...
 *
 * An entry never moves: pointers to payloads hold until table_clear or table_free. A miss costs one cache line, a hit
 * two. Growing walks the entries in order and hashes their keys again, so the old slots are let go before the new
 * ones are made and the hash is not stored. Nothing is deleted, but for all at once.
 * A zeroed struct is an empty table without payload. Not thread safe, but for reading. */
#ifndef LIB_BASE_TABLE_H
#define LIB_BASE_TABLE_H

#include <stdint.h>

#include "lib/base/hash.h"
#include "lib/base/span.h"

struct table_chunk;

struct table {
	uint64_t *slots;                /* NULL before the first entry */
	size_t mask;                    /* number of slots - 1; a power of two - 1 */
	size_t count;
	uint32_t payload;               /* bytes, rounded up to 4 */
	uint32_t align;                 /* of entries */
	struct table_chunk *first, *last;
	char *at, *end;                 /* free room in the last chunk */
	size_t bytes;                   /* slots and chunks */
};

void table_init(struct table *t, size_t payload_size);
void table_free(struct table *t);               /* empty again, with the same payload size */
void table_clear(struct table *t);              /* empty, keeping room that was well used */
void table_reserve(struct table *t, size_t count);

static inline size_t table_count(const struct table *t)
{
	return t->count;
}

/* Memory taken, beyond the struct. */
static inline size_t table_bytes(const struct table *t)
{
	return t->bytes;
}

/* The key that a payload belongs to. Lives as long as the payload. */
static inline struct span table_key(const struct table *t, const void *payload)
{
	const char *p = (const char *)payload + t->payload;
	uint32_t n;

	memcpy(&n, p, sizeof n);
	return (struct span){ p + sizeof n, n };
}

static inline void *table_entry(uint64_t slot)
{
	return (void *)(uintptr_t)(slot << 16 >> 16);
}

/* memcmp(a, b, n) == 0, without the call where that is short. */
static inline bool table_same(const char *a, const char *b, size_t n)
{
	struct peek x, y;

	if (n > 2 * PEEK_MOST)
		return memcmp(a, b, n) == 0;
	if (n > PEEK_MOST) {
		x = peek(a, PEEK_MOST), y = peek(b, PEEK_MOST);
		if ((x.w[0] ^ y.w[0]) | (x.w[1] ^ y.w[1]))
			return false;
		a += n - PEEK_MOST, b += n - PEEK_MOST, n = PEEK_MOST;
	}
	x = peek(a, n), y = peek(b, n);
	return !((x.w[0] ^ y.w[0]) | (x.w[1] ^ y.w[1]));
}

static inline bool table_is_tagged(uint64_t slot, uint64_t hash)
{
	return slot >> 48 == hash >> 48;
}

/* table_slot of a key of n <= PEEK_MOST bytes: most are. */
static inline uint64_t *table_slot_short(const struct table *t, struct peek key, size_t n, uint64_t hash)
{
	for (size_t i = hash & t->mask;; i = (i + 1) & t->mask) {
		uint64_t slot = t->slots[i];
		struct span have;
		struct peek p;

		if (!slot)
			return &t->slots[i];
		if (!table_is_tagged(slot, hash))
			continue;
		have = table_key(t, table_entry(slot));
		p = peek(have.p, n);
		if (have.n == n && !((p.w[0] ^ key.w[0]) | (p.w[1] ^ key.w[1])))
			return &t->slots[i];
	}
}

static inline uint64_t *table_slot_long(const struct table *t, struct span key, uint64_t hash)
{
	for (size_t i = hash & t->mask;; i = (i + 1) & t->mask) {
		uint64_t slot = t->slots[i];
		struct span have;

		if (!slot)
			return &t->slots[i];
		if (!table_is_tagged(slot, hash))
			continue;
		have = table_key(t, table_entry(slot));
		if (have.n == key.n && table_same(have.p, key.p, key.n))
			return &t->slots[i];
	}
}

/* The slot of key, or the free one where it would be. There are slots. */
static inline uint64_t *table_slot(const struct table *t, struct span key, uint64_t hash)
{
	return key.n <= PEEK_MOST ? table_slot_short(t, peek(key.p, key.n), key.n, hash) : table_slot_long(t, key, hash);
}

/* The payload of key, or NULL. hash must be hash_bytes(key.p, key.n), here and below. */
static inline void *table_get(const struct table *t, struct span key, uint64_t hash)
{
	uint64_t slot = t->slots ? *table_slot(t, key, hash) : 0;

	return slot ? table_entry(slot) : NULL;
}

/* Adds a key that is not there. The payload is zeroed, aligned to 16 when larger than 8 bytes, else to 8.
 * Keys are shorter than 4 GiB. */
void *table_add(struct table *t, struct span key, uint64_t hash);
/* The same when it is known where it goes: slot is its table_slot. */
void *table_add_at(struct table *t, uint64_t *slot, struct span key, uint64_t hash);

static inline void *table_put(struct table *t, struct span key, uint64_t hash, bool *is_new)
{
	uint64_t *slot = t->slots ? table_slot(t, key, hash) : NULL;

	*is_new = !slot || !*slot;
	return *is_new ? table_add_at(t, slot, key, hash) : table_entry(*slot);
}

/* For look-ups in batches: fetch the slots of many keys, then their entries, then look up. */
static inline void table_prefetch(const struct table *t, uint64_t hash)
{
	if (t->slots)
		__builtin_prefetch(&t->slots[hash & t->mask]);
}

static inline void table_prefetch_entry(const struct table *t, uint64_t hash)
{
	uint64_t slot = t->slots ? t->slots[hash & t->mask] : 0;

	if (slot >> 48 == hash >> 48)
		__builtin_prefetch(table_entry(slot));
}

/* Entries in order of insertion: start with a zeroed walk; NULL at the end. Adding on the way is fine. */
struct table_walk {
	const struct table_chunk *chunk;
	char *at;
};
void *table_next(const struct table *t, struct table_walk *walk);

#endif
