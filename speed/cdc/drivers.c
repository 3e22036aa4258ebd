/* SPDX-License-Identifier: MIT */
/* The sources that there are. What needs a library of others is in this build or not: WITH_x comes from the Makefile. */
#include "lib/base/span.h"
#include "speed/cdc/driver.h"

extern const struct cdc_driver cdc_binlog, cdc_diff, cdc_envelope, cdc_file, cdc_mysql, cdc_poll, cdc_postgres, cdc_sqlite;

static const struct {
	const char *scheme;
	const struct cdc_driver *driver;        /* NULL: left out */
} known[] = {
	{ "-", &cdc_envelope },
	{ "binlog", &cdc_binlog },
	{ "diff", &cdc_diff },
	{ "file", &cdc_file },
#ifdef WITH_libmariadb
	{ "mariadb", &cdc_mysql },
	{ "mysql", &cdc_mysql },
#else
	{ "mariadb", NULL },
	{ "mysql", NULL },
#endif
	{ "poll", &cdc_poll },
#ifdef WITH_libpq
	{ "postgres", &cdc_postgres },
	{ "postgresql", &cdc_postgres },
#else
	{ "postgres", NULL },
	{ "postgresql", NULL },
#endif
#ifdef WITH_sqlite3
	{ "sqlite", &cdc_sqlite },
#else
	{ "sqlite", NULL },
#endif
};

const struct cdc_driver *cdc_driver_find(struct span scheme, bool *is_known)
{
	*is_known = false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (span_eq(scheme, span_of(known[i].scheme))) {
			*is_known = true;
			return known[i].driver;
		}
	return NULL;
}
