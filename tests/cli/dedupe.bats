# SPDX-License-Identifier: MIT
# dedupe: the first record of each key goes on, repeats do not, and none is taken for another.

load ../lib
load ../battery
load cases

lines() {
	printf '%s\n' "$@"
}

# Times in ms as they are.
ms() {
	dedupe -t t --time-unit ms "$@"
}

sample() {
	lines id,t,v 1,100,a 2,105,b 1,110,c '"3",120,d' 2,400,e 3,500,f > sample.csv
}

@test "dedupe: conventions of the command line" {
	sample
	battery dedupe "$PWD/sample.csv" --key id
}

@test "dedupe: conventions of the command line, with a span and side outputs" {
	sample
	battery dedupe "$PWD/sample.csv" --key id --time t --time-unit ms --within 200ms --watermark-delay 10ms --duplicates dups --late late
}

@test "keys: one, several, the whole record" {
	lines a,b,c x,1,p y,1,q x,1,r x,2,s ,1,t ,1,u xy,,v x,y,w > in
	gives "several" $'a,b,c\nx,1,p\ny,1,q\nx,2,s\n,1,t\nxy,,v\nx,y,w' dedupe --key a,b in
	gives "in another order" "$(dedupe --key a,b in)" dedupe --key ' b , a ' in
	refuses "a record without its key" 65 'dedupe: in:6: its key is null' dedupe --key a in
	try dedupe --key a --rejects rejects --stats in
	equal "one" $'a,b,c\nx,1,p\ny,1,q\nxy,,v' "$(< out)"
	equal "set aside" '{"file":"in","line":6,"reason":"its key is null","raw":",1,t"}
{"file":"in","line":7,"reason":"its key is null","raw":",1,u"}' "$(< rejects)"
	balanced "one" err
	# shellcheck disable=SC2016 # backticks of ours
	gives "odd names" $'a b,"c,d"\n1,2' dedupe --key '`a b`,`c,d`' < <(lines 'a b,"c,d"' 1,2 1,2)
	lines a,b x,1 x,1 'x,"1"' x,1.0 'X,1' 'x ,1' > in
	gives "the whole record, byte for byte" $'a,b\nx,1\nx,"1"\nx,1.0\nX,1\nx ,1' dedupe in
	# what would be one if fields were put together carelessly
	printf 'a,b\nx\x01,y\nx,\x01y\n"a,b",c\na,"b,c"\n,ab\na,b\nab,\n' > in
	equal "no two keys look alike" 7 "$(dedupe --key a,b in | tail -n +2 | wc -l)"
	refuses "no list" 64 'dedupe: --key: "a b" is not a list of columns' dedupe --key 'a b' in
	refuses "an empty name" 64 'dedupe: *' dedupe --key 'a,,b' in
}

@test "keys: exact, however many and however alike" {
	# many keys, each twice: exactly one of each comes out, the first
	awk 'BEGIN { print "k,n"; for (i = 0; i < 60000; i++) print (i * 7919) % 30000 "," i }' > in
	dedupe --key k --stats in > out 2> err
	equal "ledger" "in=60000 out=30000 duplicate=30000" "$(ledger err in out duplicate)"
	equal "the first of each" "$(awk -F, 'NR > 1 && !seen[$1]++' in | cksum)" "$(tail -n +2 out | cksum)"
	# same length, same prefix, differing in one byte somewhere
	awk 'BEGIN { print "k"; base = sprintf("%200s", ""); gsub(" ", "x", base)
		for (i = 1; i <= 200; i++) print substr(base, 1, i - 1) "y" substr(base, i + 1) }' > in
	equal "one byte apart" 200 "$(dedupe --key k in | tail -n +2 | wc -l)"
}

