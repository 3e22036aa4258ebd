/* SPDX-License-Identifier: MIT */
/* interrupt -- SIGINT and SIGTERM in plain streams: what is open is dropped, how much is said, and the process dies by the signal.
 * While a run waits for input everything it has to say is flushed, so the handler may end it there and then; at work it only
 * leaves word. (In checked streams lib/stream/signals.h takes over.) */
#ifndef SPEED_WINDOW_INTERRUPT_H
#define SPEED_WINDOW_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

/* The handler to install. */
void interrupt_on_signal(int number);
/* Not 0 after a signal was caught at work: return early, flush what there is, and call interrupt_die(). */
extern volatile sig_atomic_t interrupted;
_Noreturn void interrupt_die(void);

/* What is told before a run that waits is ended; in the handler, so nothing in it allocates. NULL: there is no run. */
void interrupt_tell(void (*tell)(const void *context), const void *context);

/* The run waits for input from now on, or no more. */
void interrupt_begin_wait(void);
void interrupt_end_wait(void);

#endif
