/* SPDX-License-Identifier: MIT */
/* One loop waits for signals, which are blocked all the time: SIGCHLD is a member's end, the others ask us to stop. */
#include "speed/pipeline/supervise.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "speed/pipeline/report.h"
#include "speed/pipeline/verdict.h"

#define NEVER INT64_MAX
#define SAME_SIGNAL_MS 200      /* timeout(1) sends it to us and to our group: that is one */
#define GOOD_RUN_MS 60000       /* one that ran that long does not count as failing again and again */

/* What comes at the deadline. */
enum step { STEP_NONE, STEP_TELL, STEP_KILL };

struct supervisor {
	const struct supervise_options *options;
	struct members members;
	struct report report;
	sigset_t signals;
	int asked;              /* the signal that asked us to stop, or 0 */
	int64_t asked_at;
	int64_t began;          /* of this run, monotonic ms */
	int64_t deadline;
	enum step step;
	int64_t in_a_row;       /* restarts that did not last */
};

/* ---- signals ---- */

/* Those that were ignored (nohup, a shell's background) stay so. */
static void block_signals(struct supervisor *s)
{
	static const int asking[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction now;

	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&s->signals);
	sigaddset(&s->signals, SIGCHLD);
	for (size_t i = 0; i < sizeof asking / sizeof *asking; i++)
		if (sigaction(asking[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(&s->signals, asking[i]);
	sigprocmask(SIG_BLOCK, &s->signals, NULL);
}

static _Noreturn void die_of(int sig)
{
	sigset_t it;

	signal(sig, SIG_DFL);
	sigemptyset(&it);
	sigaddset(&it, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &it, NULL);
	_exit(128 + sig);
}

/* The next signal, or 0 at the deadline. */
static int next_signal(const struct supervisor *s, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline == NEVER ? 3600 * 1000 : deadline - clock_ms(CLOCK_MONOTONIC);
		struct timespec wait = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
		int sig;

		if (left <= 0)
			return 0;
		sig = sigtimedwait(&s->signals, NULL, &wait);
		if (sig > 0)
			return sig;
	}
}

/* ---- one run ---- */

static void set_deadline(struct supervisor *s, enum step step, int64_t ms)
{
	s->step = step;
	s->deadline = step == STEP_NONE ? NEVER : clock_ms(CLOCK_MONOTONIC) + ms;
}

static bool ended_well(const struct member *one)
{
	return WIFEXITED(one->status) && WEXITSTATUS(one->status) == EXIT_DONE;
}

static void reap(struct supervisor *s)
{
	struct member *one;

	while ((one = members_reap(&s->members))) {
		if (member_failed(one))
			report_end(&s->report, one, clock_ms(CLOCK_MONOTONIC) - s->began);
		if (!ended_well(one) && s->step == STEP_NONE && s->deadline == NEVER)
			set_deadline(s, STEP_TELL, s->options->grace_ms);
	}
}

/* The first member ends the stream, the others follow. A second time they are killed. */
static void ask(struct supervisor *s, int sig)
{
	struct member *first = &s->members.of[0];

	if (s->asked && clock_ms(CLOCK_MONOTONIC) - s->asked_at < SAME_SIGNAL_MS)
		return;
	if (s->asked) {
		members_kill(&s->members);
		report_metrics(&s->report, false);
		die_of(sig);
	}
	s->asked = sig;
	s->asked_at = clock_ms(CLOCK_MONOTONIC);
	report_say(&s->report, "asked to stop by signal %d", sig);
	member_tell(first, SIGTERM);
	set_deadline(s, STEP_KILL, s->options->drain_ms);
}

static void at_deadline(struct supervisor *s)
{
	bool kill = s->step == STEP_KILL;
	int64_t waited = s->asked ? s->options->drain_ms : s->options->grace_ms;

	for (size_t i = 0; i < s->members.n; i++) {
		struct member *one = &s->members.of[i];

		if (!one->running)
			continue;
		report_say(&s->report, "%s (%zu): has not ended for %s: %s", one->name, report_place(&s->report, one), report_span(waited),
		           kill ? "SIGKILL" : "SIGTERM");
		if (!kill)
			member_tell(one, SIGTERM);
	}
	if (kill)
		members_kill(&s->members);
	set_deadline(s, kill ? STEP_NONE : STEP_KILL, s->options->grace_ms);
}

static void run(struct supervisor *s)
{
	set_deadline(s, STEP_NONE, 0);
	report_metrics(&s->report, true);
	while (s->members.running) {
		int sig = next_signal(s, s->deadline);

		if (sig == 0)
			at_deadline(s);
		else if (sig == SIGCHLD)
			reap(s);
		else
			ask(s, sig);
	}
	report_metrics(&s->report, false);
}

/* ---- again ---- */

static int64_t back_off(const struct supervisor *s)
{
	int64_t delay = s->options->delay_ms;

	for (int64_t i = 0; i < s->in_a_row && delay < s->options->max_delay_ms; i++)
		delay = delay > s->options->max_delay_ms / 2 ? s->options->max_delay_ms : delay * 2;
	return delay < s->options->max_delay_ms ? delay : s->options->max_delay_ms;
}

/* False: it is not to be started again. */
static bool wait_to_restart(struct supervisor *s)
{
	int64_t delay, until;
	int sig;

	if (clock_ms(CLOCK_MONOTONIC) - s->began >= GOOD_RUN_MS)
		s->in_a_row = 0;
	if (s->options->restarts >= 0 && s->in_a_row >= s->options->restarts) {
		report_say(&s->report, "given up after %" PRId64 " restart%s in a row", s->in_a_row, s->in_a_row == 1 ? "" : "s");
		return false;
	}
	delay = back_off(s);
	report_say(&s->report, "restart %" PRIu64 " in %s", ++s->report.restarts, report_span(delay));
	s->in_a_row++;
	until = clock_ms(CLOCK_MONOTONIC) + delay;
	while ((sig = next_signal(s, until)) == SIGCHLD)
		;
	if (sig)
		report_say(&s->report, "asked to stop by signal %d, and not started again", sig);
	return sig == 0;
}

/* One run from start to end. */
static enum verdict run_once(struct supervisor *s, int *status, struct failure *f)
{
	s->began = clock_ms(CLOCK_MONOTONIC);
	if (members_start(&s->members, f) == 0) {
		run(s);
		return members_verdict(&s->members, status);
	}
	*status = f->status;
	if (f->status != EXIT_RETRY)
		return VERDICT_FATAL;
	report_say(&s->report, "%s", f->text);
	*f = (struct failure){ 0 };
	return VERDICT_AGAIN;
}

static int supervise_all(struct supervisor *s, struct failure *f)
{
	enum verdict verdict;
	int status;

	do {
		verdict = run_once(s, &status, f);
		if (verdict == VERDICT_UNREAD)
			die_of(SIGPIPE);
	} while (verdict == VERDICT_AGAIN && !s->asked && wait_to_restart(s));
	return status;
}

int supervise(const struct supervise_options *o, char **words, struct failure *f)
{
	struct supervisor s = { .options = o, .report = { .log = o->log, .metrics = o->stats, .members = &s.members } };
	int status = -1;

	if (members_parse(&s.members, words, f) == 0 && report_open(&s.report, f) == 0) {
		block_signals(&s);
		status = supervise_all(&s, f);
	}
	members_free(&s.members);
	return status < 0 ? f->status : status;
}
