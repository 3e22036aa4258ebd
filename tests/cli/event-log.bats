# SPDX-License-Identifier: MIT
# event-log: what is appended is stored once and as it came, whatever dies on the way; what is damaged is told, never passed on.

load ../lib
load ../battery
load cases

lines() {
	printf '%s\n' "$@"
}

# The records of a log as a file.
records() {     # log
	event-log cat "$1"
}

field() {       # log name
	event-log info "$1" | awk -F '\t' -v name="$2" '$1 == name { print $2 }'
}

first_segment=00000000000000000000.log

# A log of N blocks of three records each, one by one: 1..3, 4..6, ...
make_log() {    # log blocks option...
	local i

	for ((i = 0; i < $2; i++)); do
		lines id,text "$((3 * i + 1)),one" "$((3 * i + 2)),\"two, ${i}\"" "$((3 * i + 3)),three" | event-log append "${@:3}" "$1"
	done
}

numbers() {     # from to
	echo id,text
	seq "$1" "$2" | awk '{ r = $1 % 3; print $1 "," (r == 1 ? "one" : r == 2 ? "\"two, " int(($1 - 1) / 3) "\"" : "three") }'
}

@test "event-log: conventions of the command line" {
	lines id,v 1,a 2,b '3,"c"' > sample.csv
	# append prints nothing
	BATTERY_SKIP='sample full_disk closed_stdout reader_gone head' battery event-log "$PWD/sample.csv" append log
}

@test "commands and their options" {
	make_log log 1
	refuses "no command" 64 'event-log: no command: one of append, cat, *' event-log
	refuses "unknown command" 64 'event-log: apend: no such command (append, *' event-log apend log
	refuses "no log" 64 'event-log: info: which log? its directory is missing' event-log info
	refuses "two logs" 64 'event-log: cat: one log at a time' event-log cat log log
	refuses "an option of another command" 64 'event-log: --once: not an option of info, but of append' event-log info --once x log
	refuses "an input option of another command" 64 'event-log: --no-header: not an option of cat, but of append' event-log cat --no-header log
	refuses "no ID" 64 'event-log: --once: an empty ID names nothing' event-log append --once '' log
	refuses "a bad duration" 64 'event-log: --sync: often: *' event-log append --sync often log
	refuses "no such log" 74 'event-log: nolog: No such file or directory' event-log info nolog
	refuses "no such log" 74 'event-log: nolog: No such file or directory' event-log verify nolog
	refuses "no such log" 74 'event-log: nolog: No such file or directory' event-log repair nolog
	refuses "no such log" 74 'event-log: nolog: No such file or directory' event-log seal nolog
	touch file
	refuses "not below a file" 73 'event-log: file/log: Not a directory' event-log append file/log
	[[ ! -e nolog ]] || failed "looking makes no log" "$(ls)"
	gives "options anywhere" "" event-log --sync none append log --block-bytes 1K /dev/null
}

@test "append: records come back as they came" {
	lines 'a,"b,c"' '1,"x' 'y"' '2,""""' '3,' ',' > in.csv
	event-log append csv in.csv
	cmp <(event-log cat --checked csv | grep -v '^#!weir ') <(tail -n +2 in.csv) || failed "CSV as stored" "$(cat csv/*)"
	printf 'a\tb\n1\tx\\ty\n\\\\\t\n' > in.tsv
	event-log append tsv < in.tsv
	gives "TSV" "$(cat in.tsv)" event-log cat tsv
	lines '{"a":1,"b":{"c":[1,2]}}' ' {"a" : 2 }' '{}' > in.ndjson
	event-log append ndjson < in.ndjson
	gives "NDJSON" "$(cat in.ndjson)" event-log cat ndjson
	gzip -c in.csv | event-log append gz
	cmp <(event-log cat gz) <(event-log cat csv) || failed "gzip" "$(cat gz/*)"
	sed 's/$/\r/' in.tsv | event-log append crlf
	gives "CR LF" "$(cat in.tsv)" event-log cat crlf
	printf '1,2\n3,4\n' | event-log append --no-header bare
	gives "without header" $'@1,@2\n1,2\n3,4' event-log cat bare
	lines '{"payload":{"op":"c","after":{"id":1},"source":{"table":"t"}}}' > events
	event-log append -i debezium changes < events
	gives "envelopes are stored as they are" "$(cat events)" event-log cat changes
	equal "one record" 1 "$(field changes records)"
	event-log append two in.csv in.csv
	equal "several files" 8 "$(field two records)"
	gives "an empty input is no segment" "" event-log append empty /dev/null
	equal "nothing" "0 0" "$(field empty segments) $(field empty records)"
	gives "nor is a header" "" event-log append empty < <(echo a,b)
	equal "still nothing" "0 0" "$(field empty segments) $(field empty records)"
}

