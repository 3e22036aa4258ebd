/* SPDX-License-Identifier: MIT */
/* Linear probing at a load of at most 3/4, less in small tables. What is big comes straight from the kernel, aligned for huge pages: random
 * access to a big table is bound by address translation. */
#include "lib/base/table.h"

#include <assert.h>
#include <sys/mman.h>

#include "lib/base/mem.h"

#define FIRST_SLOTS 8
#define SPARSE_SLOTS 256
#define FIRST_CHUNK 256                         /* bytes, with the header */
#define HUGE_PAGE ((size_t)2 << 20)
#define LAST_CHUNK HUGE_PAGE

struct table_chunk {
	struct table_chunk *next;
	char *end;                              /* of the entries in it, once it is not the last */
	size_t size;                            /* with the header */
	_Alignas(16) char entries[];
};

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) & ~(to - 1);
}

/* n bytes, a multiple of a huge page, zeroed: mapped with slack that is cut off again. */
static void *pages_new(size_t n)
{
	char *p, *start;

	p = mmap(NULL, n + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		mem_fail();
	start = (char *)round_up((uintptr_t)p, HUGE_PAGE);
	if (start > p)
		munmap(p, (size_t)(start - p));
	munmap(start + n, HUGE_PAGE - (size_t)(start - p));
	madvise(start, n, MADV_HUGEPAGE);       /* a wish: nothing depends on it */
	return start;
}

static void room_free(void *p, size_t n)
{
	if (n < HUGE_PAGE)
		free(p);
	else
		munmap(p, n);
}

static uint64_t *slots_new(size_t n)
{
	return n < HUGE_PAGE ? mem_zalloc(n) : pages_new(n);
}

static void slots_free(struct table *t)
{
	size_t bytes = t->slots ? (t->mask + 1) * sizeof *t->slots : 0;

	room_free(t->slots, bytes);
	t->bytes -= bytes;
	t->slots = NULL;
	t->mask = 0;
}

static uint64_t *slots_free_one(const struct table *t, uint64_t hash)
{
	size_t i = hash & t->mask;

	while (t->slots[i])
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

static uint64_t slot_of(const void *entry, uint64_t hash)
{
	return hash >> 48 << 48 | (uint64_t)(uintptr_t)entry;
}

/* In batches, so that the cache misses of placing them overlap. */
static void slots_fill(struct table *t)
{
	struct table_walk walk = { 0 };
	void *entry[32];
	uint64_t hash[32];
	size_t n;

	do {
		for (n = 0; n < 32 && (entry[n] = table_next(t, &walk)); n++) {
			struct span key = table_key(t, entry[n]);

			hash[n] = hash_bytes(key.p, key.n);
			table_prefetch(t, hash[n]);
		}
		for (size_t i = 0; i < n; i++)
			*slots_free_one(t, hash[i]) = slot_of(entry[i], hash[i]);
	} while (n == 32);
}

static void resize(struct table *t, size_t slots)
{
	if (slots > SIZE_MAX / 16)
		mem_fail();
	slots_free(t);
	t->slots = slots_new(slots * sizeof *t->slots);
	t->mask = slots - 1;
	t->bytes += slots * sizeof *t->slots;
	slots_fill(t);
}

/* Small tables are sparse: slots that are near cost nothing, and a look-up that has to go on to the next one is guessed wrongly. */
static bool is_full(size_t count, size_t slots)
{
	return count > (slots <= SPARSE_SLOTS ? slots / 4 : slots / 4 * 3);
}

static void chunk_new(struct table *t, size_t need)
{
	size_t had = t->last ? (size_t)(t->end - (char *)t->last) : FIRST_CHUNK / 2;
	size_t size = had * 2 > LAST_CHUNK ? LAST_CHUNK : had * 2;
	struct table_chunk *c;

	if (need > SIZE_MAX / 2)
		mem_fail();
	if (size < sizeof *c + need)
		size = sizeof *c + need;
	if (size >= HUGE_PAGE)
		size = round_up(size, HUGE_PAGE);
	c = size < HUGE_PAGE ? mem_alloc(size) : pages_new(size);
	assert((uintptr_t)c >> 48 == 0);        /* user addresses fit into a slot */
	c->next = NULL;
	c->size = size;
	if (t->last) {
		t->last->next = c;
		t->last->end = t->at;
	} else {
		t->first = c;
	}
	t->last = c;
	t->at = c->entries;
	t->end = (char *)c + size;
	t->bytes += size;
}

static size_t entry_size(const struct table *t, size_t key)
{
	return round_up(t->payload + sizeof(uint32_t) + key, t->align);
}

/* An entry without a slot; its payload is zeroed. */
static char *entry_new(struct table *t, struct span key)
{
	uint32_t n = (uint32_t)key.n;
	size_t size = entry_size(t, key.n);
	char *entry;

	if (n != key.n)
		mem_fail();
	if (size > (size_t)(t->end - t->at))
		chunk_new(t, size);
	entry = t->at;
	t->at += size;
	memset(entry, 0, t->payload);
	memcpy(entry + t->payload, &n, sizeof n);
	if (n)
		memcpy(entry + t->payload + sizeof n, key.p, n);
	return entry;
}

void *table_add_at(struct table *t, uint64_t *slot, struct span key, uint64_t hash)
{
	char *entry;

	if (!t->align)
		table_init(t, 0);
	if (!slot || is_full(t->count + 1, t->mask + 1)) {
		resize(t, t->slots ? (t->mask + 1) * 2 : FIRST_SLOTS);
		slot = slots_free_one(t, hash);
	}
	entry = entry_new(t, key);
	*slot = slot_of(entry, hash);
	t->count++;
	return entry;
}

void *table_add(struct table *t, struct span key, uint64_t hash)
{
	return table_add_at(t, t->slots ? slots_free_one(t, hash) : NULL, key, hash);
}

void table_init(struct table *t, size_t payload_size)
{
	*t = (struct table){ .payload = (uint32_t)round_up(payload_size, 4),
	                     .align = payload_size > 8 ? 16 : payload_size ? 8 : 4 };
}

void table_reserve(struct table *t, size_t count)
{
	size_t slots = t->slots ? t->mask + 1 : FIRST_SLOTS;

	while (is_full(count, slots))
		slots *= 2;
	if (!t->slots || slots > t->mask + 1)
		resize(t, slots);
}

static void chunks_free(struct table_chunk *c)
{
	while (c) {
		struct table_chunk *next = c->next;

		room_free(c, c->size);
		c = next;
	}
}

/* Keeps the largest chunk, and the slots when at least an eighth of them was in use: clearing them costs as much as
 * they are many, and a table that was large once shrinks. */
void table_clear(struct table *t)
{
	struct table_chunk *keep = t->last, *first = t->first;

	if (!keep)
		return;
	if (t->count < (t->mask + 1) / 8)
		slots_free(t);
	else if (t->slots)              /* none are left when it was cleared before */
		memset(t->slots, 0, (t->mask + 1) * sizeof *t->slots);
	for (struct table_chunk *next; first != keep; first = next) {
		next = first->next;
		room_free(first, first->size);
	}
	t->first = keep;
	t->at = keep->entries;
	t->count = 0;
	t->bytes = (t->slots ? (t->mask + 1) * sizeof *t->slots : 0) + (size_t)(t->end - (char *)keep);
}

void table_free(struct table *t)
{
	slots_free(t);
	chunks_free(t->first);
	*t = (struct table){ .payload = t->payload, .align = t->align };
}

void *table_next(const struct table *t, struct table_walk *walk)
{
	char *entry;

	if (!walk->chunk) {
		if (!t->first)
			return NULL;
		walk->chunk = t->first;
		walk->at = t->first->entries;
	}
	while (walk->at == (walk->chunk == t->last ? t->at : walk->chunk->end)) {
		if (walk->chunk == t->last)
			return NULL;
		walk->chunk = walk->chunk->next;
		walk->at = (char *)(uintptr_t)walk->chunk->entries;
	}
	entry = walk->at;
	walk->at += entry_size(t, table_key(t, entry).n);
	return entry;
}
