/* SPDX-License-Identifier: MIT */
/* A treap: a search tree by key that is a heap by priority, the priority being the seeded hash of the key. So its
 * shape depends on the keys alone, its depth is logarithmic, and nobody outside can make it deep. Nodes count what is
 * below them: a saved multiset goes out in pieces, and each piece finds its start. */
#include "lib/agg/multiset.h"

#include "lib/agg/state_text.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"

struct multiset_node {
	struct multiset_node *left, *right;
	size_t size;                    /* nodes from here down */
	int64_t weight;                 /* never 0 */
	uint32_t priority;              /* not above the parent's */
	uint32_t n;
	char key[];
};

typedef struct multiset_node node;

static size_t size_of(const node *t)
{
	return t ? t->size : 0;
}

static node *measured(node *t)
{
	t->size = 1 + size_of(t->left) + size_of(t->right);
	return t;
}

static struct span key_of(const node *t)
{
	return (struct span){ t->key, t->n };
}

static node *node_new(const struct order_key *key, int64_t weight)
{
	size_t n = key->nhead + key->tail.n;
	node *t;

	if (n > UINT32_MAX)
		mem_fail();
	t = mem_alloc(sizeof *t + n);
	*t = (node){ .size = 1, .weight = weight, .n = (uint32_t)n };
	memcpy(t->key, key->head, key->nhead);
	if (key->tail.n)
		memcpy(t->key + key->nhead, key->tail.p, key->tail.n);
	t->priority = (uint32_t)(hash_bytes(t->key, n) >> 32);
	return t;
}

/* Parts t into keys below and above the one given, which is not in it. */
static void split(node *t, const struct order_key *key, node **below, node **above)
{
	if (!t) {
		*below = *above = NULL;
	} else if (order_key_cmp(key, key_of(t)) < 0) {
		split(t->left, key, below, &t->left);
		*above = measured(t);
	} else {
		split(t->right, key, &t->right, above);
		*below = measured(t);
	}
}

/* Every key of a is below every key of b. */
static node *join(node *a, node *b)
{
	if (!a || !b)
		return a ? a : b;
	if (a->priority >= b->priority) {
		a->right = join(a->right, b);
		return measured(a);
	}
	b->left = join(a, b->left);
	return measured(b);
}

static node *insert(node *t, node *new, const struct order_key *key)
{
	if (!t || new->priority > t->priority) {
		split(t, key, &new->left, &new->right);
		return measured(new);
	}
	if (order_key_cmp(key, key_of(t)) < 0)
		t->left = insert(t->left, new, key);
	else
		t->right = insert(t->right, new, key);
	return measured(t);
}

static node *find(node *t, const struct order_key *key)
{
	int c;

	while (t && (c = order_key_cmp(key, key_of(t))) != 0)
		t = c < 0 ? t->left : t->right;
	return t;
}

static void take_out(struct multiset *s, node *gone)
{
	struct order_key key = { .tail = key_of(gone) };
	node **link = &s->root;

	while (*link != gone) {
		(*link)->size--;
		link = order_key_cmp(&key, key_of(*link)) < 0 ? &(*link)->left : &(*link)->right;
	}
	*link = join(gone->left, gone->right);
	free(gone);
}

void multiset_add(struct multiset *s, const struct order_key *key, int64_t weight)
{
	node *t = find(s->root, key);

	if (weight == 0)
		return;
	if (!t) {
		s->root = insert(s->root, node_new(key, weight), key);
		s->positive += weight > 0;
		return;
	}
	s->positive -= t->weight > 0;
	t->weight = weight_add(t->weight, weight);
	s->positive += t->weight > 0;
	if (t->weight == 0)
		take_out(s, t);
}

static bool add_visited(void *into, struct span key, int64_t weight)
{
	multiset_add(into, &(struct order_key){ .tail = key }, weight);
	return true;
}

void multiset_merge(struct multiset *into, const struct multiset *from)
{
	multiset_walk(from, 0, add_visited, into);
}

static void free_nodes(node *t)
{
	while (t) {
		node *right = t->right;

		free_nodes(t->left);
		free(t);
		t = right;
	}
}

void multiset_free(struct multiset *s)
{
	free_nodes(s->root);
	*s = (struct multiset){ 0 };
}

size_t multiset_size(const struct multiset *s)
{
	return size_of(s->root);
}

/* The first node of positive weight from this end. Negative ones are few: they are waiting for their insertion. */
static const node *positive_end(const node *t, enum order_end end)
{
	while (t) {
		const node *near = end == ORDER_LEAST ? t->left : t->right;
		const node *found = positive_end(near, end);

		if (found || t->weight > 0)
			return found ? found : t;
		t = end == ORDER_LEAST ? t->right : t->left;
	}
	return NULL;
}

struct span multiset_end(const struct multiset *s, enum order_end end)
{
	const node *t = s->positive ? positive_end(s->root, end) : NULL;

	return t ? key_of(t) : (struct span){ 0 };
}

struct walk {
	size_t skip, visited;
	multiset_visit *visit;
	void *arg;
};

static bool walk_nodes(const node *t, struct walk *w)
{
	for (; t; t = t->right) {
		if (w->skip >= t->size) {
			w->skip -= t->size;
			return true;
		}
		if (!walk_nodes(t->left, w))
			return false;
		if (w->skip) {
			w->skip--;
			continue;
		}
		w->visited++;
		if (!w->visit(w->arg, key_of(t), t->weight))
			return false;
	}
	return true;
}

size_t multiset_walk(const struct multiset *s, size_t index, multiset_visit *visit, void *arg)
{
	struct walk w = { .skip = index, .visit = visit, .arg = arg };

	walk_nodes(s->root, &w);
	return index + w.visited;
}
