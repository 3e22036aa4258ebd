/* SPDX-License-Identifier: MIT */
#include "lib/text/json_walk.h"

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')
		p++;
	return p;
}

/* From an opening quote to behind the closing one. */
static const char *skip_string(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

static const char *skip_container(const char *p)
{
	for (int depth = 0;;) {
		if (*p == '"') {
			p = skip_string(p);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
		if (depth == 0)
			return p;
	}
}

/* Inside a container something always follows a number or literal. */
static const char *skip_value(const char *p)
{
	if (*p == '"')
		return skip_string(p);
	if (*p == '{' || *p == '[')
		return skip_container(p);
	while (*p != ',' && *p != ']' && *p != '}' && *p != ' ' && *p != '\t' && *p != '\r' && *p != '\n')
		p++;
	return p;
}

bool json_next(struct span *rest, struct span *name, struct span *value)
{
	const char *end, *p, *from;

	*name = (struct span){ 0 };
	if (rest->n == 0)
		return false;
	end = rest->p + rest->n;
	p = skip_blanks(rest->p);
	if (*p == '{' || *p == '[' || *p == ',')
		p = skip_blanks(p + 1);
	if (*p == '}' || *p == ']')
		return false;
	/* a string is a name when a colon follows */
	from = p;
	p = skip_value(p);
	*value = (struct span){ from, (size_t)(p - from) };
	p = skip_blanks(p);
	if (*p == ':') {
		*name = (struct span){ value->p + 1, value->n - 2 };
		from = skip_blanks(p + 1);
		p = skip_value(from);
		*value = (struct span){ from, (size_t)(p - from) };
	}
	*rest = (struct span){ p, (size_t)(end - p) };
	return true;
}
