#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The protocol as a model, all its interleavings searched by Spin: it holds, and without any one of its steps it does not.

bats_require_minimum_version 1.5.0

setup() {
	model=$BATS_TEST_DIRNAME/exactly-once.pml
	cd "$BATS_TEST_TMPDIR" || return
}

# search DEFINE...: builds the verifier and lets it run; output in `found`.
search() {
	spin "${@/#/-D}" -a "$model" > spin.out
	cc -O2 -DSAFETY -DCOLLAPSE -DMEMLIM=2000 -w -o pan pan.c
	./pan -m200000 > found
	cat found
}

# The search must have come to its end: not be cut by memory or depth.
holds() {
	search "$@"
	grep -q 'errors: 0' found
	grep -q '^Full statespace search' found
	run ! grep -E 'truncated|max search depth too small|out of memory|Search not completed' found
}

breaks() {
	search "$@"
	grep -q 'assertion violated' found
}

@test "one killed run after another: every record is in the sink once" {
	holds RUNS=1
	holds RUNS=2 RECORDS=1
}

@test "the same with two stages" {
	holds RUNS=1 STAGES=2
}

@test "the same when a run begins before the one before it is gone" {
	holds RUNS=2 RECORDS=1 OVERLAP
}

@test "without a snapshot before the barrier goes on it breaks" {
	breaks RUNS=1 EARLY_FORWARD
}

@test "with the end of input taken for the end of the stream it breaks" {
	breaks RUNS=1 EOF_COMMIT
}

@test "with output and position committed in two steps it breaks" {
	breaks RUNS=1 TWO_STEPS
}

@test "without compare-and-set it breaks" {
	breaks RUNS=2 RECORDS=1 NO_CAS OVERLAP
}

@test "with snapshots that do not say their run it breaks" {
	breaks RUNS=2 NO_RUN_TAG OVERLAP
}