@test "within: before and after, a repeat is less than the span away" {
	lines k,t a,100 a,109 a,110 a,119 a,120 > in
	gives "after" $'k,t\na,100\na,110\na,120' ms --key k --within 10ms in
	lines k,t a,100 a,91 a,90 a,81 a,80 > in
	gives "before" $'k,t\na,100\na,90\na,80' ms --key k --within 10ms in
	lines k,t a,100 a,105 a,112 a,114 > in
	gives "counted from the kept one" $'k,t\na,100\na,112' ms --key k --within 10ms in
	lines k,t a,-5 a,4 a,5 a,-15 a,-14 > in
	gives "across 1970" $'k,t\na,-5\na,5\na,-15' ms --key k --within 10ms in
	lines k,t a,0 b,0 a,3600000 a,3599999 > in
	gives "by key" $'k,t\na,0\nb,0\na,3600000' ms --key k --within 1h in
	lines k,t a,-9223372036854775808 a,9223372036854775807 a,-9223372036854775808 a,9223372036854775806 a,0 > in
	for span in 1ms 7ms 1s 1000w; do
		try timeout 20 dedupe -t t --time-unit ms --key k --within $span in
		[[ $span == 1ms ]] && wanted=4 || wanted=3
		equal "$span at the ends of time" "0 $wanted" "$status $(($(wc -l < out) - 1))"
		try timeout 20 dedupe -t t --time-unit ms --key k --within $span --watermark-delay 0 --stats in
		equal "$span at the ends of time, forgetting" "0 in=5" "$status $(ledger err in)"
		balanced "$span at the ends of time, forgetting" err
	done
	refuses "without a time" 64 'dedupe: --within: needs --time' dedupe --key k --within 1s in
	refuses "a delay without a span" 64 'dedupe: --watermark-delay: goes with --within' ms --key k --watermark-delay 1s in
	refuses "a bad time" 65 'dedupe: stdin:2: t: "x": *' ms --key k --within 1s < <(lines k,t a,x)
}

@test "watermark: old keys are forgotten, so memory stays bounded" {
	awk 'BEGIN { print "k,t"; for (i = 0; i < 50000; i++) print "k" i "," i * 10 }' > in
	refuses "without one they are kept" 71 'dedupe: more than 5000 keys: raise --max-keys, or forget by --within and --watermark-delay' \
		dedupe --key k --max-keys 5000 in
	refuses "a span alone forgets nothing" 71 'dedupe: more than 5000 keys: *' ms --key k --within 10s --max-keys 5000 in
	# 1000 keys in 10 s of span; buckets are a span long, and three are looked into
	try ms --key k --within 10s --watermark-delay 1s --max-keys 5000 --stats in
	equal "forgotten" "0 in=50000 out=50000" "$status $(ledger err in out)"
	refuses "just enough" 71 'dedupe: more than 999 keys: *' ms --key k --within 10s --watermark-delay 1s --max-keys 999 in
	equal "for ever, one key less than the bound" 0 "$(dedupe --key k --max-keys 50000 in > out; echo $?)"
	refuses "and one more" 71 'dedupe: more than 49999 keys: *' dedupe --key k --max-keys 49999 in
}

@test "watermark: what came too late to be checked is late, nothing else" {
	lines k,t a,1000 b,899 c,900 a,950 > in
	try ms --key k --within 1s --watermark-delay 100ms --late late --duplicates dups --stats in
	equal "rows" $'k,t\na,1000\nc,900' "$(< out)"
	equal "late" '{"file":"in","line":3,"reason":"late: what it may repeat is forgotten","raw":"b,899"}' "$(< late)"
	equal "duplicates" '{"file":"in","line":5,"reason":"duplicate","raw":"a,950"}' "$(< dups)"
	equal "ledger" "in=4 out=2 late=1 duplicate=1" "$(ledger err in out late duplicate)"
	balanced "late" err
	try ms --key k --within 1s --watermark-delay 100ms --allowed-lateness 1ms --stats in
	equal "allowed lateness" "out=3 late=0" "$(ledger err out late)"
	# a key must be remembered as long as a record that is not late may ask for it
	for gap in 1 500 999; do
		lines k,t "a,$((2000 - gap))" b,2099 "a,2000" > in
		try ms --key k --within 1s --watermark-delay 99ms --stats in
		equal "$gap ms before" "out=2 duplicate=1 late=0" "$(ledger err out duplicate late)"
	done
}

@test "side outputs and ledger" {
	lines id,t 1,a 1,b 2,c,d 1,e '2,"f
g"' '2,"f
g"' > in
	try dedupe --key id --duplicates dups --rejects rejects --stats in
	equal "rows" $'id,t\n1,a\n2,"f\ng"' "$(< out)"
	equal "duplicates" '{"file":"in","line":3,"reason":"duplicate","raw":"1,b"}
{"file":"in","line":5,"reason":"duplicate","raw":"1,e"}
{"file":"in","line":8,"reason":"duplicate","raw":"2,\"f\ng\""}' "$(< dups)"
	equal "rejects" '{"file":"in","line":4,"reason":"3 fields, header has 2","raw":"2,c,d"}' "$(< rejects)"
	equal "ledger" "in=6 out=2 late=0 duplicate=3 rejected=1 filtered=0" "$(ledger err in out late duplicate rejected filtered)"
	try dedupe --key id --rejects rejects --stats-file stats in
	grep -q '^weir_records_total{tool="dedupe",kind="duplicate"} 3$' stats || failed "--stats-file" "$(< stats)"
}

