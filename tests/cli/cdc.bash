# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the tests of capture from databases share. Each says in `from` what the source is.

capture() {     # table option... -- what there is, into the log
	cdc-tail "$from" --table "$1" --no-follow --resume-from log "${@:2}" | event-log append log
	local status=("${PIPESTATUS[@]}")

	((status[0] == 0 && status[1] == 0)) || failed "capture" "status ${status[*]}"
}

# The changes of the log without what stands before the columns: time, transaction where there is one, position.
changes() {
	event-log cat log | awk -F , 'NR == 1 { for (n = 1; $n != "_pos"; n++) ; } { sub("^[^,]*(,[^,]*){" n - 1 "}", $1); print }'
}

has() {         # name line...
	changes | cmp - <(printf '%s\n' "${@:2}") || failed "$1" "$(changes)"
}
