/* SPDX-License-Identifier: MIT */
/* The exactly-once protocol of weir-format(5), for Spin: source | stage ... | sink, killed anywhere, started again.
 *
 * RECORDS records are to come out of the sink once each, in order. A stage has a state that changes with every record in a way
 * that no replay would repeat: what it sends carries the state before and behind. So committed output must be one
 * chain - a mixture of two executions shows as a link that does not fit. The invariants are the asserts of `commit`.
 *
 *   RUNS      runs that may be killed, and one more that may not
 *   STAGES    1 or 2
 *   ROOM      lines that a pipe holds
 *   OVERLAP   a run may begin while processes of the one before still live
 *
 * With one of these defined the protocol lacks a step, and Spin must find the fault:
 *   EARLY_FORWARD  EOF_COMMIT  NO_CAS (needs OVERLAP)  NO_RUN_TAG (needs OVERLAP)  TWO_STEPS (output and record are not one) */

#ifndef RECORDS
#define RECORDS 2
#endif
#ifndef RUNS
#define RUNS 2
#endif
#ifndef STAGES
#define STAGES 1
#endif
#ifndef ROOM
#define ROOM 1
#endif

#define ALL_RUNS (RUNS + 1)             /* 1 .. ALL_RUNS; the last is not killed */
#define EPOCHS (RECORDS + ALL_RUNS + 1)
#define CHANNELS (STAGES + 1)

mtype = { RESUME, RECORD, BARRIER, STOP };

/* word, record or epoch, state before or run, state behind or position */
typedef pipe {
	chan line = [ROOM] of { mtype, byte, byte, byte };
	bool closed;                    /* the writer is gone */
	bool broken;                    /* the reader is gone */
};
typedef run_pipes { pipe p[CHANNELS] };
run_pipes flow[ALL_RUNS + 1];

typedef row { bool there[EPOCHS]; bit state[EPOCHS] };
typedef stage_rows { row by[ALL_RUNS + 1] };
stage_rows snapshot[STAGES];            /* durable */

/* The sink's record and its output: durable, changed in one step. */
byte committed_epoch, committed_run, committed_pos;
byte out_records;
bit out_state[STAGES];

byte living;                            /* processes */

#define MAY_DIE(r) :: r < ALL_RUNS -> goto dead
#define DRAIN(line) do :: nempty(line) -> line ? _, _, _, _ :: empty(line) -> break od
#define FORGET do :: n > 0 -> n--; record[n] = 0; before[n] = 0; behind[n] = 0 :: n == 0 -> break od

#ifdef NO_RUN_TAG
#define SNAP(s, r) snapshot[s].by[0]
#else
#define SNAP(s, r) snapshot[s].by[r]
#endif

proctype Source(byte r)
{
	byte epoch, pos, since;

	atomic { epoch = committed_epoch; pos = committed_pos; flow[r].p[0].line ! RESUME, epoch, committed_run, 0 }
	do
	MAY_DIE(r)
	:: flow[r].p[0].broken -> goto dead
	:: pos < RECORDS && nfull(flow[r].p[0].line) ->
		atomic { flow[r].p[0].line ! RECORD, pos, 0, 0; pos++; since++ }
	:: since > 0 && pos < RECORDS && nfull(flow[r].p[0].line) ->
		atomic { epoch++; flow[r].p[0].line ! BARRIER, epoch, r, pos; since = 0 }
	:: pos == RECORDS && nfull(flow[r].p[0].line) ->
		atomic { epoch++; flow[r].p[0].line ! STOP, epoch, r, pos; goto dead }
	od;
dead:
	atomic { flow[r].p[0].closed = true; living--; epoch = 0; pos = 0; since = 0 }
}

