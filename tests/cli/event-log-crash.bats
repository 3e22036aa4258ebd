# SPDX-License-Identifier: MIT
# event-log: processes that are killed, disks that fail, several at once. What was acknowledged is there, once.

load ../lib
load cases

first_segment=00000000000000000000.log

field() {       # log name
	event-log info "$1" | awk -F '\t' -v name="$2" '$1 == name { print $2 }'
}

numbers() {     # from to
	echo id
	seq "$1" "$2"
}

teardown() {
	[[ ! -d small ]] || umount small 2> /dev/null || true
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

# Runs a command whose n-th system call of these is met by a fault: `inject fdatasync:error=EIO:when=2 command...`.
inject() {      # fault command...
	strace -f -qq -o trace -e trace="${1%%:*}" -e inject="$1" "${@:2}"
}

can_trace() {
	need strace
	is_plain_build || skip "strace and leak checks do not go together"
	strace -o /dev/null true 2> /dev/null || skip "strace is not allowed here"
}

@test "killed before any step, the writer has stored what it acknowledged, once" {
	can_trace
	numbers 1 400 > in
	for call in write pwrite64 fdatasync fsync openat rename,renameat,renameat2 unlink,unlinkat ftruncate close clone3,clone; do
		for ((n = 1; n <= 40; n++)); do
			rm -rf log
			seq 1 30 | sed '1i id' | event-log append --once begin log
			killed=0
			# segments close and are compressed on the way
			inject "$call:signal=KILL:when=$n" event-log append --once all --block-bytes 200 --segment-size 300 log in 2> /dev/null || killed=1
			event-log append --once all log in 2> err || failed "$call $n" "$(cat err)"
			event-log append --once all log in 2>> err || failed "$call $n, again" "$(cat err)"
			cmp -s <(event-log cat log) <(echo id; seq 1 30; seq 1 400) || failed "$call $n" "$(event-log cat log 2>&1 | wc -l) lines"
			event-log verify log > out 2>&1 || failed "$call $n" "$(cat out)"
			((killed)) || break
		done
	done
}

@test "killed while it seals, a segment is read once" {
	can_trace
	numbers 1 3000 > in
	for call in write fdatasync fsync rename,renameat,renameat2 unlink,unlinkat openat lseek; do
		for ((n = 1; n <= 40; n++)); do
			rm -rf log
			event-log append --block-bytes 1K log in
			killed=0
			inject "$call:signal=KILL:when=$n" event-log seal log 2> /dev/null || killed=1
			cmp -s <(event-log cat log) in || failed "$call $n" "readers: $(ls -a log)"
			event-log seal log 2> err || failed "$call $n" "$(cat err)"
			[[ $(ls -A log) == $'.lock\n00000000000000000000.idx\n00000000000000000000.log.gz' ]] || failed "$call $n" "left: $(ls -A log)"
			cmp -s <(event-log cat log) in || failed "$call $n" "records"
			((killed)) || break
		done
	done
}

@test "a sync that failed is final: not tried again, not acknowledged, and the log goes on" {
	can_trace
	# the first is that of opening
	for n in 1 2 3 4; do
		rm -rf log
		numbers 1 3 | event-log append log
		status=0
		inject "fdatasync:error=EIO:when=$n+" event-log append --block-bytes 1 log <(numbers 4 9) > out 2> err || status=$?
		[[ $status -eq 74 && $(< err) == "event-log: log/$first_segment: sync: Input/output error" && $(wc -l < err) -eq 1 ]] || failed "sync $n" "$status $(cat err)"
		equal "sync $n: not tried again" 1 "$(grep -c EIO trace)"
		[[ -e log/.reread ]] || failed "sync $n" "the next one would believe what the kernel remembers"
		cmp <(event-log cat log) <(numbers 1 $((n < 3 ? 3 : n + 1))) || failed "sync $n: what was acknowledged" "$(event-log cat log)"
	done
	numbers 7 7 | event-log append log
	equal "goes on" 7 "$(event-log cat log | tail -n 1)"
	event-log verify log > /dev/null || failed "whole" "no"
	[[ ! -e log/.reread ]] || failed "the mark" "stays"
}

@test "a write that failed leaves nothing behind" {
	can_trace
	numbers 1 3 | event-log append log
	before=$(cksum < log/$first_segment)
	for error in ENOSPC EIO EDQUOT; do
		status=0
		inject "write:error=$error:when=1" event-log append log <(numbers 4 6) > out 2> err || status=$?
		[[ $status -eq 74 && $(< err) == "event-log: log/$first_segment: "* ]] || failed "$error" "$status $(cat err)"
		equal "$error: as before" "$before" "$(cksum < log/$first_segment)"
	done
	numbers 4 6 | event-log append log
	cmp <(event-log cat log) <(numbers 1 6) || failed "goes on" "$(event-log cat log)"
}

@test "a full disk: the block is not stored, and is once there is room" {
	mkdir small
	mount -t tmpfs -o size=400k none small 2> /dev/null || skip "no right to mount a file system"
	numbers 1 20000 > in
	event-log append --no-compress small/log in
	head -c 120K /dev/zero > small/other
	rest=$(df --output=avail -k small | tail -n 1)
	((rest < 200)) || failed "the disk" "is not full"
	size=$(stat -c %s small/log/$first_segment)
	status=0
	numbers 1 60000 > many
	# one block: neither time nor a pipe that is empty for a moment ends it
	event-log append --no-compress --block-interval 1h small/log many 2> err || status=$?
	[[ $status -eq 74 && $(< err) == "event-log: small/log/$first_segment: No space left on device" ]] || failed "full" "$status $(cat err)"
	equal "cut back" "$size" "$(stat -c %s small/log/$first_segment)"
	cmp <(event-log cat small/log) in || failed "what was stored" "differs"
	# nor is there room to compress: the segment stays plain
	head -c "$(($(df --output=avail -k small | tail -n 1) - 8))K" /dev/zero > small/more
	event-log seal small/log 2> err || failed "seal" "$(cat err)"
	[[ -e small/log/$first_segment && $(< err) == *"the segment stays plain" ]] || failed "stays plain" "$(ls -A small/log; cat err)"
	cmp <(event-log cat small/log) in || failed "sealed" "differs"
	rm small/other small/more
	event-log append small/log <(numbers 20001 20005)
	cmp <(event-log cat small/log) <(numbers 1 20005) || failed "goes on" "differs"
	[[ -e small/log/$first_segment.gz && ! -e small/log/.compress ]] || failed "compressed at last" "$(ls -A small/log)"
}

@test "a read-only file system: nothing half made" {
	mkdir small
	mount -t tmpfs -o size=1m none small 2> /dev/null || skip "no right to mount a file system"
	numbers 1 3 | event-log append small/log
	mount -o remount,ro small
	refuses "no writer" 73 'event-log: small/log/.lock: Read-only file system' event-log append small/log /dev/null
	refuses "no new log" 73 'event-log: small/new: Read-only file system' event-log append small/new /dev/null
	gives "readers" "$(numbers 1 3)" event-log cat small/log
	event-log verify small/log > /dev/null || failed "verify" "no"
	event-log info small/log > /dev/null || failed "info" "no"
}

@test "one writer at a time" {
	local pids=() i

	numbers 1 1 > in
	for ((i = 0; i < 20; i++)); do
		{ event-log append log in 2> "err$i" && touch "done$i"; echo $? > "status$i"; } &
		pids+=($!)
	done
	wait "${pids[@]}"
	done=$(find . -name 'done*' | wc -l)
	((done >= 1)) || failed "some" "none"
	equal "all that were done" "$done" "$(field log records)"
	for ((i = 0; i < 20; i++)); do
		[[ -e done$i || $(< "status$i"),$(< "err$i") == '75,event-log: log: the log is being written by another process' ]] || failed "$i" "$(cat "status$i" "err$i")"
	done
	event-log verify log > /dev/null || failed "whole" "no"
	rm -rf log
	for ((i = 0; i < 20; i++)); do
		event-log append --wait 30s log in 2>> err &
		pids[i]=$!
	done
	wait "${pids[@]}"
	equal "with patience all of them" 20 "$(field log records)"
}

# A writer that waits for more on fd 7: its pid is in $writer.
start_writer() {        # option...
	mkfifo in
	event-log append "$@" log < in 2> writer.err &
	writer=$!
	exec 7> in
	echo id >&7
}

stored() {      # n
	[[ $(field log records 2> /dev/null) == "$1" ]]
}

@test "a dead writer's lock is no lock" {
	start_writer
	echo 1 >&7
	until_true stored 1
	refuses "held" 75 'event-log: log: the log is being written by another process' event-log append log /dev/null
	refuses "held, repair" 75 'event-log: log: the log is being written by another process' event-log repair --quarantine log
	kill -KILL "$writer"
	wait "$writer" || true
	exec 7>&-
	numbers 2 2 | event-log append log
	cmp <(event-log cat log) <(numbers 1 2) || failed "goes on" "$(event-log cat log)"
}

@test "live records are stored as they come, and what has come is stored when it is told to go" {
	start_writer --block-interval 1h
	for i in 1 2 3; do
		echo "$i" >&7
		until_true stored "$i"
	done
	printf 4 >&7
	kill -TERM "$writer"
	status=0
	wait "$writer" || status=$?
	exec 7>&-
	equal "by the signal" 143 "$status"
	cmp <(event-log cat log) <(numbers 1 3) || failed "stored" "$(event-log cat log)"
}

@test "a signal that comes while it looks for input ends it too" {
	can_trace
	mkfifo in
	for n in 1 2 3 4 5; do
		rm -rf log
		exec 7<> in
		printf 'id,text\n1,text 1\n2' >&7
		status=0
		inject "poll:signal=TERM:when=$n" timeout 20 event-log append --block-interval 1h log < in 7>&- 2> err || status=$?
		exec 7>&-
		equal "look $n" 143 "$status"
		equal "look $n: stored" $'id,text\n1,text 1' "$(event-log cat log)"
	done
}

@test "a running writer seals when it is asked, also while it waits" {
	start_writer
	echo 1 >&7
	until_true stored 1
	gives "asked" "" event-log seal log
	[[ $(ls log) == *00000000000000000000.log* ]] || failed "sealed" "$(ls log)"
	until_true test -e log/$first_segment.gz
	echo 2 >&7
	until_true stored 2
	equal "another segment" 2 "$(field log segments)"
	gives "asked again" "" event-log seal --wait 5s log
	equal "nothing is asked now" "" "$(find log -name .seal-request)"
	exec 7>&-
	wait "$writer"
	event-log verify log > out || failed "whole" "$(cat out)"
	# one that does not answer
	rm in
	start_writer
	echo 3 >&7
	until_true stored 3
	kill -STOP "$writer"
	refuses "no answer" 75 'event-log: log: its writer has not sealed it yet' event-log seal --wait 100ms log
	kill -CONT "$writer"
	exec 7>&-
	wait "$writer"
}

@test "--sync: each block, at times, or at the end" {
	can_trace
	numbers 1 50 > in
	syncs() {
		strace -f -qq -o trace -e trace=fdatasync event-log append --block-bytes 1 --no-compress "$@" log in
		grep -c fdatasync trace
		rm -rf log
	}
	(($(syncs) >= 50)) || failed "block" "$(cat trace)"
	(($(syncs --sync none) == 1)) || failed "none" "$(cat trace)"
	(($(syncs --sync 1h) == 1)) || failed "1h" "$(cat trace)"
	(($(syncs --sync 0) >= 50)) || failed "0" "$(cat trace)"
}

@test "what others planted is not followed, and modes are narrow" {
	echo mine > target
	mkdir -m 750 log
	for name in .compress .segment .index; do
		ln -s ../target log/$name
	done
	numbers 1 3 | event-log append log
	event-log seal log
	equal "untouched" mine "$(< target)"
	event-log verify log > /dev/null || failed "whole" "no"
	numbers 4 4 | event-log append log
	mv log/00000000000000000003.log elsewhere
	ln -s ../elsewhere log/00000000000000000003.log
	before=$(cksum < elsewhere)
	numbers 5 5 | event-log append log 2> err && failed "a segment that is a link" "was written to"
	equal "untouched too" "$before" "$(cksum < elsewhere)"
	rm -rf log
	mkdir log
	chmod o+w log
	refuses "everyone's" 78 'event-log: log: everyone may write to the directory: chmod o-w first' event-log append log /dev/null
	rm -rf log
	for mask in 000 027 777; do
		(umask $mask; numbers 1 3 | event-log append "log$mask" && event-log seal "log$mask") || failed "umask $mask" "no"
		[[ $(stat -c %a "log$mask/$first_segment.gz") =~ ^6[04]0$ && $(stat -c %a "log$mask") =~ ^7[05]0$ ]] || failed "umask $mask" "$(ls -la "log$mask")"
	done
}
