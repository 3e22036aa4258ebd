/* SPDX-License-Identifier: MIT */
/* json_seen -- the members of objects that a scanner has met, so that it need not parse them again.
 *
 * The members of a stream's objects mostly come with the same names, blanks and order. So the bytes before a value, from
 * behind the value before it, are remembered together with what they lead to:
 *
 *   {"ts":1,"who":{"id":2},"amount":3}
 *   ^^^^^^ ^^^^^^^ ^^^^^^ ^^^^^^^^^^            a first member has the brace, others have the comma
 *
 * Where they stand again, a comparison replaces parsing: bytes that were well-formed once behind `{` or behind a value are
 * so again. Which ones to compare is guessed from the member that came next last time, else looked up by name. */
#ifndef LIB_TEXT_JSON_SEEN_H
#define LIB_TEXT_JSON_SEEN_H

#include <stdbool.h>

#include "lib/base/span.h"
#include "lib/text/bytes.h"

#define JSON_SEEN_MOST 64
#define JSON_SEEN_BYTES 32              /* longer ones are parsed each time */

struct json_node;

/* The bytes are compared as two words, from the start and up to the end, or four; they overlap as they must. */
struct json_member {
	uint64_t word[4], mask;         /* mask: of fewer than eight bytes */
	uint32_t n, back;               /* back: where the word at the end begins */
	uint32_t nquotes;               /* two, and escaped ones */
	ptrdiff_t need;                 /* bytes that must be there to compare */
	const struct json_node *under;  /* what was asked for of the object it stands in */
	struct json_node *node;         /* and of its value */
	struct json_member *next;       /* guess: the member behind it */
	struct json_member *inside;     /* guess: the first member of an object in its value */
};

struct json_seen {
	size_t n;
	struct json_member *first;      /* guess: of the record */
	struct json_member none;        /* what is not remembered; never stands */
	struct json_member member[JSON_SEEN_MOST];
	uint8_t by_name[4 * JSON_SEEN_MOST];    /* member + 1, by hash; 0: free */
};

/* Forgets all; also makes an empty one. */
void json_seen_forget(struct json_seen *seen);

/* The member whose bytes stand at p, NULL when it is not known. last: where the last 16 bytes of the record begin, NULL
 * when it is shorter; then nothing is found or learned. */
struct json_member *json_seen_find(struct json_seen *seen, const char *p, const char *last, const struct json_node *under);

/* Remembers the bytes of a member, which find has not found, if it can; NULL if not. */
struct json_member *json_seen_learn(struct json_seen *seen, struct span text, const char *last, const struct json_node *under, struct json_node *node);

/* Full: what comes now may be other than what came. For the caller to forget when nothing is at hand. */
static inline bool json_seen_is_full(const struct json_seen *seen)
{
	return seen->n == JSON_SEEN_MOST;
}

static inline __attribute__((always_inline))
bool json_member_stands(const struct json_member *m, const char *p, const char *end, const struct json_node *under)
{
	uint64_t differ;

	if (end - p < m->need)
		return false;
	differ = ((bytes_load(p) ^ m->word[0]) | (bytes_load(p + m->back) ^ m->word[1])) & m->mask;
	if (m->n > 16)
		differ |= (bytes_load(p + 8) ^ m->word[2]) | (bytes_load(p + m->back - 8) ^ m->word[3]);
	return differ == 0 && m->under == under;
}

#endif
