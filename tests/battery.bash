# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What every tool owes its command line (weir(7), conventions). A tool's bats file calls
#
#	@test "dedupe: conventions of the command line" {
#		battery dedupe "$WEIR_ROOT/tests/cli/data/orders.csv" --key order_id
#	}
#
# with a sample that the tool reads from stdin, and arguments that make a valid run of it. All checks
# run, each in a shell and a directory of its own; those that fail are named with the reason.
# BATTERY_SKIP="crlf nul" leaves checks out where a tool has a reason (say it there); battery_basics
# has those for tools that read no records from stdin.

BATTERY_BASICS='help unknown_option missing_argument version full_disk_help'
BATTERY_INPUT='sample empty_input no_final_newline crlf nul huge_field full_disk closed_stdout closed_stdin
	sigterm reader_gone head short_io no_memory'

battery() {             # tool sample args...
	run_battery "$BATTERY_BASICS $BATTERY_INPUT" "$@"
}

battery_basics() {      # tool
	run_battery "$BATTERY_BASICS" "$1" /dev/null
}

run_battery() {         # checks tool sample args...
	local check failed=0 tool=$2 sample=$3 args=("${@:4}")

	for check in $1; do
		[[ " ${BATTERY_SKIP-} " == *" $check "* ]] && continue
		mkdir -p "$BATS_TEST_TMPDIR/battery/$check"
		if ! (cd "$BATS_TEST_TMPDIR/battery/$check" && set +eET && trap - ERR EXIT && "battery_$check") 3>&-; then
			echo "$tool: $check failed"
			failed=1
		fi
	done
	return "$failed"
}

# --- What the checks are made of: $tool, ${args[@]} and $sample come from run_battery ---------------

# Runs the tool; out, err and status hold what came of it. stdin is the caller's.
go() {
	"$tool" "$@" > out 2> err
	status=$?
}

says() {                # what was seen, for a failed check
	echo "    status $status, stderr: $(head -c 300 err)"
	return 1
}

want_status() {         # status...
	local wanted

	for wanted; do
		((status == wanted)) && return
	done
	echo "    wanted status $*"
	says
}

want_message() {        # glob for the one line on stderr
	# shellcheck disable=SC2053 # a pattern is meant
	[[ $(cat err) == $1 && $(wc -l < err) -eq 1 ]] && return
	echo "    wanted on stderr: $1"
	says
}

want_quiet() {
	[[ ! -s err ]] || says
}

want_output() {         # file
	cmp -s "$1" out && return
	echo "    the output differs:"
	diff -a "$1" out | head -n 4 | cut -c 1-200 | sed 's/^/    /'
	says
}

# The right answer for the sample, in ./right.
right_answer() {
	go "${args[@]}" < "$sample"
	want_status 0 && mv out right
}

# The sample without its last newline, in ./unended.
without_newline() {
	head -c -1 "$sample" > unended
}

listing() {
	"$tool" --completions list
}

# --- Basics ----------------------------------------------------------------------------------------

battery_help() {
	local name letter _

	go --help < /dev/null
	want_status 0 && want_quiet && [[ $(listing | wc -l) -ge 2 ]] || return
	while IFS=$'\x1f' read -r name letter _; do
		grep -q -e "^ .*--$name\\b" out || { echo "    --$name is not in --help"; return 1; }
		[[ -z $letter ]] || grep -q -e "^  -$letter, --$name\\b" out || { echo "    -$letter is not in --help"; return 1; }
	done < <(listing | tr '\t' '\037')
	head -n 1 out | grep -q "^Usage: $tool" || { echo "    no usage line"; return 1; }
	awk 'length > 100 { exit 1 }' out || { echo "    lines longer than 100"; return 1; }
}

battery_unknown_option() {
	go --no-such-option < /dev/null
	want_status 64 && want_message "$tool: --no-such-option: unknown option*" && [[ ! -s out ]] || return
	go --hel < /dev/null
	want_status 64 && want_message "$tool: --hel: unknown option (did you mean --help[?])"
}

# The first option of the table that takes an argument, if any.
battery_missing_argument() {
	local name

	name=$(listing | awk -F '\t' '$3 != "" { print $1; exit }')
	[[ -n $name ]] || return 0
	go "--$name" < /dev/null
	want_status 64 && want_message "$tool: --$name: needs an argument *"
}

battery_version() {
	go --version < /dev/null
	want_status 0 && want_quiet || return
	head -n 1 out | grep -qxE "$tool \(weir\) [0-9]+\.[0-9]+\.[0-9]+" || says
}

battery_full_disk_help() {
	"$tool" --help > /dev/full 2> err
	status=$?
	want_status 74 && want_message "$tool: stdout: No space left on device"
}

