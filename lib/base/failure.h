/* SPDX-License-Identifier: MIT */
/* failure -- why something stopped: a text for people, an exit status for whoever called. Zeroed: nothing has. */
#ifndef LIB_BASE_FAILURE_H
#define LIB_BASE_FAILURE_H

struct failure {
	int status;             /* of diag.h; 0: none */
	char text[400];         /* without the tool's name; "" when closing the output tells it */
};

/* Always -1. The first one stays. */
int failure_set(struct failure *f, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
