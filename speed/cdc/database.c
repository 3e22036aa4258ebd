/* SPDX-License-Identifier: MIT */
#include "speed/cdc/database.h"

bool database_is_remote(const char *host)
{
	return host && *host && *host != '/' && strcmp(host, "localhost") != 0 && strncmp(host, "127.", 4) != 0 && strcmp(host, "::1") != 0;
}

void database_put_quoted(struct buf *sql, const char *name, char quote)
{
	buf_byte(sql, quote);
	for (; *name; name++) {
		if (*name == quote)
			buf_byte(sql, quote);
		buf_byte(sql, *name);
	}
	buf_byte(sql, quote);
}