# --- Input -----------------------------------------------------------------------------------------

# Not empty, repeatable, and the same from a file and a pipe.
battery_sample() {
	right_answer && [[ -s right ]] && want_quiet || return
	go "${args[@]}" < <(cat "$sample")
	want_status 0 && want_output right
}

battery_empty_input() {
	go "${args[@]}" < /dev/null
	want_status 0 && want_quiet
}

# A regular file may lack it; a pipe may have been cut off there.
battery_no_final_newline() {
	right_answer && without_newline || return
	go "${args[@]}" < unended
	want_status 0 && want_output right || return
	go "${args[@]}" < <(cat unended)
	want_status 65 && want_message "$tool: *" || return
	listing | grep -q '^accept-unterminated' || return 0
	go --accept-unterminated "${args[@]}" < <(cat unended)
	want_status 0 && want_output right
}

# Lines may end in CR LF; what is written ends in LF alone.
battery_crlf() {
	right_answer || return
	sed 's/$/\r/' "$sample" > crlf
	go "${args[@]}" < crlf
	want_status 0 && want_output right
}

# In every record: taken or refused, but never a crash or a torn message.
battery_nul() {
	sed '2,$s/^./&\x00/' "$sample" > nul
	go "${args[@]}" < nul
	want_status 0 65 || return
	((status == 0)) || want_message "$tool: *"
}

# 40 MiB more in the second line, at its beginning and at its end.
battery_huge_field() {
	local place

	head -c 40M /dev/zero | tr '\0' 'x' > field
	for place in begin end; do
		if [[ $place == begin ]]; then
			cat <(head -n 1 "$sample") field <(tail -n +2 "$sample") > huge
		else
			cat <(head -n 2 "$sample" | head -c -1) field <(echo; tail -n +3 "$sample") > huge
		fi
		go "${args[@]}" < huge
		want_status 0 65 71 || return
		((status == 0)) || want_message "$tool: *" || return
		(($(wc -c < err) <= 4096)) || { echo "    the message is huge too"; return 1; }
	done
}

# --- Output and life -------------------------------------------------------------------------------

battery_full_disk() {
	"$tool" "${args[@]}" < "$sample" > /dev/full 2> err
	status=$?
	want_status 74 && want_message "$tool: stdout: No space left on device"
}

battery_closed_stdout() {
	"$tool" "${args[@]}" < "$sample" >&- 2> err
	status=$?
	want_status 74 && want_message "$tool: stdout: Bad file descriptor"
}

battery_closed_stdin() {
	go "${args[@]}" <&-
	want_status 74 && want_message "$tool: *: Bad file descriptor"
}

# Waiting for input, and told to go: it goes at once, and by the signal.
battery_sigterm() {
	local pid

	mkfifo in
	exec 5<> in
	"$tool" "${args[@]}" < in > out 2> err 5>&- &
	pid=$!
	cat "$sample" >&5
	until_true is_waiting_or_gone "$pid" && kill -TERM "$pid"
	wait "$pid"
	status=$?
	exec 5>&-
	want_status 143
}

# Nobody reads: dies of SIGPIPE, says nothing.
battery_reader_gone() {
	mkfifo pipe
	exec 5<> pipe
	exec 6> pipe
	exec 5>&-
	"$tool" "${args[@]}" < "$sample" >&6 2> err 6>&-
	status=$?
	exec 6>&-
	want_status 141 && want_quiet
}

battery_head() {
	"$tool" "${args[@]}" < "$sample" 2> err | head -n 1 > out
	status=${PIPESTATUS[0]}
	want_status 0 141 && want_quiet
}

# --- Faults, in the build without sanitizers ---------------------------------------------------------

battery_short_io() {
	is_plain_build || return 0
	right_answer || return
	shim shortio "$tool" "${args[@]}" < "$sample" > out 2> err
	status=$?
	want_status 0 && want_output right && want_quiet
}

# The n-th allocation fails, for every n until there is none: status 71 and what was written is a
# beginning of the right answer; or it did without, and all is right.
battery_no_memory() {
	local n

	is_plain_build || return 0
	right_answer || return
	for ((n = 1; n < 5000; n += 1 + n / 50)); do
		rm -f mark
		FAIL_MALLOC=$n FAIL_MALLOC_MARK=$PWD/mark shim failmalloc "$tool" "${args[@]}" < "$sample" > out 2> err
		status=$?
		if ((status == 71)); then
			want_message "$tool: *memory*" && head -c "$(wc -c < out)" right | cmp -s - out
		else
			want_status 0 && want_output right
		fi || { echo "    allocation $n"; says; return 1; }
		[[ -e mark ]] || break
	done
	((n > 1)) || { echo "    no allocation was seen"; return 1; }
}
