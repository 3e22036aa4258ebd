/* SPDX-License-Identifier: MIT */
#include "speed/pipeline/verdict.h"

#include <signal.h>

#include "tests/unit/check.h"

/* Statuses as waitpid() gives them. */
#define EXITED(status) ((status) << 8)
#define KILLED(signal) (signal)

struct expected {
	struct member one[3];
	enum verdict verdict;
	int status;
};

#define OF(...) { .status = __VA_ARGS__ }

TEST(the_worst_decides_the_first_of_several_and_consequences_never)
{
	static const struct expected cases[] = {
		{ { OF(0), OF(0), OF(0) }, VERDICT_DONE, 0 },
		/* not worth another try */
		{ { OF(0), OF(EXITED(65)), OF(0) }, VERDICT_FATAL, 65 },
		{ { OF(EXITED(75)), OF(EXITED(78)), OF(EXITED(65)) }, VERDICT_FATAL, 78 },
		{ { OF(KILLED(SIGKILL)), OF(0), OF(EXITED(1)) }, VERDICT_FATAL, 1 },
		{ { OF(EXITED(128)), OF(0), OF(0) }, VERDICT_FATAL, 128 },
		/* worth one */
		{ { OF(EXITED(69)), OF(EXITED(75)), OF(0) }, VERDICT_AGAIN, 69 },
		{ { OF(0), OF(0), OF(EXITED(74)) }, VERDICT_AGAIN, 74 },
		{ { OF(0), OF(KILLED(SIGKILL)), OF(EXITED(74)) }, VERDICT_AGAIN, 75 },
		{ { OF(KILLED(SIGSEGV)), OF(EXITED(75)), OF(EXITED(75)) }, VERDICT_AGAIN, 75 },
		{ { OF(EXITED(137)), OF(0), OF(0) }, VERDICT_AGAIN, 75 },
		/* consequences */
		{ { OF(KILLED(SIGPIPE)), OF(EXITED(75)), OF(0) }, VERDICT_AGAIN, 75 },
		{ { OF(KILLED(SIGPIPE)), OF(EXITED(141)), OF(0) }, VERDICT_DONE, 0 },
		{ { OF(KILLED(SIGPIPE)), OF(KILLED(SIGPIPE)), OF(KILLED(SIGPIPE)) }, VERDICT_UNREAD, 0 },
		{ { OF(0), OF(0), OF(EXITED(141)) }, VERDICT_UNREAD, 0 },
		{ { OF(0), OF(EXITED(75)), OF(KILLED(SIGPIPE)) }, VERDICT_AGAIN, 75 },
		/* told to end */
		{ { OF(KILLED(SIGTERM), .told = true), OF(0), OF(0) }, VERDICT_DONE, 0 },
		{ { OF(KILLED(SIGKILL), .told = true), OF(0), OF(0) }, VERDICT_AGAIN, 75 },
		{ { OF(EXITED(65), .told = true), OF(0), OF(0) }, VERDICT_AGAIN, 75 },
		{ { OF(KILLED(SIGTERM), .told = true), OF(EXITED(75)), OF(0) }, VERDICT_AGAIN, 75 },
		{ { OF(KILLED(SIGKILL), .told = true), OF(EXITED(65)), OF(0) }, VERDICT_FATAL, 65 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct expected e = cases[i];
		struct members m = { .of = e.one, .n = 3 };
		int status = -1;

		CHECK_INT(members_verdict(&m, &status), e.verdict);
		CHECK_INT(status, e.status);
	}
}
