/* SPDX-License-Identifier: MIT */
/* parser -- the records of blocks of a log as rows of fields, whatever columns their segment has. */
#ifndef BATCH_LOG_PARSER_H
#define BATCH_LOG_PARSER_H

#include "lib/log/read.h"
#include "lib/text/fields.h"
#include "lib/text/rows.h"

struct parser {
	struct fields fields;           /* added before the first block */
	struct rows *rows;
	struct buf columns;             /* of layout */
	struct layout *layout;
};

/* Begins a block; borrowed until the next one, or parser_free. Then rows_next(p->rows, ...). */
int parser_begin(struct parser *p, const struct log_block *b, struct failure *f);
void parser_free(struct parser *p);

#endif