proctype Stage(byte r; byte s)
{
	mtype word;
	byte a, b, c;
	bit state, next;
	bool stopped;

	do
	MAY_DIE(r)
	:: flow[r].p[s + 1].broken -> goto dead
	:: empty(flow[r].p[s].line) && flow[r].p[s].closed ->
#ifdef EOF_COMMIT
		if
		:: !stopped && a < EPOCHS - 1 && word != 0 -> word = STOP; a = a + 1; goto barrier
		:: else -> goto dead
		fi
#else
		goto dead
#endif
	:: nempty(flow[r].p[s].line) && nfull(flow[r].p[s + 1].line) ->
		flow[r].p[s].line ? word, a, b, c;
		if
		:: word == RESUME ->
			if
			:: a == 0 -> state = 0
			:: a > 0 && (SNAP(s, b).there[a]) -> state = SNAP(s, b).state[a]
			:: a > 0 && !(SNAP(s, b).there[a]) ->
				/* right only when the sink has moved on since: this resume was stale */
				assert(committed_epoch != a || committed_run != b);
				goto dead
			fi;
			flow[r].p[s + 1].line ! RESUME, a, b, c
		:: word == RECORD ->
			if :: next = 0 :: next = 1 fi;
			/* what a stage sends carries its own states; those of the stage before it are checked by that one's successor alone */
			atomic { flow[r].p[s + 1].line ! RECORD, a, state, next; state = next }
		:: word == BARRIER || word == STOP ->
barrier:
#ifdef EARLY_FORWARD
			flow[r].p[s + 1].line ! word, a, b, c;
			if MAY_DIE(r) :: true fi;
			atomic { SNAP(s, r).there[a] = true; SNAP(s, r).state[a] = state };
#else
			atomic { SNAP(s, r).there[a] = true; SNAP(s, r).state[a] = state };
			if MAY_DIE(r) :: true fi;
			if
			:: nfull(flow[r].p[s + 1].line) -> flow[r].p[s + 1].line ! word, a, b, c
			:: flow[r].p[s + 1].broken -> goto dead
			fi;
#endif
			stopped = (word == STOP);
			if :: stopped -> goto dead :: else fi
		fi
	od;
dead:
	atomic { DRAIN(flow[r].p[s].line); flow[r].p[s].broken = true; flow[r].p[s + 1].closed = true; living--; word = 0; a = 0; b = 0; c = 0; state = 0; next = 0; stopped = false }
}

/* Records of the epoch that is not committed yet. */
proctype Sink(byte r)
{
	mtype word;
	byte a, b, c, n, i, epoch, known_run;
	byte record[RECORDS];
	bit before[RECORDS], behind[RECORDS];

	do
	MAY_DIE(r)
	:: empty(flow[r].p[STAGES].line) && flow[r].p[STAGES].closed ->
#ifdef EOF_COMMIT
		if
		:: n > 0 -> word = STOP; a = epoch + 1; b = r; c = record[n - 1] + 1; goto commit
		:: else -> goto dead
		fi
#else
		goto dead
#endif
	:: nempty(flow[r].p[STAGES].line) ->
		flow[r].p[STAGES].line ? word, a, b, c;
		if
		:: word == RESUME -> atomic {
			epoch = a; known_run = b;
			if
			:: committed_epoch != epoch || committed_run != known_run -> goto dead
			:: else
			fi }
		:: word == RECORD -> atomic { record[n] = a; before[n] = b; behind[n] = c; n++ }
		:: word == BARRIER || word == STOP ->
commit:
			atomic {
#ifndef NO_CAS
				if
				:: committed_epoch != epoch || committed_run != known_run -> goto dead
				:: else
				fi;
#endif
				i = 0;
				do
				:: i < n ->
					assert(record[i] == out_records);
					assert(before[i] == out_state[STAGES - 1]);
					out_state[STAGES - 1] = behind[i];
					out_records++;
					i++
				:: else -> break
				od;
#ifdef TWO_STEPS
			};
			if MAY_DIE(r) :: true fi;
			atomic {
#endif
				committed_epoch = a; committed_run = r; committed_pos = c;
				epoch = a; known_run = r; i = 0; FORGET
			};
			if :: word == STOP -> goto dead :: else fi
		fi
	od;
dead:
	atomic {
		DRAIN(flow[r].p[STAGES].line); flow[r].p[STAGES].broken = true; living--;
		word = 0; a = 0; b = 0; c = 0; epoch = 0; known_run = 0; i = 0; FORGET
	}
}

init {
	byte r = 1, s;

	do
	:: r <= ALL_RUNS ->
#ifndef OVERLAP
		living == 0;
#else
		r < ALL_RUNS || living == 0;    /* the last one is alone: it must come to the end */
#endif
		atomic {
			s = 0;
			living = living + STAGES + 2;
			run Sink(r);
			do :: s < STAGES -> run Stage(r, s); s++ :: else -> break od;
			run Source(r)
		};
		r++
	:: else -> break
	od;
	living == 0;
	assert(out_records == RECORDS)
}