@test "append: what looks like a control line is data" {
	lines id,v '1,"' '#!weir end run=x"' '#!weir barrier run=x epoch=1,2' '\#!weir block first=0,3' '#!weir seal,4' > in.csv
	event-log append log < in.csv
	event-log append log < in.csv
	event-log seal log
	gives "whole" $'00000000000000000000.log.gz: 8 records in 2 blocks, sealed' event-log verify log
	gives "CSV" "$(cat in.csv; tail -n +2 in.csv)" event-log cat log
	lines '{}' '{"@weir":"end","run":"x"}' ' {"@weir":"stop"}' '{"a":"#!weir seal "}' > in.ndjson
	event-log append json < in.ndjson
	equal "NDJSON" "$(sed 's/^ *//' in.ndjson)" "$(event-log cat json | sed 's/^ *//')"
	equal "records" 4 "$(field json records)"
	printf '#!weir stream format=csv\n#!weir columns id,v\n1,"\n\\#!weir end"\n#!weir watermark t=5\n2,x\n#!weir columns id\n3\n' | event-log append stream
	gives "a controlled stream" $'id,v\n1,"\n#!weir end"\n2,x\n3,' event-log cat stream
	equal "other columns are another segment" 2 "$(field stream segments)"
	refuses "not ours" 78 'event-log: stdin: control line "view" is not for a log' event-log append other < <(printf '#!weir stream format=csv\n#!weir view hash=1\n')
}

@test "append: one format, columns by segment" {
	lines a,b 1,2 | event-log append log
	lines a,b 3,4 | event-log append log
	lines b,a 5,6 | event-log append log
	equal "segments" 2 "$(field log segments)"
	gives "by name" $'a,b\n1,2\n3,4\n6,5' event-log cat log
	refuses "another format" 78 'event-log: log: the log holds CSV, not NDJSON' event-log append log < <(lines '{"a":1}')
	lines a 1 > one.csv
	lines '"odd, name",b%' 1,2 > odd.csv
	event-log append columns one.csv odd.csv
	equal "each file its columns" 2 "$(field columns segments)"
	gives "odd names" $'a,"odd, name",b%\n1,,\n,1,2' event-log cat columns
}

@test "append: a bad record ends it behind the good ones, or is kept" {
	lines a,b 1,2 3 4,5 > in
	refuses "refused" 65 'event-log: in:3: *' event-log append log in
	gives "what came before it" $'a,b\n1,2' event-log cat log
	try event-log append --rejects bad --stats kept in
	equal "kept" "in=3 out=2 rejected=1" "$(ledger err in out rejected)"
	balanced "kept" err
	gives "the others" $'a,b\n1,2\n4,5' event-log cat kept
	[[ $(< bad) == '{"file":"in","line":3,"reason":'*'"raw":"3"}' ]] || failed "rejects" "$(cat bad)"
	refuses "all or nothing" 65 'event-log: in:3: *' event-log append --once x whole in
	equal "nothing" 0 "$(field whole records)"
	refuses "cut off" 65 'event-log: stdin:3: unterminated last line *' event-log append pipe < <(printf 'a\n1\n2')
	gives "what was whole" $'a\n1' event-log cat pipe
}

