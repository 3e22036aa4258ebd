# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Many small cases in one test: each says its name, all are run, those that fail are printed, and teardown
# fails the test. Input is the caller's stdin: `gives "a sum" "$rows" window-agg ... < file`.

# Runs a command; out, err and status hold what came of it.
try() {         # command...
	status=0
	"$@" > out 2> err || status=$?
}

failed() {      # name text...
	printf '%s: %s\n' "$1" "${*:2}" >> "$BATS_TEST_TMPDIR/failed"
}

# Two texts must be equal.
equal() {       # name wanted got
	[[ $3 == "$2" ]] || failed "$1" $'the difference:\n'"$(diff -a <(echo "$2") <(echo "$3") | head -n 20 | cut -c 1-300)"
}

# Status 0, nothing on stderr, and this output (its last newline aside).
gives() {       # name wanted command...
	try "${@:3}"
	[[ $status -eq 0 && ! -s err ]] || failed "$1" "status $status, $(head -c 500 err)"
	equal "$1" "$2" "$(< out)"
}

# That status and one line on stderr, like the pattern.
refuses() {     # name status pattern command...
	try "${@:4}"
	# shellcheck disable=SC2053 # a pattern is meant
	[[ $status -eq $2 && $(tr '\0' '?' < err) == $3 && $(wc -l < err) -eq 1 ]] ||
		failed "$1" "wanted $2 and $3, got $status and: $(head -c 500 err)"
}

# The counters of --stats as words: ledger of out, err or a file, `in=3 out=2 ...`, those named, in that order.
ledger() {      # file counter...
	local counter line

	line=$(grep '^{"tool"' "$1")
	for counter in "${@:2}"; do
		[[ $line =~ \"$counter\":([0-9]+) ]] && printf '%s=%s ' "$counter" "${BASH_REMATCH[1]}"
	done | sed 's/ $//'
}

# In a ledger nothing is missing.
balanced() {    # name file
	local n

	read -r -a n <<< "$(ledger "$2" in out late duplicate rejected filtered | sed 's/[a-z]*=//g')"
	((${#n[@]} == 6 && n[0] == n[1] + n[2] + n[3] + n[4] + n[5])) || failed "$1" "the ledger does not add up: $(grep '^{"tool"' "$2")"
}

# A file with one byte changed, on stdout.
flip() {        # file offset mask
	local byte

	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	head -c "$2" "$1"
	printf '%b' "\\x$(printf %02x $((byte ^ $3)))"
	tail -c "+$(($2 + 2))" "$1"
}

teardown() {
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}
