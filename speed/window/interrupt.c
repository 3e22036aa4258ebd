/* SPDX-License-Identifier: MIT */
#include "speed/window/interrupt.h"

#include <stddef.h>
#include <unistd.h>

volatile sig_atomic_t interrupted;
static volatile sig_atomic_t waiting;
static void (*tell_run)(const void *context);
static const void *run_context;

_Noreturn void interrupt_die(void)
{
	signal((int)interrupted, SIG_DFL);
	raise((int)interrupted);
	_exit(128 + (int)interrupted);
}

void interrupt_tell(void (*tell)(const void *context), const void *context)
{
	run_context = context;
	tell_run = tell;
}

void interrupt_on_signal(int number)
{
	interrupted = number;
	if (!waiting)
		return;
	if (tell_run)
		tell_run(run_context);
	interrupt_die();
}

void interrupt_begin_wait(void)
{
	waiting = 1;
	if (interrupted)
		interrupt_on_signal((int)interrupted);
}

void interrupt_end_wait(void)
{
	waiting = 0;
}
