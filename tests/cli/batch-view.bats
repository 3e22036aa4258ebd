# SPDX-License-Identifier: MIT
# batch-view: a generation is what one pass over the log would give, and is there whole or not at all.

load ../lib
load ../battery
load cases

lines() {
	printf '%s\n' "$@"
}

# Orders out of order over three hours; times in steps of a second, so that first and last have ties to break.
orders() {      # n [seed]
	awk -v n="$1" -v seed="${2:-1}" '
	function draw(m) { seed = (seed * 69069 + 1) % 4294967296; return int(seed / 65536) % m }
	BEGIN {
		print "id,ts,shop,status,price,user"
		for (i = 0; i < n; i++)
			printf "%d,%d,s%d,%s,%d.%02d,u%d\n", i, 1700000000000 + draw(10800) * 1000, draw(4), draw(5) ? "paid" : "open", draw(90), draw(100), draw(40)
	}'
}

view() {        # file line...
	printf '%s\n' "time ts" "group-by shop" "measure n = count()" "measure gmv = sum(price)" "measure f = first(user), l = last(user)" \
		"measure users = count_distinct(user)" "${@:2}" > "$1"
}

# A file into a log, cut into so many segments, sealed but for the rest: every other one stays plain text.
to_log() {      # log csv segments
	local header piece plain=()

	header=$(head -n 1 "$2")
	rm -rf pieces && mkdir pieces
	tail -n +2 "$2" > pieces/all
	split -d -a 4 -n "l/$3" pieces/all pieces/p
	for piece in pieces/p*; do
		{ echo "$header"; cat "$piece"; } | event-log append --sync none "$1"
		event-log seal "${plain[@]}" "$1"
		((${#plain[@]})) && plain=() || plain=(--no-compress)
	done
}

# How many records are in sealed segments.
cut_of() {      # log
	event-log cat --sealed "$1" | tail -n +2 | wc -l
}

generations() { # store
	(cd "$1" && shopt -s nullglob && printf '%s\n' *.batch-* *.frozen-*)
}

same() {        # name want got
	cmp -s "$2" "$3" || failed "$1" "$(diff -a "$2" "$3" | head -n 10)"
}

is_building() { # store: the lock is held
	[[ -e $1/.batch.lock ]] && ! flock -n "$1/.batch.lock" true
}

has_block() {   # log
	grep -qs '^#!weir block' "$1"/0*.log
}

# CRC-32C of stdin as eight hex digits. One command a byte (the shell evaluates bit each time it is named), for bats watches each.
crc32c() {
	local crc=$((0xffffffff)) byte bytes
	# shellcheck disable=SC2034 # it is used
	local bit='crc = (crc >> 1) ^ (0x82f63b78 & -(crc & 1))'

	read -r -a bytes < <(od -An -v -tu1 | tr -s ' \n' ' ')
	for byte in "${bytes[@]}"; do
		((crc ^= byte, bit, bit, bit, bit, bit, bit, bit, bit, 1))
	done
	printf '%08x\n' $((crc ^ 0xffffffff))
}

# Rewrites a range file by a sed script on its rows, with a checksum that is right again.
tamper() {      # file script
	local body

	sed -e "1,2b" -e '/^#!weir end/b' -e "$2" "$1" | sed '/^#!weir end/s/ crc=.*//' > body
	body=$(crc32c < <(head -c -1 body))
	{ head -c -1 body; echo " crc=$body"; } > tampered
	! cmp -s tampered "$1" && cat tampered > "$1"
}

@test "batch-view: conventions of the command line" {
	battery_basics batch-view
	view v 'window 1m'
	refuses "no log" 64 'batch-view: which log?' batch-view -V v --store s
	refuses "two logs" 64 'batch-view: one log at a time' batch-view -V v --store s a b
	refuses "no view" 64 'batch-view: --view: *' batch-view --store s log
	refuses "no store" 64 'batch-view: --store: *' batch-view -V v log
	refuses "no such view" 78 'batch-view: none.view: *' batch-view -V none.view --store s log
	refuses "no such log" 74 'batch-view: log: No such file or directory' batch-view -V v --store s log
	refuses "both at once" 64 'batch-view: --verify and --rollback: *' batch-view -V v --store s --verify --rollback log
	refuses "nothing is built" 64 'batch-view: --verify: nothing is built*' batch-view -V v --store s --verify --freeze log
	refuses "no generations" 64 'batch-view: --keep: *' batch-view -V v --store s --keep 0 log
	[[ ! -e log && ! -e s ]]
}

@test "nothing to do is no failure" {
	view v 'window 1m'
	mkdir log
	try batch-view -V v --store s log
	equal "an empty log" "0 batch-view: log: empty: nothing to do" "$status $(< err)"
	gives "quietly" "" batch-view -V v --store s --if-new log
	orders 10 > in
	event-log append log < in
	try batch-view -V v --store s log
	equal "nothing sealed" "0 batch-view: log: no segment is sealed yet: nothing to do" "$status $(< err)"
	gives "sealed now" "" batch-view -V v --store s --seal log
	gives "the view" "$(window-agg -V v in)" merge-views s
	try batch-view -V v --store s log
	equal "nothing new" "0 batch-view: log: nothing is sealed behind 10, the cut of generation 1" "$status $(< err)"
	gives "nothing new, quietly" "" batch-view -V v --store s --if-new log
	equal "one generation" 1 "$(generations s | wc -l)"
	gives "by force" "" batch-view -V v --store s --force log
	equal "two" 2 "$(generations s | wc -l)"
	gives "the same view" "$(window-agg -V v in)" merge-views s
}

@test "a generation is what one pass over the log gives: any windows, segments, threads; full or incremental" {
	local window segments jobs n=0

	orders 1500 > in
	for segments in 1 2 7; do
		to_log "log$segments" in "$segments"
		event-log append "log$segments" < <(orders 30 9)        # not sealed: not in it
	done
	for window in 'window 5m' 'window none' $'window 30m\nslide 10m' $'window 2m\nslide 7m' 'session 20s' $'window 1d\ntz Asia/Tokyo'; do
		view v "$window"
		window-agg -V v in > want
		for segments in 1 2 7; do
			for jobs in 1 2 4; do
				gives "$window, $segments segments, -j $jobs" "" batch-view -V v -j "$jobs" --store "full$n-$jobs" "log$segments"
				merge-views "full$n-$jobs" > got
				same "$window, $segments segments, -j $jobs" want got
				same "$window, $segments segments: the files of -j 1 and $jobs" full$n-1/log* full$n-"$jobs"/log*
			done
			((++n))
		done
	done
}

@test "incremental is full, from segment to segment" {
	local window k

	orders 900 > in
	tail -n +2 in > all
	split -d -n l/6 all piece
	for window in 'window 5m' $'window 30m\nslide 10m' 'session 20s' 'window none'; do
		rm -rf log inc
		view v "$window" 'where status == "paid"' 'on-bad skip'
		head -n 1 in > sofar
		for k in 0 1 2 3 4 5; do
			{ head -n 1 in; cat "piece0$k"; echo "$k,never,s1,paid,1,u1"; } > part
			tail -n +2 part >> sofar
			event-log append --sync none log < part
			gives "$window, $k" "" batch-view -V v --store inc --incremental --seal log
			gives "$window, $k, full" "" batch-view -V v --store "full" --seal log
			window-agg -V v sofar > want
			merge-views inc > got
			same "$window, $k" want got
			same "$window, $k: the files" <(sed 's/ generation=.*//' inc/log.*."batch-$((k + 1))".*) <(sed 's/ generation=.*//' full/log.*."batch-$((k + 1))".*)
			equal "$window, $k: skipped" "rejected=$((k + 1))" "$(grep -ao 'rejected=[0-9]*' inc/log.*."batch-$((k + 1))".*)"
			gives "$window, $k: verified" "" batch-view -V v --store inc --verify log
		done
		try batch-view -V v --store inc --incremental --force --stats log
		equal "$window: nothing is read again" "in=0" "$(ledger err in)"
		rm -rf full
	done
}

@test "incremental: states that span several rows, keys of one side only" {
	view v 'window none'
	awk 'BEGIN { print "ts,shop,price,user"; for (i = 0; i < 30000; i++) print 1700000000 + i ",s" i % 2 * 2 ",1,a-rather-long-name-of-user-" i }' > in
	event-log append log < in
	gives "the first" "" batch-view -V v --store inc --seal log
	equal "more rows than groups" 1 "$(($(grep -c '^[0-9-]' inc/*.batch-1.*) > 2))"
	awk 'BEGIN { print "ts,shop,price,user"; for (i = 20000; i < 40000; i++) print 1700000000 + i ",s" i % 4 ",1,a-rather-long-name-of-user-" i }' > more.csv
	event-log append log < more.csv
	gives "on top" "" batch-view -V v --store inc --seal --incremental log
	gives "full" "" batch-view -V v --store full log
	tail -n +2 full/*.tsv | sed '$d' > want
	tail -n +2 inc/*.batch-2.* | sed '$d' > got
	same "the same rows" want got
	event-log cat log | window-agg -V v > want
	gives "the same view" "$(< want)" merge-views inc
}

@test "records as they are: quoted newlines, what looks like control lines, other columns in other segments" {
	view v 'window 1h'
	lines id,ts,shop,price,user '1,1700000000,"a' 'b",2,u' '2,1700000000,#!weir end,3,u' '3,1700000001,"x' '#!weir barrier",5,w' > in
	event-log append log < in
	event-log seal log
	lines user,extra,shop,ts,price 'z,1,"a' 'b",1700000000,10' > behind
	event-log append log < behind
	event-log seal log
	event-log append log < <(lines shop,ts s,1700000000)        # no price, no user: null
	gives "built" "" batch-view -V v --store s --seal -j 3 log
	cat in <(lines '9,1700000000,"a' 'b",10,z' '9,1700000000,s,,') | window-agg -V v > want
	gives "as they are" "$(< want)" merge-views s
	lines '{"ts":1700000000,"shop":"a","price":1.50,"user":"u"}' ' {"@weir":"end"}' '{"@weir":"barrier","ts":1700000001,"shop":"a","price":2,"user":"w"}' > in
	event-log append json < in
	event-log append json < <(lines '{"ts":1700000000,"shop":"a","price":3,"user":"x"}')
	view w 'window 1h' 'on-bad skip'
	gives "built of NDJSON" "" batch-view -V w --store j --seal json
	gives "NDJSON" "$(event-log cat json | window-agg -V w -o csv)" merge-views j
	event-log append other < <(lines id,ts,shop 1,1700000000,a)
	try batch-view -V v --store t --seal other
	equal "columns that are nowhere are said once" "0 2" "$status $(grep -c 'no column' err)"
	event-log append third < <(lines id,shop 1,a)
	refuses "no time" 65 'batch-view: third: no column "ts", the view'\''s time' batch-view -V v --store u --seal third
	view v 'window 1h' 'on-bad skip'
	try batch-view -V v --store u --seal third
	equal "no time, bad ones are skipped" 65 "$status"
	[[ ! -e u || -z $(generations u) ]]
}

@test "first and last agree with the speed layer where times are equal" {
	view v 'window none'
	awk 'BEGIN { print "ts,shop,price,user"; for (i = 0; i < 60; i++) print "1700000000,s" i % 3 ",1,u" 99 - i }' > in
	to_log log in 4
	gives "built" "" batch-view -V v -j 2 --store s log
	event-log append log < <(lines ts,shop,price,user 1700000000,s0,1,new 1699999999,s1,1,old)
	event-log cat --resume-from s log | window-agg -V v --emit partial | view-store s
	event-log cat log | window-agg -V v > want
	gives "both layers" "$(< want)" merge-views s
	gives "verified up to the middle of a segment" "" batch-view -V v --store s --verify log
	gives "batch alone" "" batch-view -V v --store s --seal log
	gives "batch alone" "$(< want)" merge-views s
}

@test "envelopes: a record may be several changes, or none" {
	view v 'window none' retract
	sed -i -e '/^time/d' -e '/first/d' v
	lines '{"payload":{"op":"c","ts_ms":5,"before":null,"after":{"shop":"a","price":5,"user":"u"},"source":{"table":"t"}}}' \
		'{"payload":{"op":"u","ts_ms":6,"before":{"shop":"a","price":5,"user":"u"},"after":{"shop":"b","price":7,"user":"u"},"source":{"table":"t"}}}' \
		'{"payload":{"op":"d","ts_ms":7,"before":{"shop":"b","price":7,"user":"u"},"after":null,"source":{"table":"t"}}}' \
		'{"payload":{"op":"r","ts_ms":8,"before":null,"after":{"shop":"c","price":1,"user":"w"},"source":{"table":"t"}}}' > in
	event-log append log < in
	gives "built" "" batch-view -V v -i debezium --store s --seal log
	gives "the view" "$(window-agg -V v -i debezium -o csv in)" merge-views s
	equal "not for nothing" 1 "$(merge-views s | tail -n +2 | wc -l)"
	gives "verified" "" batch-view -V v -i debezium --store s --verify log
}

@test "first and last, where records span lines" {
	local k

	view v 'window none'
	{ echo ts,shop,price,user; for k in 1 2 3 4 5; do printf '1700000000,a,1,"u\n\n%s"\n' "$k"; done; } > in
	event-log append log < in
	event-log cat --resume-from s log | window-agg -V v --emit partial | view-store s
	event-log append log < <(lines ts,shop,price,user 1700000000,a,1,last)
	event-log cat --resume-from s log | window-agg -V v --emit partial | view-store s
	event-log cat log | window-agg -V v > want
	gives "speed" "$(< want)" merge-views s
	event-log seal log
	event-log append log < <(lines ts,shop,price,user 1700000000,a,1,very-last)
	gives "built" "" batch-view -V v --store s log
	event-log cat --resume-from s log | window-agg -V v --emit partial | view-store s
	event-log cat log | window-agg -V v > want
	gives "batch and speed" "$(< want)" merge-views s
	equal "the last one" 1 "$(grep -c ',very-last,' want)"
}

@test "first and last, where envelopes of the log are no rows" {
	view v 'window none' retract
	{
		for _ in {1..5}; do echo '{"payload":null}'; done
		echo '{"payload":{"op":"r","ts_ms":8,"before":null,"after":{"ts":1700000000,"shop":"a","price":1,"user":"early"},"source":{"table":"t"}}}'
	} > in
	sed 's/early/late/' in | tail -n 1 > behind
	event-log append log < in
	event-log seal log
	event-log append log < behind
	event-log cat --resume-from s log | window-agg -V v -i debezium --emit partial | view-store s
	gives "speed" $'shop,n,gmv,f,l,users\na,2,2,early,late,2' merge-views s
	gives "built" "" batch-view -V v -i debezium --store s log
	gives "batch and speed" $'shop,n,gmv,f,l,users\na,2,2,early,late,2' merge-views s
}

@test "a bad record stops the build, and the first one in the log is told" {
	local i

	view v 'window 1m'
	orders 400 > in
	sed -i -e '150s/,1700[0-9]*,/,never,/' -e '350s/,1700[0-9]*,/,later,/' in
	to_log log in 8
	for i in 1 2 3 4 5; do
		refuses "-j 4" 65 'batch-view: log: record 148: ts: "never": *' batch-view -V v -j 4 --store s log
	done
	equal "nothing is left" "" "$(ls s)"
	equal "nothing hidden" ".batch.lock" "$(ls -A s)"
	view v 'window 1m' 'on-bad skip'
	try batch-view -V v --store s --stats log
	equal "skipped" "0 in=400 out=398 rejected=2" "$status $(ledger err in out rejected)"
	balanced "skipped" err
	gives "the rest" "$(window-agg -V v in)" merge-views s
	refuses "a bound" 71 'batch-view: the view has more than 20 groups: *' batch-view -V v --store t --max-groups 20 log
	gives "and none" "" batch-view -V v --store t --max-groups 100000 log
}

@test "generations: so many stay, and the speed files behind the oldest of them" {
	local k

	view v 'window 5m'
	orders 600 > in
	tail -n +2 in > all
	split -d -l 100 all piece
	for k in 0 1 2 3 4 5; do
		{ head -n 1 in; cat "piece0$k"; } | event-log append --sync none log
		event-log cat --resume-from s log | window-agg -V v --emit partial | view-store s
		cat s/*.speed.* > /dev/null                             # the speed layer keeps up
		gives "generation $k" "" batch-view -V v --store s --seal log
		equal "generations after $k" "$((k == 0 ? 1 : 2))" "$(generations s | wc -l)"
		event-log cat log | window-agg -V v > want
		merge-views s > got
		same "the view after $k" want got
	done
	equal "the last two" $'batch-5\nbatch-6' "$(generations s | grep -o 'batch-[0-9]*')"
	equal "speed files behind the oldest" 500 "$(cd s && printf '%s\n' *.speed.* | sed 's/^log\.0*//; s/-.*//' | sort -n | head -n 1)"
	rm s/*.batch-6.*
	merge-views s > got
	same "one file removed: the generation before it, and speed files" want got
	gives "only one" "" batch-view -V v --store s --keep 1 log
	equal "one generation" "batch-6" "$(generations s | grep -o 'batch-[0-9]*')"
	equal "the newest speed file stays" 1 "$(cd s && printf '%s\n' *.speed.* | wc -l)"
	merge-views s > got
	same "the view of one" want got
}

@test "a rebuild never goes back: a lower cut is not published" {
	view v 'window 5m'
	orders 300 > in
	to_log log in 3
	gives "built" "" batch-view -V v --store s log
	cp -r log less
	rm "$(printf '%s\n' less/0*.log* | tail -n 1)"
	mkdir other && mv less other/log
	refuses "a lower cut" 78 'batch-view: other/log: the log ends at *, but generation 1 of s has counted records up to 300: *' \
		batch-view -V v --store s other/log
	refuses "nor by force" 78 'batch-view: other/log: the log ends at *' batch-view -V v --store s --force other/log
	equal "as it was" 1 "$(generations s | wc -l)"
}

@test "a changed definition is built from the beginning, and goes as it came" {
	view v 'window 5m'
	view w 'window 10m'
	orders 400 > in
	to_log log in 4
	gives "the old one" "" batch-view -V v --store s log
	event-log append log < <(orders 50 5)
	event-log cat --resume-from s log | window-agg -V v --emit partial | view-store s
	event-log cat log | window-agg -V v > old
	event-log cat --sealed log | window-agg -V w > new
	gives "old, with speed" "$(< old)" merge-views s
	gives "the new one" "" batch-view -V w --store s --incremental log
	gives "new, up to the cut" "$(< new)" merge-views s
	refuses "verifying the old one" 78 'batch-view: s: another definition is served (*' batch-view -V v --store s --verify log
	try batch-view --store s --rollback log
	equal "rolled back" "0 removed log.*" "$status $(sed 's/^\(removed log\.\).*/\1*/' out)"
	gives "old again, speed and all" "$(< old)" merge-views s
	gives "new again" "" batch-view -V w --store s log
	gives "old again, built" "" batch-view -V v --store s log
	gives "old again, speed and all" "$(< old)" merge-views s
	rm s/*.batch-3.*
	event-log cat --resume-from s log | window-agg -V w --emit partial | view-store s
	event-log cat log | window-agg -V w > new
	gives "new, with speed" "$(< new)" merge-views s
	equal "the old one can be gone back to" 2 "$(cd s && printf '%s\n' *.batch-* | sed 's/.*\.\(........\)\.tsv/\1/' | sort -u | wc -l)"
	gives "once more" "" batch-view -V w --store s --seal log
	equal "then it goes, its speed files too" 1 "$(cd s && printf '%s\n' *.tsv | sed 's/.*\.\(........\)\.tsv/\1/' | sort -u | wc -l)"
	gives "new, still" "$(< new)" merge-views s
}

@test "rollback: never to less than there was" {
	view v 'window 5m'
	orders 400 > in
	to_log log in 2
	mkdir s
	refuses "nothing there" 78 'batch-view: s: there is no generation of log to take back' batch-view --store s --rollback log
	gives "one" "" batch-view -V v --store s log
	refuses "the only one" 78 'batch-view: s: without generation 1 it would end at 0, not at 400: rebuild instead' batch-view --store s --rollback log
	event-log append log < <(orders 40 3)
	gives "two" "" batch-view -V v --store s --seal log
	gives "back" "$(cd s && echo log.*.batch-2.* | sed 's/.*/removed &: served up to 400, by batch up to 400/')" batch-view --store s --rollback log
	gives "the first" "$(window-agg -V v in)" merge-views s
	gives "two again" "" batch-view -V v --store s log
	rm s/*.batch-1.*
	refuses "the first is gone" 78 'batch-view: s: without generation 2 *' batch-view --store s --rollback log
	equal "it is still there" 1 "$(generations s | wc -l)"
}

@test "verify: finds what is not as the log says" {
	local file

	view v 'window none'
	orders 200 > in
	to_log log in 3
	gives "nothing there yet" "" batch-view -V v --store s log
	gives "right" "" batch-view -V v --store s --verify log
	file=$(echo s/*.batch-1.*)
	cp "$file" kept
	merge-views s > before
	tamper "$file" '/s2/s/\t\([0-9]*\)\t/\t1\1\t/'                 # its count, ten times and more
	merge-views s > after
	run ! cmp -s before after
	try batch-view -V v --store s --verify log
	equal "one row" "1 $(diff before after | sed -n 's/^< /+/p; s/^> /-/p' | sort)" "$status $(sort out)"
	equal "nothing on stderr" "" "$(< err)"
	cp kept "$file"
	tamper "$file" '/s1/d'
	try batch-view -V v --store s --verify log
	equal "a damaged end" 65 "$status"              # its end line says more rows
	sed 's/rejected=0/rejected=4/' kept > "$file"
	tamper "$file" 's/^//' || true
	try batch-view -V v --store s --verify log
	equal "skipped ones" "1 batch-view: s: 4 records are said to be skipped as bad, the log has 0" "$status $(< err)"
	cp kept "$file"
	gives "right again" "" batch-view -V v --store s --verify log
	rm -r log
	orders 100 > less
	to_log log less 1
	refuses "another log" 78 'batch-view: s: made from another log *' batch-view -V v --store s --verify log
	refuses "another log" 78 'batch-view: s: it was made from another log *' batch-view -V v --store s log
}

@test "frozen generations stay, so that the log may be pruned" {
	local k

	view v 'window 5m'
	view w 'window 10m'
	orders 400 > in
	to_log log in 4
	gives "frozen" "" batch-view -V v --store s --freeze log
	equal "by name" "00000000000000000000-00000000000000000400.frozen-1" "$(generations s | cut -d . -f 2,3)"
	gives "it is built behind what is frozen" "" batch-view -V v --store s --force --if-new log
	equal "nothing to build" 1 "$(generations s | wc -l)"
	cp in sofar
	for k in 2 3 4; do
		orders 60 "$k" > part
		tail -n +2 part >> sofar
		event-log append log < part
		gives "generation $k" "" batch-view -V v --store s --seal "$([[ $k == 3 ]] && echo --incremental || echo --keep=3)" log
		window-agg -V v sofar > want
		gives "the view of $k" "$(< want)" merge-views s
	done
	event-log prune --keep 0s --views s log > said
	equal "pruned" 180 "$(event-log cat log 2> err | tail -n +2 | wc -l)"
	gives "served as before" "$(< want)" merge-views s
	equal "what was pruned is frozen" "frozen-1" "$(generations s | grep -o 'frozen-[0-9]*')"
	try batch-view -V v --store s --verify log
	equal "verified is what is left" "0 batch-view: log: what it has pruned is not compared: records before 400" "$status $(< err)"
	gives "built again" "" batch-view -V v --store s --force log
	gives "the whole" "$(< want)" merge-views s
	gives "incremental" "" batch-view -V v --store s --force --incremental log
	gives "the whole" "$(< want)" merge-views s
	refuses "another definition" 78 'batch-view: log: history before * is pruned, and no frozen generation of this definition holds it: *' batch-view -V w --store s log
	gives "frozen, nothing being new" "" batch-view -V v --store s --freeze --if-new log
	refuses "what is frozen is not taken back" 78 'batch-view: s: generation * is frozen*' batch-view --store s --rollback log
	event-log append log < <(orders 20 6)
	orders 20 6 | tail -n +2 >> sofar
	event-log cat --resume-from s log | window-agg -V v --emit partial | view-store s
	gives "speed behind it" "$(window-agg -V v sofar)" merge-views s
	gives "and batch" "" batch-view -V v --store s --seal log
	gives "the whole" "$(window-agg -V v sofar)" merge-views s
}

@test "rollback: a frozen generation is what others stand on, not one before them" {
	view v 'window 5m'
	orders 200 > in
	to_log log in 2
	batch-view -V v --store s --freeze log
	orders 60 2 | event-log append log
	batch-view -V v --store s --seal log
	batch-view -V v --store s --force log
	gives "the first of two" "$(cd s && echo log.*.batch-3.* | sed 's/.*/removed &: served up to 260, by batch up to 260/')" batch-view --store s --rollback log
	refuses "the only one" 78 'batch-view: s: without generation 2 it would end at 200, not at 260: rebuild instead' batch-view --store s --rollback log
}

@test "a log under another name does not count twice, and what was built of it can be taken back" {
	view v 'window 5m'
	orders 200 > in
	to_log log in 2
	ln -s log other
	batch-view -V v --store s log
	refuses "refused" 78 'batch-view: s: has this log already, as source log, not other: *' batch-view -V v --store s other
	gives "as before" "$(window-agg -V v in)" merge-views s
	# one that got there all the same
	batch-view -V v --store t other
	cp t/other.* s
	refuses "both" 78 '*twice*' merge-views s
	gives "taken back" "$(cd s && echo other.*.batch-1.* | sed 's/.*/removed &: served up to 0, by batch up to 0/')" batch-view --store s --rollback other
	gives "served again" "$(window-agg -V v in)" merge-views s
}

@test "--verify: a hole, or nothing where something should be, is a difference" {
	view v 'window 5m'
	orders 90 > in
	mkdir empty
	event-log append log < <(head -n 1 in)
	try batch-view -V v --store empty --verify log
	equal "an empty log" "0 batch-view: empty: nothing to compare of log" "$status $(< err)"
	for from in 2 32 62; do
		(head -n 1 in; sed -n "$from,$((from + 29))p" in) | event-log append log
		event-log cat --resume-from s log | window-agg -V v --emit partial | view-store s
	done
	gives "whole" "" batch-view -V v --store s --verify log
	rm s/log.00000000000000000030-*
	try batch-view -V v --store s --verify log
	equal "a hole" "1 batch-view: s: records 30-60 of log are missing" "$status $(< err)"
	try batch-view -V v --store empty --verify log
	equal "nothing" "1 batch-view: empty: nothing of log is served" "$status $(< err)"
}

@test "two at once: one works, the others try again later" {
	local i done=0 later=0 pids=()

	view v 'window 5m'
	orders 3000 > in
	to_log log in 5
	for i in {1..20}; do
		batch-view -V v --store s --if-new --force log > "out$i" 2> "err$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" && ((++done)) || { [[ $? -eq 75 ]] && ((++later)); }
	done
	((done >= 1 && done + later == 20))
	gives "the view" "$(window-agg -V v in)" merge-views s
	equal "nothing is left over" "" "$(find s -name '.*.tmp')"
	exec 5> s/.batch.lock
	flock 5
	refuses "held" 75 'batch-view: the view is being built by another process' batch-view -V v --store s log
	refuses "held, --if-new" 75 'batch-view: the view is being built by another process' batch-view -V v --store s --if-new log
	refuses "held for so long" 75 'batch-view: the view is being built by another process' batch-view -V v --store s --wait 50ms log
	refuses "held, rollback" 75 'batch-view: the view is being built by another process' batch-view --store s --rollback log
	batch-view -V v --store s --force --wait 20s log 2> err 5>&- &
	until_true is_waiting $!
	exec 5>&-
	wait $!
}

@test "killed before any step, it leaves the view as it was or with the new generation" {
	local call n status

	need strace
	is_plain_build || skip "strace and sanitizers want the same"
	view v 'window 5m'
	orders 300 > in
	to_log log in 3
	gives "the first" "" batch-view -V v --store first log
	event-log append log < <(orders 100 2)
	event-log seal log
	merge-views first > old
	event-log cat log | window-agg -V v > new
	for call in openat write fdatasync fsync rename,renameat,renameat2 unlink,unlinkat; do
		for ((n = 1; n < 60; n++)); do
			rm -rf s && cp -r first s
			status=0
			strace -f -o trace -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
				"$WEIR_BIN/batch-view" -V v -j 2 --keep 1 --store s log > out 2> err || status=$?
			merge-views s > got
			cmp -s old got || cmp -s new got || failed "$call $n" "neither the old nor the new view"
			((status == 137)) || break
			batch-view -V v --store s --if-new log || failed "$call $n" "the next run"
			merge-views s > got
			same "$call $n, once more" new got
			equal "$call $n: nothing is left over" "" "$(find s -name '.*.tmp')"
		done
		((n > 1)) || failed "$call" "it was never killed"
	done
}

@test "a signal takes away what is begun" {
	local signal number

	need strace
	is_plain_build || skip "strace and sanitizers want the same"
	view v 'window 5m'
	orders 300 > in
	to_log log in 3
	for signal in TERM:143 INT:130 HUP:129; do
		number=${signal#*:}
		status=0
		strace -f -o trace -e trace=fdatasync -e "inject=fdatasync:signal=${signal%:*}:when=1" \
			"$WEIR_BIN/batch-view" -V v --store s log > out 2> err || status=$?
		equal "$signal" "$number" "$status"
		equal "$signal: nothing is left" ".batch.lock" "$(ls -A s)"
	done
}

@test "a full disk: the old generation stays, nothing is left over" {
	local n

	view v 'window 1s'
	orders 3000 > in
	to_log log in 2
	gives "the first" "" batch-view -V v --store s log
	merge-views s > old
	event-log append log < <(orders 3000 2)
	event-log seal log
	status=0
	(ulimit -f 20 && trap '' XFSZ && exec batch-view -V v --store s log) 2> err || status=$?
	equal "a file too large" "74 .tmp: File too large" "$status $(grep -o '\.tmp: .*' err)"
	equal "a file too large: nothing is left" "" "$(find s -name '.*.tmp')"
	merge-views s > got
	same "a file too large: the old one" old got
	need strace
	is_plain_build || skip "strace and sanitizers want the same"
	for n in write:ENOSPC:1 write:ENOSPC:2 fdatasync:EIO:1 renameat:EIO:1; do
		IFS=: read -r call error when <<< "$n"
		status=0
		strace -f -o trace -e "trace=$call" -e "inject=$call:error=$error:when=$when" \
			"$WEIR_BIN/batch-view" -V v --store s log > out 2> err || status=$?
		equal "$n" 74 "$status"
		equal "$n: one line" 1 "$(wc -l < err)"
		equal "$n: nothing is left" "" "$(find s -name '.*.tmp')"
		merge-views s > got
		same "$n: the old one" old got
	done
}

@test "a disk that is full, mounted" {
	view v 'window 1s'
	orders 3000 > in
	to_log log in 2
	[[ $(id -u) -eq 0 ]] || skip "only root may mount"
	unshare -m true 2> /dev/null || skip "no mount namespaces here"
	cp -r log "$PWD/kept"
	# shellcheck disable=SC2016
	unshare -m bash -c '
		mkdir disk && mount -t tmpfs -o size=96k tmpfs disk || exit 99
		batch-view -V v --store disk/s log 2> err; echo $? > status
		ls -A disk/s > left
		rm -rf disk/s; mount -o remount,size=8m disk
		batch-view -V v --store disk/s log 2>> err && merge-views disk/s > got' || { [[ $? -eq 99 ]] && skip "no tmpfs may be mounted here"; }
	equal "no space" "74 .batch.lock" "$(< status) $(< left)"
	equal "said" 1 "$(grep -c 'No space left on device' err)"
	gives "with space" "$(window-agg -V v in)" cat got
}

@test "a log that grows meanwhile: exactly what is before the cut" {
	local k cut writer

	view v 'window 5m'
	orders 2000 > in
	tail -n +2 in > all
	split -d -n l/20 all piece
	event-log append log < <(head -n 1 in; cat piece00)
	event-log seal log
	(
		for k in {01..19}; do
			{ head -n 1 in; cat "piece$k"; } | event-log append --sync none log
			event-log seal log
		done
	) &
	writer=$!
	for k in {1..12}; do
		batch-view -V v --store s --if-new log
		cut=$(generations s | sed 's/.*-0*\([0-9]*\)\.batch.*/\1/' | sort -n | tail -n 1)
		head -n $((cut + 1)) in | window-agg -V v > want
		merge-views s > got
		same "cut $cut" want got
	done
	wait "$writer"
	gives "at the end" "" batch-view -V v --store s --if-new log
	gives "all" "$(window-agg -V v in)" merge-views s
}

@test "--seal asks the writer, and goes on without" {
	local writer

	view v 'window 5m'
	orders 100 > in
	mkfifo feed
	event-log append --block-interval 10ms log < feed &
	writer=$!
	exec 5> feed
	cat in >&5
	until_true has_block log
	gives "sealed by its writer" "" batch-view -V v --store s --seal log
	gives "all of it" "$(window-agg -V v in)" merge-views s
	orders 5 2 | tail -n +2 >&5
	exec 5>&-
	wait "$writer"
	gives "the rest, nobody writing" "" batch-view -V v --store s --seal log
	gives "all of it" "$(cat in <(orders 5 2 | tail -n +2) | window-agg -V v)" merge-views s
}

@test "damage is told, and never counted" {
	local file

	view v 'window 5m'
	orders 300 > in
	to_log log in 3
	gives "the first" "" batch-view -V v --store s log
	cp -r log whole
	event-log append log < <(orders 100 2)
	event-log seal --no-compress log
	merge-views s > old
	file=$(printf '%s\n' log/0*.log | tail -n 1)
	flip "$file" 400 1 > damaged
	cp damaged "$file"
	rm -f log/*.idx
	try batch-view -V v --store s log
	equal "a damaged segment" "65 1" "$status $(wc -l < err)"
	merge-views s > got
	same "the old view" old got
	file=$(echo s/*.batch-1.*)
	flip "$file" $(($(wc -c < "$file") / 2)) 1 > damaged
	cp damaged "$file"
	rm -r log && mv whole log
	event-log append log < <(orders 100 2)
	event-log seal log
	try batch-view -V v --store s --incremental log
	equal "a damaged generation is not built upon" "65 1" "$status $(wc -l < err)"
	equal "and nothing is left" "" "$(find s -name '.*.tmp')"
	gives "built anew" "" batch-view -V v --store s log
	gives "the view" "$(event-log cat log | window-agg -V v)" merge-views s
	file=$(echo s/*.batch-2.*)
	head -c -20 "$file" > damaged
	cp damaged "$file"
	refuses "a torn one is not served" 65 'merge-views: s/*: damaged: *' merge-views s
	try batch-view -V v --store s log
	equal "nor is it taken for done" "0 batch-view: $file: it is damaged, and built anew" "$status $(< err)"
	gives "the view again" "$(event-log cat log | window-agg -V v)" merge-views s
}

@test "a log of the same name is another log, also while there are speed files only" {
	mkdir one two
	printf 'ts,v\n1,1\n2,2\n' | event-log append one/o
	printf 'ts,v\n1,1\n' | event-log append two/o
	printf 'time ts\nwindow 1m\nmeasure n = count()\n' > n.view
	event-log cat --resume-from store one/o | window-agg -V n.view --emit partial | view-store store
	before=$(merge-views store)
	run -78 batch-view --seal -V n.view --store store two/o
	assert_output --partial 'it was made from another log o'
	assert_equal "$(merge-views store)" "$before"
}

@test "a log that has lost what was counted is told, also with --if-new, and not built upon" {
	printf 'time ts\nwindow 1m\nmeasure n = count()\n' > n.view
	for i in 1 2 3; do
		printf 'ts,v\n%d,1\n' "$i" | event-log append o
		event-log seal o
	done
	batch-view -V n.view --store store o
	rm o/00000000000000000002.*
	run -78 batch-view --if-new -V n.view --store store o
	assert_output --partial 'the log ends at 2, but generation 1 of store has counted records up to 3'
}

@test "a log is no store" {
	printf 'ts,v\n1,1\n' | event-log append o
	event-log seal o
	printf 'time ts\nwindow 1m\nmeasure n = count()\n' > n.view
	run -78 batch-view -V n.view --store o o
	assert_output 'batch-view: o: it is a log, not a view'
}
