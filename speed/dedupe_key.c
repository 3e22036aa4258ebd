/* SPDX-License-Identifier: MIT */
#include "speed/dedupe_key.h"

#include "lib/agg/key.h"
#include "lib/base/diag.h"
#include "lib/text/percent.h"

static int add_field(struct dedupe_key *k, struct span name, int *field, struct failure *f)
{
	const char *reason;

	*field = fields_add(&k->fields, name, &reason);
	return *field < 0 ? failure_set(f, EXIT_USAGE, "%.*s: %s", (int)(name.n > 100 ? 100 : name.n), name.p, reason) : 0;
}

static int bind_columns(struct dedupe_key *k, struct span list, struct failure *f)
{
	while (list.n) {
		size_t n = field_text_length(list = span_trim(list));
		struct span name = { list.p, n }, rest = span_trim((struct span){ list.p + n, list.n - n });
		int field;

		if (n == 0 || (rest.n && rest.p[0] != ','))
			return failure_set(f, EXIT_USAGE, "--key: \"%.*s\" is not a list of columns", (int)(list.n > 100 ? 100 : list.n), list.p);
		if (add_field(k, name, &field, f) < 0)
			return -1;
		if (span_eq(k->fields.ref[field].text, SPAN("_pos")))
			k->pos = field;
		k->field = mem_array(k->field, k->n + 1, sizeof *k->field);
		k->field[k->n++] = (size_t)field;
		list = rest.n ? (struct span){ rest.p + 1, rest.n - 1 } : rest;
	}
	return 0;
}

int dedupe_key_bind(struct dedupe_key *k, const char *columns, const char *time, struct failure *f)
{
	k->time = k->pos = -1;
	if (bind_columns(k, span_of(columns ? columns : ""), f) < 0 || add_field(k, SPAN("_op"), &k->op, f) < 0)
		return -1;
	return time ? add_field(k, span_of(time), &k->time, f) : 0;
}

void dedupe_key_free(struct dedupe_key *k)
{
	fields_free(&k->fields);
	buf_free(&k->store);
	free(k->field);
}

/* A byte may take two, a column's end two more. */
static size_t joined_most(const struct dedupe_key *k, const struct batch *batch)
{
	size_t n = 0;

	for (size_t r = 0; r < batch->n; r++)
		for (size_t i = 0; i < k->n; i++)
			n += 2 * batch->field[r * batch->width + k->field[i]].n + 2;
	return n;
}

static void join(struct dedupe_key *k, const struct batch *batch, struct span *key)
{
	buf_clear(&k->store);
	buf_room(&k->store, joined_most(k, batch));     /* from now on it stays where it is */
	for (size_t r = 0; r < batch->n; r++) {
		size_t from = k->store.n;

		for (size_t i = 0; i < k->n; i++)
			key_add(&k->store, batch->field[r * batch->width + k->field[i]], i + 1 == k->n);
		key[r] = (struct span){ k->store.p + from, k->store.n - from };
	}
}

void dedupe_keys_of(struct dedupe_key *k, const struct batch *batch, struct span *key)
{
	if (k->n > 1)
		join(k, batch, key);
	else if (k->n == 0)
		memcpy(key, batch->raw, batch->n * sizeof *key);
	else
		for (size_t r = 0; r < batch->n; r++)
			key[r] = batch->field[r * batch->width + k->field[0]];
}

bool dedupe_key_is_null(const struct dedupe_key *k, const struct span *field)
{
	for (size_t i = 0; i < k->n; i++)
		if (field[k->field[i]].n)
			return false;
	return k->n > 0;
}

static void print_field(const struct dedupe_key *k, const char *role, size_t field, struct buf *out)
{
	buf_printf(out, "%s=", role);
	percent_encode(out, k->fields.ref[field].text, "");
	buf_byte(out, '\n');
}

void dedupe_key_print(const struct dedupe_key *k, struct buf *out)
{
	for (size_t i = 0; i < k->n; i++)
		print_field(k, "key", k->field[i], out);
	if (k->time >= 0)
		print_field(k, "time", (size_t)k->time, out);
}