@test "several inputs: one header, which all must have" {
	lines k,v a,1 b,2 > one
	lines k,v b,3 c,4 > two
	lines v,k 5,d > other
	gives "as one" $'k,v\na,1\nb,2\nc,4' dedupe --key k one two
	gives "and stdin" $'k,v\na,1\nb,2\nc,4' dedupe --key k one - < two
	printf '\xef\xbb\xbfk,v\r\nz,9\r\n' > dos
	gives "of another system" $'k,v\na,1\nb,2\nz,9' dedupe --key k one dos
	gives "empty files have none" $'k,v\na,1\nb,2\nc,4' dedupe --key k /dev/null one /dev/null two
	refuses "another header" 65 'dedupe: other: its columns differ from those of the input before it' dedupe --key k one other
	lines '{"k":"a"}' > json
	refuses "another format" 65 'dedupe: json: it has another format than the input before it' dedupe --key k one json
	refuses "the other way round" 65 'dedupe: one: it has another format than the input before it' dedupe --key k json one
	lines '#!weir stream format=csv' '#!weir columns k,v' a,7 > stream
	refuses "a controlled one" 65 'dedupe: stream: it has another format than the input before it' dedupe --key k one stream
	refuses "among plain ones" 65 'dedupe: one: it has another format than the input before it' dedupe --key k stream one
	refuses "one delay for all" 64 'dedupe: --watermark-delay: takes one input; *' dedupe --key k -t v --within 1s --watermark-delay 1s one two
}

@test "formats: CSV, TSV, NDJSON, gzip" {
	gives "NDJSON by path, as it stood" $'{"a":{"id":1},"x":1.0}\n{"x":2,"a":{"id":2}}' dedupe --key .a.id \
		< <(lines '{"a":{"id":1},"x":1.0}' '{ "a":{"id":1} }' '{"x":2,"a":{"id":2}}')
	gives "number and text of one look are one key" '{"id":1}' dedupe --key id < <(lines '{"id":1}' '{"id":"1"}')
	gives "TSV" $'k\tv\na\\t\t1' dedupe --key k < <(lines $'k\tv' $'a\\t\t1' $'a\\t\t2')
	lines k,v a,1 a,2 > in
	gzip -c in > in.gz
	gives "gzip" $'k,v\na,1' dedupe --key k in.gz
	gives "gzip after plain" $'k,v\na,1' dedupe --key k in in.gz
	gives "no header" $'a,1\nb,1' dedupe --no-header --key @1 < <(lines a,1 a,2 b,1)
}

@test "changes are refused unless the key holds _pos" {
	lines _op,k,_pos +I,a,1 -D,a,2 -D,a,2 > in
	refuses "by key" 65 'dedupe: in:2: changes (_op) repeat their keys by nature: put _pos into --key' dedupe --key k in
	refuses "whole records too" 65 'dedupe: in:2: changes (_op)*' dedupe in
	gives "with it" $'_op,k,_pos\n+I,a,1\n-D,a,2' dedupe --key _pos in
	gives "and more" $'_op,k,_pos\n+I,a,1\n-D,a,2' dedupe --key k,_pos in
}

@test "controlled streams: control lines go on, their watermarks count" {
	lines '#!weir stream format=csv' '#!weir columns k,t' a,100 a,105 '#!weir watermark t=199' b,150 a,250 '#!weir columns t,k' 260,a 270,c > in
	try ms --key k --within 20ms --late late --stats in
	equal "rows" '#!weir stream format=csv
#!weir columns k,t
a,100
#!weir watermark t=199
a,250
#!weir columns t,k
270,c' "$(< out)"
	equal "ledger" "in=6 out=3 late=1 duplicate=2" "$(ledger err in out late duplicate)"
	refuses "one that is not known" 78 'dedupe: stdin: control line "nonsense" is not for this tool' dedupe --key k \
		< <(lines '#!weir stream format=csv' '#!weir columns k' '#!weir nonsense')
	try bash -o pipefail -c "dedupe --key k in | window-agg -t t --time-unit ms -w 50ms -g k -m 'n=count()' --time-format epoch-ms"
	equal "into window-agg, where 150 is late" $'100,150,a,1\n250,300,c,1' "$(grep -v '^#' out)"
}

@test "live: what is first goes on at once" {
	mkfifo in
	exec 5<> in
	dedupe --key k < in > out 2> err 5>&- &
	pid=$!
	lines k,v a,1 a,2 >&5
	until_true grep -q '^a,1' out
	lines b,1 >&5
	until_true grep -q '^b,1' out
	exec 5>&-
	wait "$pid"
	equal "all" $'k,v\na,1\nb,1' "$(< out)"
}
