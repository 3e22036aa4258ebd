/* SPDX-License-Identifier: MIT */
/* Saved states from elsewhere. The first byte chooses the measure, the lines after it are merged. What was taken must
 * finish, and what it saves must read back as itself. */
#include <stdint.h>
#include <stdio.h>

#include "lib/agg/measure.h"

#define MAX_MEASURES 32

static struct measure measure[MAX_MEASURES];
static size_t measures;

static void make_measures(void)
{
	struct fields fields = { 0 };
	char text[80], error[200];

	for (int retract = 0; retract < 2; retract++) {
		for (const struct measure_kind *const *k = measure_kinds(); *k; k++) {
			snprintf(text, sizeof text, "m = %s(x%s)", (*k)->name, (*k)->has_param ? ", 0.9" : "");
			if (measures < MAX_MEASURES && measure_parse(&measure[measures], span_of(text), retract, &fields, error) == 0)
				measures++;
		}
	}
	fields_free(&fields);
}

static void expect(bool ok)
{
	if (!ok)
		abort();
}

static void *state_new(const struct measure *m)
{
	size_t size = (m->kind->size(m) + 15) / 16 * 16;
	void *state = aligned_alloc(16, size);

	expect(state != NULL);
	memset(state, 0, size);
	return state;
}

static void state_free(const struct measure *m, void *state)
{
	if (m->kind->drop)
		m->kind->drop(m, state);
	free(state);
}

static void check_round_trip(const struct measure *m, const void *state)
{
	void *copy = state_new(m), *twice = state_new(m);
	struct buf text = { 0 }, again = { 0 };
	struct ratio r;

	m->kind->save(m, state, &text);
	expect((text.n == 0) == m->kind->is_identity(m, state));
	for (size_t i = 0; i < text.n; i++)
		expect((unsigned char)text.p[i] > ' ' && text.p[i] != 0x7f);
	if (m->kind->merge_text(m, copy, buf_view(&text)) == 0) {
		m->kind->save(m, copy, &again);
		expect(span_eq(buf_view(&text), buf_view(&again)));
	}
	m->kind->merge(m, twice, state);
	m->kind->merge(m, twice, copy);
	buf_clear(&again);
	m->kind->finish(m, twice, 6, &again);
	m->kind->number(m, twice, &r);
	state_free(m, copy);
	state_free(m, twice);
	buf_free(&text);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data + 1, size - 1 };
	const struct measure *m;
	void *state;
	bool taken = true;

	if (size == 0)
		return 0;
	if (!measures)
		make_measures();
	m = &measure[data[0] % measures];
	state = state_new(m);
	while (taken && rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;

		taken = m->kind->merge_text(m, state, (struct span){ rest.p, n }) == 0;
		rest.p += n + (end != NULL);
		rest.n -= n + (end != NULL);
	}
	if (taken)
		check_round_trip(m, state);
	state_free(m, state);
	return 0;
}