@test "append --once: all or nothing, and once" {
	numbers 1 1000 > in
	event-log append --once 2026-11-22 --block-bytes 100 log in
	gives "again" "" event-log append --once 2026-11-22 log in
	cmp <(event-log cat log) in || failed "all of it" "$(event-log info log)"
	try event-log append --once 2026-11-22 --stats log < in
	equal "counted" "in=1000 out=0 duplicate=1000" "$(ledger err in out duplicate)"
	event-log seal log
	make_log log 1
	gives "found in a sealed segment" "" event-log append --once 2026-11-22 log in
	equal "not again" 1003 "$(field log records)"
	rm log/*.idx
	gives "without an index too" "" event-log append --once 2026-11-22 log in
	gives "another ID" "" event-log append --once '2026 11/23' log in
	gives "is another" "" event-log append --once '2026 11/23' log in
	equal "records" 2003 "$(field log records)"
	# two files, one whole
	lines a,b > none
	event-log append --once empty bare none
	event-log append --once empty bare < <(lines a,b 1,2)
	equal "one without records, too" "a,b" "$(event-log cat bare)"
	event-log append --once two pair in in
	equal "several files are one" "2000 1" "$(field pair records) $(grep -c once=two pair/*.log)"
	# half of it: the input dies
	refuses "half an input" 65 'event-log: stdin:*' event-log append --once half --block-bytes 100 pair < <(head -c 5000 in)
	equal "does not count" 2000 "$(field pair records)"
	event-log append --once half pair in
	equal "the whole one does" 3000 "$(field pair records)"
	refuses "columns within it" 65 'event-log: *: other columns in the middle of what is one by --once' event-log append --once c other in <(lines a 1)
	equal "nothing of it" 0 "$(field other records)"
}

@test "a torn tail of any length is cut off, and kept" {
	make_log base 3
	whole=$(stat -c %s base/$first_segment)
	make_log base 1
	size=$(stat -c %s base/$first_segment)
	for ((n = whole + 1; n < size; n++)); do
		rm -rf log && cp -r base log
		truncate -s "$n" log/$first_segment
		try event-log repair log
		[[ $status -eq 0 && $(wc -l < err) -eq 1 && $(< err) == *"offset $whole: $((n - whole)) bytes of a block that was not finished"* &&
			$(stat -c %s log/$first_segment) -eq $whole && $(stat -c %s log/lost/$first_segment."$whole") -eq $((n - whole)) ]] ||
			failed "cut to $n" "$status $(cat err)"
	done
	cmp <(event-log cat log) <(numbers 1 9) || failed "what is left" "$(event-log cat log)"
	make_log log 1
	equal "goes on" 12 "$(field log records)"
	gives "whole" "$first_segment: 12 records in 4 blocks, open" event-log verify log
	# a second one at the same place does not take the first one's
	truncate -s -5 log/$first_segment
	event-log append log /dev/null 2> err
	equal "both are kept" 2 "$(find log/lost -type f | wc -l)"
}

@test "torn heads: a segment that never was" {
	make_log base 1
	event-log seal base
	lines id,text 4,x | event-log append base
	head=$(grep -abo '^4,x' base/*3.log | cut -d: -f1)
	for n in 0 1 "$((head / 2))" "$((head - 1))" "$head" "$((head + 2))"; do
		rm -rf log && cp -r base log
		truncate -s "$n" log/*3.log
		lines id,text 4,y | event-log append log 2> err
		gives "cut to $n" $'id,text\n1,one\n2,"two, 0"\n3,three\n4,y' event-log cat log
		event-log verify log > /dev/null || failed "cut to $n" "$(event-log verify log 2>&1)"
	done
	# the only one
	rm -rf log && make_log log 1
	truncate -s 20 log/$first_segment
	lines a,b 1,2 | event-log append log 2> err
	gives "from the beginning" $'a,b\n1,2' event-log cat log
}

@test "zeros and garbage behind the last block are cut off" {
	make_log base 3
	for tail in 'truncate -s +5000' 'append_garbage'; do
		rm -rf log && cp -r base log
		$tail log/$first_segment
		gives "readers stop before it" "$(numbers 1 9)" event-log cat log
		event-log repair log 2> err || failed "$tail" "$(cat err)"
		gives "$tail" "$(numbers 1 9)" event-log cat log
		cmp log/$first_segment base/$first_segment || failed "$tail" "it is not what it was"
	done
}

append_garbage() {
	awk 'BEGIN { srand(7); for (i = 0; i < 300; i++) printf "%c", 1 + int(rand() * 250) }' >> "$1"
}

@test "a flipped byte is damage: told with its place, and left alone" {
	make_log base 4
	last=$(stat -c %s base/$first_segment)
	make_log base 1
	for ((at = 0; at < last; at += 7)); do
		rm -rf log && cp -r base log
		flip base/$first_segment "$at" 4 > log/$first_segment
		before=$(cksum < log/$first_segment)
		refuses "writer, byte $at" 65 "event-log: log/$first_segment: offset *" event-log append log /dev/null
		try event-log verify log
		[[ $status -eq 65 && $(< err) == "event-log: log/$first_segment: offset "* ]] || failed "verify, byte $at" "$status $(cat err)"
		equal "untouched, byte $at" "$before" "$(cksum < log/$first_segment)"
		[[ ! -e log/lost ]] || failed "byte $at" "something was taken away"
		try event-log cat log
		[[ $status -eq 65 && $(numbers 1 15 | head -c "$(wc -c < out)") == "$(< out)" ]] || failed "cat, byte $at" "$status: $(cat out)"
	done
	try event-log repair --quarantine log
	equal "repair" 0 "$status"
	event-log verify log > /dev/null || failed "whole again" "$(cat log/*.log)"
	make_log log 1
	event-log verify log > /dev/null || failed "goes on" "$(cat log/*.log)"
}

# A log of blocks a, b, c, d as files.
split_blocks() {        # log
	awk -v RS='\n' '{ print > ("part." n) } /^#!weir (columns|block)/ { n++ } BEGIN { n = 0 }' "$1/$first_segment"
}

@test "blocks that are missing, doubled or swapped are damage" {
	make_log base 4
	split_blocks base
	cat part.[0-4] | cmp - base/$first_segment
	mkdir log
	for order in '0 1 3 4' '0 2 3 4' '0 2 1 3 4' '0 1 3 2 4' '0 1 1 2 3 4' '0 1 2 2 3 4' '1 2 3 4'; do
		rm -rf log/*
		for i in $order; do
			cat "part.$i"
		done > log/$first_segment
		refuses "blocks $order" 65 "event-log: log/$first_segment: offset *" event-log append log /dev/null
		try event-log verify log
		equal "verify, blocks $order" 65 "$status"
	done
	# the first are all there are: no damage
	cat part.[0-2] > log/$first_segment
	gives "fewer" "" event-log append log /dev/null
	equal "records" 6 "$(field log records)"
}

# 1..3 | 4..6 | 7..9, sealed but for the last
three_segments() {      # log option...
	local i

	for ((i = 0; i < 3; i++)); do
		numbers $((3 * i + 1)) $((3 * i + 3)) | event-log append "${@:2}" "$1"
		((i == 2)) || event-log seal "${@:2}" "$1"
	done
}

@test "segments that are missing or cut off are damage, and nothing is read past them" {
	three_segments base --no-compress
	second=00000000000000000003.log
	cp -r base log && rm log/$second
	try event-log verify log
	[[ $status -eq 65 && $(< err) == *"00000000000000000006.log: offset 0: it does not join"* ]] || failed "missing" "$status $(cat err)"
	try event-log cat log
	equal "missing: cat" 65 "$status"
	rm -rf log && cp -r base log && truncate -s -3 log/$second
	refuses "cut off, writer" 65 "event-log: log/$second: it is cut off, but 00000000000000000006.log is there *" event-log append log /dev/null
	try event-log verify log
	[[ $status -eq 65 && $(< err) == *"$second: "* ]] || failed "cut off" "$status $(cat err)"
	try event-log cat log
	[[ $status -eq 65 && $(wc -l < out) -le 7 ]] || failed "cut off: cat" "$status $(cat out)"
	try event-log repair --quarantine log
	equal "repair" "0 6@" "$status $(field log last | cut -c 1-2)"
	cmp <(event-log cat log) <(numbers 1 6) || failed "repaired" "$(event-log cat log)"
	equal "kept" 2 "$(find log/lost -type f | wc -l)"
	rm -rf log && cp -r base log && rm log/$second
	try event-log repair --quarantine log
	cmp <(event-log cat log) <(numbers 1 3) || failed "repaired without its middle" "$(cat out err)"
	numbers 4 6 | event-log append log
	event-log verify log > /dev/null || failed "goes on" "$(event-log verify log 2>&1)"
	# the same of compressed ones, which only their successors tell the end of
	three_segments packed
	rm packed/00000000000000000003.log.gz
	try event-log verify packed
	equal "missing, compressed: verify" 65 "$status"
	try event-log cat packed
	[[ $status -eq 65 && $(wc -l < out) -le 4 ]] || failed "missing, compressed: cat" "$status $(cat out)"
	try event-log cat --checked packed
	equal "missing, compressed: checked" "65 0" "$status $(grep -c '^[456789],' out)"
	# of another log
	three_segments foreign --no-compress
	rm -rf log && cp -r base log && cp foreign/$second log
	try event-log verify log
	[[ $status -eq 65 && $(< err) == *"$second: offset 0: it is of another log"* ]] || failed "foreign" "$status $(cat err)"
}

@test "sealed segments are gzip, of the very same bytes" {
	numbers 1 30000 > in
	event-log append --block-bytes 20K --no-compress log in
	cp log/$first_segment plain
	event-log seal log
	[[ ! -e log/$first_segment ]] || failed "the plain file" "is still there"
	zcat log/$first_segment.gz > text
	head -c "$(wc -c < plain)" text | cmp - plain || failed "the text" "differs"
	tail -n 1 text | grep -q '^#!weir seal first=0 n=30000 ' || failed "the seal" "$(tail -n 1 text)"
	cmp <(event-log cat log) in || failed "the records" "differ"
	# same bytes again: no name, no time
	cp -r log again && gunzip again/*.gz && rm again/*.idx
	event-log repair again
	event-log append again /dev/null
	cmp again/$first_segment.gz log/$first_segment.gz || failed "deterministic" "$(ls -l log again)"
	(($(grep -c '^#!weir member' log/*.idx) >= 1)) || failed "index" "$(cat log/*.idx)"
	event-log verify log > /dev/null || failed "whole" "no"
	gives "nothing to seal" "" event-log seal log
	equal "no empty segment" 1 "$(field log segments)"
}

@test "segments close by size, behind a commit" {
	numbers 1 5000 > in
	event-log append --segment-size 10K --block-bytes 1K log in
	(($(field log segments) > 5)) || failed "segments" "$(ls log)"
	event-log verify log > out || failed "whole" "$(cat out)"
	cmp <(event-log cat log) in || failed "records" "differ"
	(($(find log -name '*.log.gz' | wc -l) == $(field log segments) - 1 || $(find log -name '*.log.gz' | wc -l) == $(field log segments))) || failed "compressed" "$(ls log)"
	event-log append --once all --segment-size 10K --block-bytes 1K one in
	equal "an epoch is not cut" 1 "$(field one segments)"
}

@test "an index is a cache: wrong, old, missing or foreign, the answer is the same" {
	numbers 1 60000 > in
	event-log append --once first --block-bytes 20K log in
	event-log seal log
	numbers 60001 60003 | event-log append log
	event-log append --once first foreign <(head -n 20000 in)
	event-log seal foreign
	event-log cat --from 59990 log > right
	cp log/*.idx index
	wrongs=(': > log/x.idx' 'head -c 100 index > log/x.idx' 'flip index 200 1 > log/x.idx' 'cat foreign/*.idx > log/x.idx' 'rm log/x.idx'
		'sed s/59/58/g index > log/x.idx' 'ln -sf /dev/null log/x.idx')
	for wrong in "${wrongs[@]}"; do
		rm log/00000000000000000000.idx
		eval "${wrong//log\/x.idx/log/00000000000000000000.idx}" 2> err || true
		event-log cat --from 59990 log | cmp - right || failed "$wrong" "cat differs"
		gives "$wrong" "" event-log append --once first log in
		equal "$wrong" 60003 "$(field log records)"
		event-log verify log > /dev/null || failed "$wrong" "verify"
		: > log/00000000000000000000.idx
	done
}

@test "a damaged gzip segment is told, and no half line leaves it" {
	three_segments base
	gz=00000000000000000003.log.gz
	size=$(stat -c %s base/$gz)
	silent=()
	# the last bytes one by one: they are the end of the data, and its sum
	for at in $(seq 1 5 $((size - 17))) $(seq $((size - 16)) $((size - 1))); do
		rm -rf log && cp -r base log
		flip base/$gz "$at" 16 > log/$gz
		# the time and the system in a member's header say nothing
		zcat log/$gz > out 2> err && cmp -s out <(zcat base/$gz) && silent+=("$at") && continue
		event-log verify log > out 2> err && failed "byte $at" "not seen"
		grep -q "log/$gz: " err || failed "byte $at" "$(cat err)"
		event-log cat log > out 2> err && failed "cat, byte $at" "not seen"
		numbers 1 6 | head -c "$(wc -c < out)" | cmp - out || failed "cat, byte $at" "$(cat out)"
	done
	((${#silent[@]} < size / 20)) || failed "bytes that say nothing" "${silent[*]} of $size"
	for ((at = 1; at < size; at += 9)); do
		rm -rf log && cp -r base log
		truncate -s "$at" log/$gz
		event-log verify log > out 2> err && failed "cut to $at" "not seen"
	done
	event-log repair --quarantine log > out || failed "repair" "$(cat out)"
	event-log verify log > /dev/null || failed "repaired" "$(event-log verify log 2>&1)"
	cmp <(event-log cat log | head -n 4) <(numbers 1 3) || failed "repaired" "$(event-log cat log)"
	# behind the last member: zeros are padding, anything else is damage
	rm -rf log && cp -r base log
	truncate -s +512 log/$gz
	cmp <(event-log cat log) <(numbers 1 9) || failed "zeros" "$(event-log cat log 2>&1)"
	event-log verify log > out || failed "verify, zeros" "$(cat out)"
	rm -rf log && cp -r base log
	echo garbage >> log/$gz
	event-log verify log > out 2> err && failed "garbage" "not seen"
	event-log cat log > out 2> err && failed "cat, garbage" "not seen"
	rm -rf log && cp -r base log
	cat base/$gz base/$gz > log/$gz
	event-log verify log > out 2> err && failed "twice" "not seen"
	event-log cat log > out 2> err && failed "cat, twice" "not seen"
	# much in little: 200 MB of zeros
	rm -rf log && cp -r base log
	head -c 200M /dev/zero | gzip -9 > log/$gz
	(! is_plain_build || ulimit -v 1000000; event-log verify log > out 2> err) && failed "bomb" "not seen"
	grep -q "log/$gz: " err || failed "bomb" "$(cat err)"
}

@test "a directory that is no log is told by verify, repair and seal; a view is no log" {
	mkdir empty
	for command in verify repair seal; do
		refuses "$command" 74 'event-log: empty: there is no log' event-log "$command" empty
	done
	[[ -z $(ls -A empty) ]] || failed "nothing is left in it" "$(ls -A empty)"
	printf 'ts,v\n1,1\n' | event-log append log
	event-log cat --resume-from view log | window-agg -t ts -w 1m -m 'n=count()' --emit partial | view-store view
	refuses "append" 78 'event-log: view: it is a view, not a log' event-log append view /dev/null
}

@test "repair tells damage that it does not mend" {
	numbers 1 1000 | event-log append log
	event-log seal log
	gz=$(cd log && echo *.gz)
	printf XXXX | dd of="log/$gz" bs=1 seek=100 conv=notrunc 2> /dev/null
	refuses "damage" 65 "event-log: log/$gz: *--quarantine*" event-log repair log
}
