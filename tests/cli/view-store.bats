# SPDX-License-Identifier: MIT
# view-store: epochs become range files, each once, and nothing else does. Streams are written down by hand; epoch e is the
# records up to position 10 e, and has one row of its own and one that all share.

load ../lib
load ../battery
load cases
load checked

LOG=0123456789abcdef

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	window-agg -t t --time-unit ms -w 10ms -g k -m 'n=count()' -m 's=sum(x)' --emit partial < <(echo t,k,x) > empty.partial
	view=$(head -n 1 empty.partial)
	columns="#!weir columns $(sed -n 2p empty.partial | tr '\t' ,)"
	hash=$(hash_of "$view")
	cfg=$(opened 0 - pos= cfg=00000000 | view-store other 2>&1 | sed -n 's/.* is \([0-9a-f]\{8\}\), of this stream 00000000$/\1/p')
	[[ $cfg ]]
}

hash_of() {     # view-line
	[[ $1 =~ hash=([0-9a-f]*) ]] && echo "${BASH_REMATCH[1]}"
}

# The lines in front of the epochs. RUN names the run.
opened() {      # epoch erun [key=value...]: instead of what stands there
	local line

	line="#!weir resume run=${RUN-aaa} epoch=$1 erun=$2 pos=$(position "$1") source=orders log=$LOG format=tsv cfg=${cfg-0}"
	for pair in "${@:3}"; do
		[[ $line =~ ^(.* ${pair%%=*}=)[^\ ]*(.*)$ ]]
		line=${BASH_REMATCH[1]}${pair#*=}${BASH_REMATCH[2]}
	done
	printf '%s\n' "$line" "$view" "$columns"
}

position() {    # epoch
	if (($1)); then
		printf '%d@%08x' $(($1 * 10)) $(($1 * 7))
	else
		echo 0@00000000
	fi
}

rows() {        # epoch
	printf '10\t0\tall\t1\t%d\n' "$1"
	printf '%d\t%d\tk%d\t1\t1\n' $(($1 * 10 + 20)) $(($1 * 10 + 10)) "$1"
}

barrier() {     # epoch [kind [more...]]
	echo "#!weir ${2:-barrier} run=${RUN-aaa} epoch=$1 pos=$(position "$1") committed=0 t=$(($1 * 10)) ${*:3}"
}

# Epochs, with a barrier behind each but the last.
epochs() {      # from to
	local e

	for ((e = $1; e <= $2; e++)); do
		rows "$e"
		((e == $2)) || barrier "$e"
	done
}

# A stream of the epochs behind E, up to and with LAST.
stream() {      # E RE LAST [kind]
	(opened "$1" "$2"
	epochs $(($1 + 1)) "$3"
	barrier "$3" "${4:-stop}") | checked
}

# The speed files, as from-to.
files() {
	(cd v && ls) | sed -n 's/^orders\.0*\([0-9][0-9]*\)-0*\([0-9]*\)\.speed\..*/\1-\2/p' | paste -sd ' '
}

# How far it goes, as view-store sees it.
ends_at() {
	opened 99999 - | view-store v 2>&1 | sed -n 's/.*: ends at \([0-9]*\)@.*/\1/p'
}

# What is served, and what it should be up to an epoch.
served() {
	merge-views -o tsv --time-format epoch-ms v
}

golden() {      # epoch
	local e

	printf 'window_start\twindow_end\tk\tn\ts\n'
	(($1 == 0)) || printf '0\t10\tall\t%d\t%d\n' "$1" $(($1 * ($1 + 1) / 2))
	for ((e = 1; e <= $1; e++)); do
		printf '%d\t%d\tk%d\t1\t1\n' $((e * 10 + 10)) $((e * 10 + 20)) "$e"
	done
}

@test "view-store: conventions of the command line" {
	battery_basics view-store
	refuses "no directory" 64 'view-store: the directory of the view is missing' view-store
	refuses "two of them" 64 'view-store: one directory, not several' view-store a b
	refuses "no duration" 64 'view-store: --linger: x: *' view-store --linger x v
	refuses "closed stdin" 74 'view-store: stdin: Bad file descriptor' bash -c 'view-store v <&-'
	[[ ! -e v ]]
}

@test "epochs are committed, and the next stream goes on from there" {
	gives "the first" "" view-store v < <(stream 0 - 3)
	equal "served" "$(golden 3)" "$(served)"
	head -n 1 v/orders.*-0*30.speed.*.tsv > line
	for word in source=orders log=$LOG to=30@00000015 epoch=3 run=aaa "cfg=$cfg" t=30 "hash=$hash"; do
		grep -q " $word\b" line || failed "the view line" "$word is not in $(< line)"
	done
	equal "how far" 30 "$(ends_at)"
	RUN=bbb gives "the second" "" view-store v < <(RUN=bbb stream 3 aaa 5 end)
	equal "served" "$(golden 5)" "$(served)"
	equal "mode" 640 "$(stat -c %a v/orders.*-0*50.speed.*.tsv)"
	equal "no temporary file" "" "$(find v -name '*.tmp')"
	try view-store --stats v < <(RUN=ccc stream 5 bbb 8)
	equal "ledger" "in=6 out=6" "$(ledger err in out)"
	balanced "ledger" err
}

@test "a stream that begins elsewhere than the view ends changes nothing" {
	view-store v < <(stream 0 - 3)
	before=$(cd v && sha256sum -- *)
	refuses "behind it" 75 'view-store: v: ends at 30@00000015, the stream begins at 20@0000000e: start its source again (--resume-from v)' view-store v < <(stream 2 - 4)
	refuses "before it" 75 'view-store: v: ends at *' view-store v < <(stream 4 - 5)
	refuses "from the beginning" 75 'view-store: v: ends at *' view-store v < <(stream 0 - 5)
	refuses "other records before it" 75 'view-store: v: ends at *' view-store v < <((opened 3 - pos=30@00000016; rows 4; barrier 4 stop) | checked)
	equal "as it was" "$before" "$(cd v && sha256sum -- *)"
}

@test "an end without stop commits nothing more: upstream has died" {
	refuses "nothing at all" 75 'view-store: nothing came: upstream has died' view-store v < /dev/null
	refuses "resume alone" 75 'view-store: stdin: it ends without stop or end: *' view-store v < <(opened 0 - | checked)
	refuses "rows without barrier" 75 'view-store: stdin: it ends without stop or end: *' view-store v < <((opened 0 -; rows 1) | checked)
	equal "nothing" "" "$(files)"
	stream 0 - 3 > in
	for ((n = 400; n < $(wc -c < in); n += 3)); do
		rm -rf v
		try view-store v < <(head -c "$n" in)
		((status == 75)) || failed "cut at $n" "status $status $(< err)"
		at=$(ends_at)
		equal "cut at $n" "$(golden $((at / 10)))" "$(if ((at)); then served; else golden 0; fi)"
	done
	refuses "a plain partial of nothing" 75 'view-store: not a checked stream: upstream has died, or *' view-store v < empty.partial
}

@test "only checked streams of partials" {
	refuses "plain records" 78 'view-store: not a checked stream: start its source with --resume-from v' view-store v < <(printf '10\t0\ta\t1\t1\n')
	refuses "a controlled stream" 78 'view-store: not a checked stream: *' view-store v < <(echo '#!weir stream format=tsv')
	[[ ! -e v ]]
	refuses "rows of something else" 65 'view-store: *columns before the view line*' \
		view-store v < <((opened 0 - | sed '/#!weir view/d; s/^#!weir columns.*/#!weir columns a,b/'; printf 'x\ty\n'; barrier 1 stop) | checked)
	refuses "no view line" 65 'view-store: a barrier before the view line: *' view-store v < <((opened 0 - | head -n 1; barrier 1 stop) | checked)
	refuses "a second one" 65 'view-store: a second view line' view-store v < <((opened 0 -; echo "$view"; barrier 1 stop) | checked)
	refuses "columns of another view" 65 'view-store: column "x" is not of this view' view-store v < <((opened 0 - | sed '/columns/s/,k,/,x,/'; barrier 1 stop) | checked)
	refuses "another hash" 78 'view-store: its definition hashes to *' view-store v < <((opened 0 - | sed '/view/s/hash=./hash=x/'; barrier 1 stop) | checked)
	refuses "no definition" 65 'view-store: definition: *' view-store v < <((opened 0 - | sed '/view/s/window%20/windw%20/'; barrier 1 stop) | checked)
	refuses "no source" 78 'view-store: the stream does not say the name of its source' view-store v < <((opened 0 - source=; barrier 1 stop) | checked)
	refuses "no log" 78 'view-store: the stream does not say which log it comes from' view-store v < <((opened 0 - log=; barrier 1 stop) | checked)
	refuses "no position" 78 'view-store: resume: "x" is no position of a log' view-store v < <((opened 0 - pos=x; barrier 1 stop) | checked)
	equal "nothing came of it" "" "$(files)"
}

@test "a stream that was changed on its way is refused where it was" {
	stream 0 - 3 > in
	refuses "a row less" 65 'view-store: stdin:*: the lines before barrier 2 are not those that were sent: *' view-store v < <(sed '/k2/d' in)
	rm -rf v
	refuses "a row changed" 65 'view-store: stdin:*' view-store v < <(sed 's/k3\t1\t1/k3\t1\t2/' in)
	rm -rf v
	refuses "a barrier less" 65 'view-store: stdin:*' view-store v < <(sed '/barrier .*epoch=1 /d' in)
	rm -rf v
	refuses "of another run" 65 'view-store: stdin:*' view-store v < <(sed '/epoch=2/s/run=aaa/run=bbb/' in)
	rm -rf v
	for row in '20\t0\ta\t1\t1:the view has no window from 0 to 20' '10\t0\ta\tx\t1:measure n: damaged state' '10\t0\ta\t1:4 fields, columns line has 5' \
		'x\t0\ta\t1\t1:damaged: times or weight are no integers' '10\t0\tA\t1\t1:rows are not sorted by window_end, window_start and keys'; do
		refuses "${row#*:}" 65 "view-store: stdin:5: ${row#*:}" view-store v < <((opened 0 -; printf '10\t0\tX\t1\t1\n%b\n' "${row%%:*}"; barrier 1 stop) | checked)
		equal "${row#*:}" "" "$(files)"
	done
	refuses "a step back" 65 'view-store: barrier 2: its position does not go on *' view-store v < <((opened 0 -; rows 1; barrier 1; rows 2; barrier 2 stop | sed 's/pos=[^ ]*/pos=5@00000001/') | checked)
	rm -rf v
	refuses "rows of no record" 65 'view-store: barrier 2: its position does not go on *' view-store v < <((opened 0 -; rows 1; barrier 1; rows 2; barrier 2 stop | sed "s/pos=[^ ]*/pos=$(position 1)/") | checked)
	rm -rf v
	refuses "nowhere" 65 'view-store: barrier 1: no position of a log' view-store v < <((opened 0 -; rows 1; barrier 1 stop | sed 's/pos=[^ ]*/pos=/') | checked)
}

@test "only this lineage, this log, this definition" {
	refuses "another lineage" 78 "view-store: a view is made from its log directly: lineage of event-log cat and window-agg is $cfg, of this stream 12345678" \
		view-store v < <((opened 0 - cfg=12345678; barrier 1 stop) | checked)
	view-store v < <(stream 0 - 2)
	refuses "another log" 78 "view-store: v: source orders was the log $LOG, the stream comes from log fedcba9876543210" \
		view-store v < <((opened 2 - log=fedcba9876543210; rows 3; barrier 3 stop) | checked)
	other=$(window-agg -t t --time-unit ms -w 20ms -g k -m 'n=count()' -m 's=sum(x)' --emit partial < <(echo t,k,x) | head -n 1)
	theirs=$(hash_of "$other")
	lineage=$(view=$other opened 0 - cfg=00000000 | view-store elsewhere 2>&1 | sed -n 's/.* is \([0-9a-f]\{8\}\), of.*/\1/p')
	refuses "another definition" 78 "view-store: v: holds a view of definition $hash, the stream is one of $theirs: batch-view builds it anew" \
		view-store v < <((view=$other cfg=$lineage opened 2 -; barrier 3 stop) | checked)
	equal "as it was" "$(golden 2)" "$(served)"
}

@test "epochs without rows, and without records" {
	gives "taken" "" view-store v < <((opened 0 -; barrier 1; rows 2; barrier 2; barrier 3; barrier 3 barrier x=1 | sed 's/epoch=3/epoch=4/'; barrier 3 stop | sed 's/epoch=3/epoch=5/') | checked)
	equal "how far" 30 "$(ends_at)"
	equal "rows" $'all 1\nk2 1' "$(served | tail -n +2 | awk '{ print $3, $4 }')"
	gives "nothing new" "" view-store v < <(RUN=bbb opened 3 aaa | cat - <(RUN=bbb barrier 4 stop | sed "s/pos=[^ ]*/pos=$(position 3)/") | checked)
	equal "how far" 30 "$(ends_at)"
}

@test "bad records that the view skips are counted" {
	gives "taken" "" view-store v < <((opened 0 -; rows 1; barrier 1 barrier rejected=2; rows 2; barrier 2 stop rejected=3) | checked)
	equal "in the files" 5 "$(sed -n 's/^#!weir end .*rejected=\([0-9]*\).*/\1/p' v/*.tsv | awk '{ n += $1 } END { print n }')"
}

@test "no file reaches over the edge of a segment" {
	local e

	(opened 0 -
	for e in {1..30}; do
		rows "$e"
		case $((e % 10)) in
		0) barrier "$e" barrier edge=1 ;;
		5) barrier "$e" ; barrier "$e" barrier edge=1 ;;
		*) barrier "$e" ;;
		esac
	done | awk '/#!weir/ { sub(/epoch=[0-9]*/, "epoch=" ++n) } { print }'
	barrier 31 stop | sed "s/pos=[^ ]*/pos=$(position 30)/; s/epoch=31/epoch=34/") | checked > in
	gives "taken" "" view-store v < in
	equal "served" "$(golden 30)" "$(served)"
	for range in $(files); do
		((${range%-*} / 50 == (${range#*-} - 1) / 50)) || failed "an edge is in" "$range"
	done
}

@test "an edge that was told too late for its file is not forgotten by the next run" {
	local e

	# each segment is one epoch, and that it ends is known only when its file is there
	mkfifo in
	view-store v < in 2> err 3>&- &
	pid=$!
	exec 5> in
	(opened 0 -
	for e in {1..8}; do
		rows "$e"
		barrier "$e"
		((e == 8)) || barrier "$e" barrier edge=1
	done | awk '/#!weir/ { sub(/epoch=[0-9]*/, "epoch=" ++n) } { print }'
	barrier 8 stop | sed 's/epoch=8/epoch=16/') | checked > all
	sed -n 1,3p all >&5
	for e in {1..8}; do
		sed -n "$((e * 4)),$((e * 4 + 2))p" all >&5
		until_true reaches "$e"
		sed -n "$((e * 4 + 3))p" all >&5
	done
	exec 5>&-
	wait $pid || failed "first run" "$(< err)"
	equal "a file each" "0-10 10-20 20-30 30-40 40-50 50-60 60-70 70-80" "$(files)"
	# files of one level enough, but with edges between
	view-store --linger 0s v < in 2> err 3>&- &
	pid=$!
	exec 5> in
	RUN=bbb stream 8 - 16 > all
	sed -n 1,3p all >&5
	for e in {9..16}; do
		sed -n "$((e * 3 - 23)),$((e * 3 - 21))p" all >&5
		until_true reaches_or_more "$e"
	done
	exec 5>&-
	wait $pid || failed "second run" "$(< err)"
	[[ $(files) == "0-10 10-20 20-30 30-40 40-50 50-60 60-70 70-"* ]] || failed "an edge is in" "$(files)"
	equal "served" "$(golden 16)" "$(served)"
}

reaches_or_more() {     # epoch
	local f

	for f in $(files); do
		((${f#*-} >= $1 * 10)) && return
	done
	return 1
}

@test "one view-store at a time for a source, and a killed one leaves no lock" {
	mkfifo in
	view-store v < in 2> first.err 3>&- &
	pid=$!
	exec 5> in
	(opened 0 -; rows 1; barrier 1) | checked >&5
	until_true compgen -G 'v/orders*.tsv'
	refuses "a second" 75 'view-store: v: source orders is being written by another process' view-store v < <(stream 1 aaa 2)
	gives "of another source" "" view-store v < <(stream 0 - 2 | sed 's/source=orders log=[^ ]*/source=db.t%2F3 log=fedcba9876543210/')
	[[ -e v/db%2Et%2F3.00000000000000000000-00000000000000000010.speed.$hash.tsv || -e v/db%2Et%2F3.00000000000000000000-00000000000000000020.speed.$hash.tsv ]]
	kill -9 $pid
	exec 5>&-
	wait $pid || true
	gives "after it" "" view-store v < <(stream 1 aaa 2)
	equal "how far" 20 "$(ends_at)"
}

@test "signals: the first is for the source, the second is not" {
	mkfifo in
	view-store v < in 2> err 3>&- &
	pid=$!
	exec 5> in
	(opened 0 -; rows 1; barrier 1; rows 2; barrier 2 stop) | checked > all
	head -n 6 all >&5
	until_true compgen -G 'v/orders*.tsv'
	kill -TERM $pid
	tail -n +7 all >&5
	wait $pid
	equal "stop came through" 20 "$(ends_at)"
	exec 5>&-
	rm -rf v
	view-store v < in 2> err 3>&- &
	pid=$!
	exec 5> in
	head -n 6 all >&5
	until_true compgen -G 'v/orders*.tsv'
	kill -TERM $pid
	until_true signal_was_taken $pid
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	exec 5>&-
	equal "the second" 143 "$status"
}

# SIGTERM has its default action again.
signal_was_taken() {    # pid
	(((0x$(sed -n 's/^SigCgt:\t*//p' "/proc/$1/status") & 0x4000) == 0))
}

# A batch file as far as the tiling looks at it.
batch() {       # generation to-epoch
	local name to

	to=$(position "$2")
	name=$(printf 'v/orders.%020d-%020d.batch-%d.%s.tsv' 0 "${to%@*}" "$1" "$hash")
	(echo "$view source=orders log=$LOG from=0@00000000 to=$to epoch=0 run=- cfg=$cfg level=0"
	printf 'window_end\twindow_start\tk\tn:count\ts:sum\n#!weir end rows=0 rejected=0 crc=00000000\n') > "$name"
}

@test "a batch that reaches further ends it, one that does not disturbs nothing" {
	mkfifo in
	view-store v < in 2> err 3>&- &
	pid=$!
	exec 5> in
	stream 0 - 6 > all
	head -n 6 all >&5
	until_true compgen -G 'v/orders*.tsv'
	batch 1 1
	sed -n 7,12p all >&5
	until_true reaches 3
	batch 2 5
	status=0
	tail -n +13 all >&5 || true
	wait $pid || status=$?
	exec 5>&-
	equal "status" 75 "$status"
	[[ $(< err) == "view-store: v: ends at 50@00000023 by now, not at 30@00000015: a batch was published or taken back; go on from there" ]] || failed "message" "$(< err)"
	equal "how far" 50 "$(ends_at)"
	gives "goes on" "" view-store v < <(RUN=bbb stream 5 - 7)
	rm v/orders.*.batch-2.*
	equal "rolled back" 30 "$(ends_at)"
	[[ ! $(files) =~ -[4-9]0 ]] || failed "what was on top of it" "$(files)"
}

reaches() {     # epoch
	compgen -G "v/orders.*-$(printf %020d $(($1 * 10))).speed.*.tsv"
}

@test "another sink of the source is behind: what is there already is passed over" {
	view-store v < <(stream 0 - 3)
	try view-store --stats v < <((opened 1 - | sed '1s/$/ several=1/'; epochs 2 5; barrier 5 stop) | checked)
	equal "taken" "0 " "$status $(grep -v '^{' err)"
	equal "ledger" "in=8 out=4 filtered=4" "$(ledger err in out filtered)"
	balanced "ledger" err
	equal "served" "$(golden 5)" "$(served)"
	refuses "no barrier at its end" 75 'view-store: v: the stream passes its end without a barrier there' \
		view-store v < <((opened 1 - | sed '1s/$/ several=1/'; rows 2; rows 6; barrier 6 stop | sed 's/epoch=6/epoch=2/') | sed '/^10\t0/!b;x;s/^/x/;/xx/{x;d};x' | checked)
	refuses "it is not ahead" 75 'view-store: v: ends at 50@*' view-store v < <((opened 6 - | sed '1s/$/ several=1/'; rows 7; barrier 7 stop) | checked)
}

@test "--sync: always and lazily, each file is synced at the end" {
	is_plain_build || skip "needs the build without sanitizers"
	need strace
	strace -o trace true 2> err || skip "ptrace is not allowed here"
	for how in always lazy; do
		rm -rf v
		strace -f -y -qq -e trace=fdatasync,fsync,renameat,renameat2 -o trace view-store --sync $how v < <(stream 0 - 3)
		for file in v/*.tsv; do
			grep -q "fdatasync.*$(basename "$file")" trace || failed "$how" "$file was not synced"
		done
		[[ $how == lazy ]] || awk '/fdatasync/ { synced = 1 } /rename/ { if (!synced) exit 1; synced = 0 }' trace || failed "$how" "renamed before it was synced"
		awk '/rename/ { dirty = 1 } /fsync\(/ { dirty = 0 } END { exit dirty }' trace || failed "$how" "the directory was not synced: $(< trace)"
	done
}

# Killed at the n-th call of a kind, and started again from where it ends: the same rows, always.
@test "killed anywhere, and started again" {
	local call n at

	is_plain_build || skip "needs the build without sanitizers"
	need strace
	strace -o trace true 2> err || skip "ptrace is not allowed here"
	# edges are published at once, so that there is something to kill
	many() {        # from-epoch
		(opened "$1" -
		for ((e = $1 + 1; e <= 12; e++)); do
			rows "$e"
			barrier "$e" "$( ((e < 12)) && echo barrier || echo stop)" "$( ((e % 3)) || echo edge=1)"
		done) | checked
	}
	view-store v < <(stream 0 - 3)
	view-store v < <(stream 3 aaa 4)
	cp "v/orders.00000000000000000030-00000000000000000040.speed.$hash.tsv" whole
	head -c 300 whole > half
	for call in write renameat openat unlinkat fdatasync fsync; do
		for ((n = 1; n < 60; n++)); do
			leftovers
			strace -f -qq -o trace -e trace=$call -e inject=$call:signal=KILL:when=$n view-store --linger 0 v < <(many 0) 2> err && break
			at=$(ends_at)
			((at == 120)) || view-store v < <(many $((at / 10))) 2> err || failed "$call $n" "at $at: $(< err)"
			equal "$call $n" "$(golden 12)" "$(served)"
			equal "$call $n: nothing temporary" "" "$(find v -name '*.tmp')"
		done 2> /dev/null               # the shell tells of each
		((n > 1)) || failed "$call" "was never killed"
	done
}

# What was in the directory when the first one was killed: half a file, one that is torn, one behind a gap.
leftovers() {
	rm -rf v
	mkdir v
	cp half "v/.orders.00000000000000000000-00000000000000000010.speed.$hash.tsv.tmp"
	cp half "v/orders.00000000000000000000-00000000000000000020.speed.$hash.tsv"
	cp whole "v/orders.00000000000000000030-00000000000000000040.speed.$hash.tsv"
}

@test "--log: what the log does not confirm is put aside" {
	printf 't,k,x\n1,a,1\n2,b,2\n' | event-log append log
	speed
	cp -r log before
	printf 't,k,x\n11,a,5\n' | event-log append log
	speed
	rm -r log
	mv before log                           # what a power cut may do
	printf 't,k,x\n12,b,7\n' | event-log append log
	speed && failed "the log has other records" "nothing was noticed"
	try view-store --log log v < /dev/null
	equal "status" 75 "$status"
	grep -q '^view-store: v/log\..*-00000000000000000003\.speed\..*: the log does not confirm it: put aside into lost/$' err || failed "message" "$(< err)"
	equal "put aside" 1 "$(find v/lost -name '*.tsv' | wc -l)"
	speed --log log
	equal "derived again" "$(event-log cat log | window-agg -t t --time-unit ms -w 10ms -g k -m 'n=count()' -m 's=sum(x)')" "$(merge-views v)"
	equal "put aside no more" 1 "$(find v/lost -name '*.tsv' | wc -l)"
	refuses "no log" 74 'view-store: *' view-store --log nowhere v < /dev/null
}

@test "--log: what the log has no more is not what it never had" {
	printf 't,k,x\n1,a,1\n2,b,2\n' | event-log append log
	event-log seal log
	printf 't,k,x\n11,a,5\n' | event-log append log
	speed --log log
	printf 't,k,x\n12,b,7\n' | event-log append log
	event-log seal log
	printf 't,k,x\n21,a,8\n' | event-log append log
	event-log prune --to 4 log
	before=$(cd v && echo ./*.tsv)
	speed --log log && failed "the log begins behind it" "nothing was noticed"
	equal "stays" "$before" "$(cd v && echo ./*.tsv)"
}

@test "--log: a supervised pipeline mends itself when the log has lost what a view has counted" {
	printf 't,k,x\n1,a,1\n2,b,2\n' | event-log append log
	speed
	cp -r log before
	printf 't,k,x\n11,a,5\n' | event-log append log
	speed
	rm -r log
	mv before log
	run-pipeline --delay 1ms --restarts 3 -- event-log cat --resume-from v log '|' window-agg -t t --time-unit ms -w 10ms -g k -m 'n=count()' -m 's=sum(x)' \
		--emit partial '|' view-store --log log v 2> err || failed "status $?" "$(< err)"
	equal "derived again" "$(event-log cat log | window-agg -t t --time-unit ms -w 10ms -g k -m 'n=count()' -m 's=sum(x)')" "$(merge-views v)"
	# without --log it stays as it is, and is told
	printf 't,k,x\n31,a,5\n' | event-log append log
	speed
	rm -r log
	printf 't,k,x\n1,c,1\n' | event-log append log
	try run-pipeline --delay 1ms -- event-log cat --resume-from v log '|' view-store v
	equal "status" 78 "$status"
}

@test "a log is in a view under one name" {
	printf 't,k,x\n1,a,1\n2,b,2\n' | event-log append log
	speed
	ln -s log today
	event-log cat --resume-from v today | window-agg -t t --time-unit ms -w 10ms -g k -m 'n=count()' -m 's=sum(x)' --emit partial > stream
	before=$(served)
	refuses "another name" 78 'view-store: v: has this log already, as source log, not today: *' view-store v < stream
	equal "as before" "$before" "$(served)"
}

speed() {
	event-log cat --resume-from v log 2> cat.err | window-agg -t t --time-unit ms -w 10ms -g k -m 'n=count()' -m 's=sum(x)' --emit partial |
		view-store "$@" v 2> store.err
}

@test "what cannot be written is an error, and leaves nothing" {
	mkdir v
	chmod a-w v
	[[ $(id -u) -ne 0 ]] && refuses "a directory that cannot be written" 73 'view-store: *' view-store v < <(stream 0 - 1)
	chmod u+w v
	echo x > file
	refuses "no directory" 73 'view-store: file: *' view-store file < <(stream 0 - 1)
	chmod o+w v
	refuses "anybody's directory" 78 'view-store: v: *' view-store v < <(stream 0 - 1)
	chmod o-w v
	# a limit on files stands for a disk that is full
	(opened 0 -; for ((k = 0; k < 3000; k++)); do printf '10\t0\tk%05d\t1\t1\n' $k; done; barrier 1 stop) | checked > in
	refuses "a full disk" 74 'view-store: *' bash -c 'trap "" XFSZ; ulimit -f 16; exec view-store v < in'
	equal "nothing is left" "" "$(find v -name '*.ts*')"
	gives "with room again" "" view-store v < in
}

@test "a log without records ends its pipeline well, and leaves a view without files" {
	echo t,k,x | event-log append log
	run -0 bash -c "set -o pipefail; event-log cat --resume-from v log | window-agg -t t -w 1m -m 'n=count()' --emit partial | view-store v"
	run compgen -G 'v/*.tsv'
	assert_output ''
	printf 't,k,x\n1,a,1\n' | event-log append log
	run -0 bash -c "set -o pipefail; event-log cat --resume-from v log | window-agg -t t -w 1m -m 'n=count()' --emit partial | view-store v"
	compgen -G 'v/*.tsv'
	refuses "a log is no view" 78 'view-store: log: it is a log, not a view' view-store log < <(event-log cat --checked log | window-agg -t t -w 1m -m 'n=count()' --emit partial)
}
