# SPDX-License-Identifier: MIT
# The law: view(A + B) = merge(view(A), view(B)), byte for byte. law.c makes random views and records and runs the tools on them.
#
#	LAW_CASES=1000 LAW_SEED=7 bats tests/law/law.bats
#
# LAW_CASES: cases of each family (default 60; 400 with WEIR_LONG=1; a tenth under sanitizers). LAW_SEED: seed of the first case
# (default 1), the next has the next. A case that fails is made smaller, and its files stay in the directory that is named; the
# script `commands` there repeats it.

load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	program=${WEIR_BIN%/bin}/tests/law/law
	is_plain_build && program=$WEIR_ROOT/build/tests/law/law
	[[ -x $program ]] || { echo "$program is missing: make programs"; return 1; }
	if [[ -z ${LAW_CASES-} ]]; then
		LAW_CASES=60
		[[ -z ${WEIR_LONG-} ]] || LAW_CASES=400
		is_plain_build || ((LAW_CASES /= 10))
	fi
	export LAW_CASES
}

law() {         # family fault
	"$program" "$@"
}

# Whatever stands in a directory that goes away after the test would be of no use.
holds() {       # family
	run law "$1"
	assert_success
}

@test "law: pieces of the records, merged in any order and in any steps, are the whole" {
	holds split
}

@test "law: pieces of a stream of changes, retractions before insertions too, are the whole" {
	holds split-retract
}

@test "law: several operands in any order, format and number of threads are one input" {
	holds operands
}

@test "law: with a watermark that waits long enough, rows in time are those of the end" {
	holds time
}

@test "law: coarser windows and fewer keys come out of finer ones" {
	holds roll-up
}

@test "law: a changelog and updates amount to the final rows, and aggregate further to the same totals" {
	holds changelog
}

@test "law: so does the changelog of a stream of changes" {
	holds changelog-retract
}

@test "law: what was taken back leaves no trace" {
	holds retract
}

@test "law: rows are what their definition says, by a naive reckoning in 128-bit integers" {
	holds oracle
}

# Each of these runs the tools some dozens of times, and syncs.
in_epochs() {   # family
	((LAW_CASES = (LAW_CASES + 1) / 2))
	holds "$1"
}

@test "law: the partials of epochs of any length are the whole, and a run that goes on behind any barrier sends the same" {
	in_epochs epochs
	holds epochs-retract
}

@test "law: whichever runs end behind whichever barriers, open windows outlive them, and the bytes are those of one run" {
	in_epochs epochs-state
}

@test "law: so do open sessions" {
	in_epochs epochs-state-sessions
}

@test "law: so do those of a stream of changes" {
	in_epochs epochs-state-retract
}

# How many of how many spoilt cases were noticed: spoilt, noticed.
spoil() {       # family fault
	local said status=0

	said=$(law "$@") || status=$?
	((status == 1))
	[[ $said =~ ([0-9]+)\ spoilt,\ ([0-9]+)\ noticed ]]
	spoilt=${BASH_REMATCH[1]} noticed=${BASH_REMATCH[2]}
}

@test "negative control: one changed digit in a result is noticed, always" {
	local family

	for family in split split-retract operands time roll-up changelog changelog-retract retract oracle epochs epochs-state; do
		LAW_CASES=12 spoil "$family" digit
		((noticed == spoilt && spoilt > 3))
	done
}

@test "negative control: a record lost or counted twice in a piece is noticed" {
	local family fault

	for family in split split-retract operands roll-up; do
		for fault in loss repeat; do
			LAW_CASES=12 spoil "$family" "$fault"
			((noticed > 3))
		done
	done
}

# What the cases have found.

@test "law: sessions cut off at the end of time survive in partials, and are one" {
	printf 't,k,x\n9223372036854775806,a,1\n9223372036854775806,a,2\n9223372036854775000,b,4\n9223372036854775806,b,8\n' > in.csv
	window-agg -t t --time-unit ms --session 1h -g k -m 's=sum(x)' --time-format epoch-ms in.csv > want
	window-agg -t t --time-unit ms --session 1h -g k -m 's=sum(x)' -e partial in.csv | merge-views --time-format epoch-ms > got
	diff - want <<- END
		window_start,window_end,k,s
		9223372036854775000,9223372036854775807,b,12
		9223372036854775806,9223372036854775807,a,3
	END
	diff want got
}

@test "law: --fill knows no keys that were taken back altogether" {
	printf '_op,t,k\n+I,0,a\n+I,0,b\n-D,0,b\n+I,120000,a\n+I,180000,b\n-D,180000,b\n' > in.csv
	window-agg -t t --time-unit ms -w 1m -g k --retract --fill --time-format epoch-ms -m 'n=count()' in.csv > want
	window-agg -t t --time-unit ms -w 1m -g k --retract -e partial -m 'n=count()' in.csv |
		merge-views --fill --time-format epoch-ms > got
	diff - want <<- END
		window_start,window_end,k,n
		0,60000,a,1
		60000,120000,a,0
		120000,180000,a,1
	END
	diff want got
}
