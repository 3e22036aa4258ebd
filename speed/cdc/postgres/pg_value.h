/* SPDX-License-Identifier: MIT */
/* pg_value -- values as PostgreSQL writes them, as values of records: numbers, JSON and arrays as such, bytes in base64, moments in UTC as RFC 3339
 * has them. All else is text as it stands; so are numeric ones, for JSON numbers are read as floats by many. The session's settings are pinned:
 * DateStyle ISO, TimeZone UTC, bytea_output hex, extra_float_digits 3. */
#ifndef SPEED_CDC_POSTGRES_PG_VALUE_H
#define SPEED_CDC_POSTGRES_PG_VALUE_H

#include "lib/base/arena.h"
#include "speed/cdc/change.h"

/* The types of a database that are made of others. */
struct pg_type {
	uint32_t oid;
	uint32_t element;               /* of an array; 0: it is none */
	uint32_t base;                  /* of a domain; 0 */
	char delimiter;                 /* between elements */
};

struct pg_types {
	struct pg_type *of;             /* by oid */
	size_t n;
};

/* 0; -1: text is not what this type looks like. */
int pg_value(const struct pg_types *types, uint32_t type, struct span text, struct datum *d, struct arena *arena);

#endif
