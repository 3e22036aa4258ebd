# SPDX-License-Identifier: MIT
# Input as it comes: the right answer, or a clear error with file and line; never a crash, never silence.
# shellcheck disable=SC2016 # backticks are ours

load ../lib
load cases

SUM=(window-agg -w none -g k -m 'n=count()' -m 's=sum(v)')

bytes() {       # printf format -- everything as it stands
	# shellcheck disable=SC2059
	printf "$@"
}

# The rows of a view over what stands on stdin.
sums() {        # name wanted args...
	gives "window-agg: $1" "$2" "${SUM[@]}" "${@:3}"
}

@test "input: byte order mark, CR LF, blank lines, no last newline" {
	right=$'k,n,s\na,2,3\nb,1,5'
	bytes '\xef\xbb\xbfk,v\r\na,1\r\nb,5\r\na,2\r\n' > in
	sums "mark and CR LF" "$right" in
	gives "dedupe: mark and CR LF" $'k,v\na,1\nb,5' dedupe --key k in
	bytes '\n\r\n\nk,v\n\na,1\n\n\nb,5\n\r\na,2\n\n' > in
	sums "blank lines" "$right" in
	gives "dedupe: blank lines" $'k,v\na,1\nb,5\na,2' dedupe in
	bytes 'k,v\na,1\nb,5\na,2' > in
	sums "from a file" "$right" in
	sums "from a redirected file" "$right" < in
	refuses "from a pipe" 65 'window-agg: stdin:4: unterminated last line (accept with --accept-unterminated)' "${SUM[@]}" < <(cat in)
	refuses "dedupe: from a pipe" 65 'dedupe: stdin:4: unterminated last line (accept with --accept-unterminated)' dedupe < <(cat in)
	sums "from a pipe, accepted" "$right" --accept-unterminated < <(cat in)
	gives "dedupe: from a pipe, accepted" $'k,v\na,1\nb,5\na,2' dedupe --accept-unterminated < <(cat in)
	sums "a complete JSON object closes itself" $'{"k":"a","n":1,"s":1}' < <(bytes '{"k":"a","v":1}')
	refuses "half of one does not" 65 'window-agg: stdin:2: *' "${SUM[@]}" < <(bytes '{"k":"a","v":1}\n{"k":"a","v":')
	bytes '\xef\xbb\xbf{"k":"a","v":1}\r\n\r\n{"k":"a","v":2}\r\n' > in
	sums "NDJSON" $'{"k":"a","n":2,"s":3}' in
	bytes 'k,v\na,1\r' > in
	sums "CR at the very end" $'k,n,s\na,1,1' in
}

@test "input: quoted fields" {
	bytes 'k,v\n"a,b",1\n"c\nd","2"\n"e ""f""",3\n"",4\n"g\r\nh",5\n' > in
	sums "commas, newlines, doubled quotes" $'k,n,s\n,1,4\n"a,b",1,1\n"c\nd",1,2\n"e ""f""",1,3\n"g\r\nh",1,5' in
	gives "dedupe: as they stood" "$(cat in)" dedupe --key v in
	gives "quoted is the same as plain" $'k,v\n"a",1' dedupe --key k < <(bytes 'k,v\n"a",1\na,2\n')
	sums "in NDJSON" $'{"k":"c\\nd","n":1,"s":2}' -o ndjson --where 'v == 2' in
	gives "in the header" $'x\n1' window-agg -w none -m 'x=sum(`a,"b`)' < <(bytes '"a,""b",c\n1,2\n')
	bytes 'k,v\n"a\n\nb",x\n' > in
	refuses "lines are physical" 65 'window-agg: in:2: v: "x": not a number' "${SUM[@]}" in
	bytes 'k,v\n"a\n\nb",1\nc,x\n' > in
	refuses "lines are physical, behind it" 65 'window-agg: in:5: v: "x": not a number' "${SUM[@]}" in
	bytes 'k,v\na,1\n"b"c,2\nd"d,3\ne,4\n"f,5\ng,6\n' > in
	refuses "text behind the quote" 65 'window-agg: in:3: field 1: text behind the closing quote' "${SUM[@]}" in
	refuses "dedupe: text behind the quote" 65 'dedupe: in:3: field 1: text behind the closing quote' dedupe in
	try "${SUM[@]}" --rejects rejects --stats in
	equal "it goes on with the next line" $'k,n,s\na,1,1\ne,1,4\ng,1,6' "$(< out)"
	balanced "quotes" err
	equal "reasons" '{"file":"in","line":3,"reason":"field 1: text behind the closing quote","raw":"\"b\"c,2"}
{"file":"in","line":4,"reason":"field 1: quote inside the field","raw":"d\"d,3"}
{"file":"in","line":6,"reason":"field 1: quote not closed","raw":"\"f,5"}' "$(< rejects)"
}

@test "input: NUL and invalid UTF-8 are kept byte for byte" {
	bytes 'k,v\na\x00b,1\na\x00c,2\n\xff\xfe,3\na\x00b,4\n' > in
	"${SUM[@]}" in > out
	cmp out <(bytes 'k,n,s\na\x00b,2,5\na\x00c,1,2\n\xff\xfe,1,3\n') || failed "window-agg" "$(od -c out)"
	dedupe --key k in > out
	cmp out <(bytes 'k,v\na\x00b,1\na\x00c,2\n\xff\xfe,3\n') || failed "dedupe" "$(od -c out)"
	"${SUM[@]}" -e partial in | merge-views > out
	cmp out <(bytes 'k,n,s\na\x00b,2,5\na\x00c,1,2\n\xff\xfe,1,3\n') || failed "through partials" "$(od -c out)"
	bytes 'k,v\na,1\x00\nb,\xff\nc,3\n' > in
	try "${SUM[@]}" --rejects rejects --stats in
	equal "as a number they are bad" $'k,n,s\nc,1,3' "$(< out)"
	balanced "NUL" err
	equal "raw text" '{"raw":"a,1\u0000"}' "$(sed -n '1s/.*\("raw.*\)/{\1/p' rejects)"
	equal "raw bytes" '{"raw_b64":"Yiz/"}' "$(sed -n '2s/.*\("raw_b64.*\)/{\1/p' rejects)"
	equal "two of them" 2 "$(wc -l < rejects)"
	refuses "invalid UTF-8 in JSON" 65 'window-agg: stdin:1: JSON: *' "${SUM[@]}" < <(bytes '{"k":"\xff","v":1}\n')
}

@test "input: long records" {
	{ bytes 'k,v\na,1\n'; head -c 10M /dev/zero | tr '\0' x; bytes ',2\nb,3\n'; } > in
	refuses "10 MiB" 65 'window-agg: in:3: record longer than 1048576 bytes' "${SUM[@]}" in
	refuses "dedupe: 10 MiB" 65 'dedupe: in:3: record longer than 1048576 bytes' dedupe in
	try "${SUM[@]}" --rejects rejects --stats in
	equal "left out" $'k,n,s\na,1,1\nb,1,3' "$(< out)"
	balanced "left out" err
	[[ $(wc -c < rejects) -lt 1100000 ]] || failed "left out" "all of it is in the rejects"
	[[ $(wc -l < rejects) -eq 1 && $(head -c 100 rejects) == '{"file":"in","line":3,"reason":"record longer than 1048576 bytes","raw":"xxx'* ]] || failed "left out" "$(head -c 200 rejects)"
	"${SUM[@]}" --max-record 16M in > out || failed "taken" "status $?"
	cmp out <(echo k,n,s; echo a,1,1; echo b,1,3; head -c 10M /dev/zero | tr '\0' x; echo ,1,2) || failed "taken" "other output"
	dedupe --max-record 16M in | cmp - in || failed "dedupe: taken" "other output"
	"${SUM[@]}" --max-record 16M -e partial in | merge-views | cmp - out || failed "through partials" "other output"
	{ bytes 'k,v\n"'; head -c 10M /dev/zero | tr '\0' '\n'; bytes '",2\nb,3\n'; } > in
	refuses "10 MiB in quotes" 65 'window-agg: in:2: *' "${SUM[@]}" in
	dedupe --max-record 16M in | cmp - in || failed "dedupe: 10 MiB of newlines in quotes" "other output"
	bytes 'k,v\nabcdefgh,1\nabcdefghi,2\n' > in
	refuses "a limit of 10" 65 'window-agg: in:3: record longer than 10 bytes' "${SUM[@]}" --max-record 10 in
}

@test "input: ragged rows, missing and doubled columns" {
	bytes 'k,v\na,1\nb\nc,2,3\nd,4\n' > in
	refuses "too few" 65 'window-agg: in:3: 1 field, header has 2' "${SUM[@]}" in
	refuses "dedupe: too few" 65 'dedupe: in:3: 1 field, header has 2' dedupe --key k in
	try "${SUM[@]}" --rejects rejects --stats in
	equal "the others" $'k,n,s\na,1,1\nd,1,4' "$(< out)"
	equal "reasons" '{"file":"in","line":3,"reason":"1 field, header has 2","raw":"b"}
{"file":"in","line":4,"reason":"3 fields, header has 2","raw":"c,2,3"}' "$(< rejects)"
	balanced "ragged" err
	try dedupe --key k --rejects rejects --stats in
	equal "dedupe: the others" $'k,v\na,1\nd,4' "$(< out)"
	equal "dedupe: ledger" "in=4 out=2 rejected=2" "$(ledger err in out rejected)"
	try "${SUM[@]}" --on-bad skip --stats in
	equal "skipped and counted" "$(< out) in=4 out=2 rejected=2" "$(< out) $(ledger err in out rejected)"

	bytes 'k,w\na,1\nb,2\n' > in
	try "${SUM[@]}" in
	equal "a missing column is null" "0 "$'k,n,s\na,1,0\nb,1,0' "$status $(< out)"
	equal "and said once" 'window-agg: in: no column "v": it is null' "$(< err)"
	refuses "a missing time is an error" 65 'window-agg: in: no column "t", the view'\''s time' "${SUM[@]}" -t t -w 1m in
	refuses "a missing key is an error in dedupe" 65 'dedupe: in: no column "x"' dedupe --key k,x in
	bytes '{"a":1}\n' > in
	gives "in NDJSON it is null" '{"k":null,"n":1,"s":0}' "${SUM[@]}" in
	gives "of two columns of one name the first counts" $'k,n,s\na,1,1' "${SUM[@]}" < <(bytes 'k,v,v\na,1,2\n')
	gives "also in JSON" '{"k":"a","n":1,"s":1}' "${SUM[@]}" < <(bytes '{"k":"a","v":1,"v":2,"k":"b"}\n')
	gives "odd names" $'n\n1' window-agg -w none -m 'n=sum(`unit price`)' < <(bytes 'unit price\n1\n')
}

@test "input: header only, nothing at all" {
	gives "header only" 'k,n,s' "${SUM[@]}" < <(bytes 'k,v\n')
	gives "dedupe: header only" 'k,v' dedupe < <(bytes 'k,v\n')
	gives "nothing" 'k,n,s' "${SUM[@]}" < /dev/null
	gives "dedupe: nothing" '' dedupe --key k < /dev/null
	gives "blank lines" 'k,n,s' "${SUM[@]}" < <(bytes '\n\n')
	gives "only a mark" 'k,n,s' "${SUM[@]}" < <(bytes '\xef\xbb\xbf')
	gives "nothing as NDJSON" '' "${SUM[@]}" -i ndjson < /dev/null
	gives "an empty file among others" $'k,n,s\na,1,1' "${SUM[@]}" /dev/null <(bytes 'k,v\na,1\n') /dev/null
	gives "dedupe: an empty file among others" $'k,v\na,1\nb,2' dedupe /dev/null <(bytes 'k,v\na,1\n') /dev/null <(bytes 'k,v\nb,2\n')
	refuses "no such file" 74 'window-agg: nofile: No such file or directory' "${SUM[@]}" nofile
	refuses "dedupe: no such file" 74 'dedupe: nofile: No such file or directory' dedupe nofile
	refuses "a directory" 74 'window-agg: .: Is a directory' "${SUM[@]}" .
}

@test "input: --no-header with @N, TSV escapes, formats" {
	gives "@N" $'@1,s\na,3' window-agg --no-header -w none -g @1 -m 's=sum(@2)' < <(bytes 'a,1\na,2\n')
	gives "dedupe: @N" $'a,1\nb,1' dedupe --no-header --key @1 < <(bytes 'a,1\na,2\nb,1\n')
	gives "named keys" $'k,s\na,3' window-agg --no-header -w none -g 'k = @1' -m 's=sum(@2)' < <(bytes 'a,1\na,2\n')
	sums "TSV escapes" $'k\tn\ts\na\\tb\\n\\\\c\t2\t3' < <(bytes 'k\tv\na\\tb\\n\\\\c\t1\na\\tb\\n\\\\c\t2\n')
	sums "and in CSV" $'k,n,s\n"a\tb\n\\c",1,1' -o csv < <(bytes 'k\tv\na\\tb\\n\\\\c\t1\n')
	sums "quotes mean nothing in TSV" $'k\tn\ts\n"a\t1\t1' < <(bytes 'k\tv\n"a\t1\n')
	gives "dedupe: TSV" $'k\tv\na\\tb\t1' dedupe --key k < <(bytes 'k\tv\na\\tb\t1\na\\tb\t2\n')
	sums "a comma in the header makes it CSV" $'k,n,s\na\tb,1,1' < <(bytes 'k,v\na\tb,1\n')
	sums "unless told otherwise" $'k\tn\ts\na,b\t1\t1' -i tsv < <(bytes 'k\tv\na,b\t1\n')
	refuses "an unknown format" 64 'window-agg: --input: *' "${SUM[@]}" -i xml
}

@test "input: NDJSON: nesting, paths, kinds of values, damage" {
	bytes '{"a":{"b":[10,{"c":"x"}]},"v":1.50,"odd name":{"y":7}}\n{"v":"2","a":{"b":[20]}}\n{"v":null,"a":5}\n' > in
	gives "paths" $'{"k":null,"n":2,"s":20,"y":0}\n{"k":"x","n":1,"s":10,"y":7}' \
		window-agg -w none -g 'k = .a.b[1].c' -m 'n=count()' -m 's=sum(.a.b[0])' -m 'y=sum(.`odd name`.y)' in
	gives "numbers also as strings, null is nothing" '{"s":3.50,"c":2}' window-agg -w none -m 's=sum(v)' -m 'c=count(v)' in
	gives "dedupe by path" "$(sed -n 1,2p in)" dedupe --key '.a.b[0]' <(sed -n '1p;1,2p' in)
	gives "strings are unescaped" $'{"k":"a\\"\\\\\\n\xc3\xa9\xf0\x9f\x98\x80","n":2,"s":2}' \
		"${SUM[@]}" < <(bytes '{"k":"a\\"\\\\\\n\\u00e9\\ud83d\\ude00","v":1}\n{"k":"a\\u0022\\u005c\\u000a\xc3\xa9\xf0\x9f\x98\x80","v":1}\n')
	gives "objects and arrays as they stand" $'{"k":"{\\"x\\": [1, 2]}","n":1,"s":1}' "${SUM[@]}" < <(bytes '{"k":{"x": [1, 2]},"v":1}\n')
	for bad in '{"k":1' '{"k":1}}' '[1]' '{"k":01}' '{"k":+1}' '{k:1}' "{'k':1}" '{"k":1,}' '{"k":"\x"}' '{"k":"\ud800"}' '{"k":tru}' '{} {}' 'x' \
		'{"k":"a'$'\t''b"}'; do
		printf '{"k":"a","v":1}\n%s\n' "$bad" > in
		refuses "$bad" 65 'window-agg: in:2: JSON: * at byte *' "${SUM[@]}" in
		refuses "dedupe: $bad" 65 'dedupe: in:2: JSON: * at byte *' dedupe in
	done
	head -c 100000 /dev/zero | tr '\0' '[' > deep
	refuses "deep nesting" 65 'window-agg: stdin:1: JSON: *' "${SUM[@]}" < <(bytes '{"k":'; cat deep; echo)
}

@test "input: gzip, any layout of members" {
	bytes 'k,v\na,1\nb,5\na,2\n' > in
	right=$'k,n,s\na,2,3\nb,1,5'
	gzip -nc in > one.gz
	sums "one member" "$right" one.gz
	sums "from a pipe" "$right" < <(cat one.gz)
	gives "dedupe" "$(cat in)" dedupe one.gz
	head -c 7 in | gzip -nc > many.gz
	gzip -nc < /dev/null >> many.gz
	tail -c +8 in | gzip -nc >> many.gz
	sums "several, one of them empty" "$right" many.gz
	cat one.gz <(head -c 1000 /dev/zero) > zeros.gz
	sums "zeros behind it" "$right" zeros.gz
	gzip -nc < /dev/null > empty.gz
	sums "an empty one" 'k,n,s' empty.gz
	cat one.gz <(echo garbage) > garbage.gz
	refuses "garbage behind it" 65 'window-agg: garbage.gz: gzip: member *, byte *: garbage behind the end' "${SUM[@]}" garbage.gz
	size=$(wc -c < one.gz)
	for ((n = 3; n < size; n += 2)); do
		head -c "$n" one.gz > cut.gz
		refuses "cut after $n bytes" 65 "window-agg: cut.gz: gzip: member 1, byte *: unexpected end of file" "${SUM[@]}" cut.gz
	done
	seq 20000 | sed '1i v' > big
	gzip -nc big > big.gz
	cut=$(($(wc -c < big.gz) / 2))
	head -c "$cut" big.gz > cut.gz
	refuses "dedupe: cut" 65 "dedupe: cut.gz: gzip: member 1, byte $cut: unexpected end of file" dedupe cut.gz
	wanted=$(window-agg -w none -m 's=sum(v)' big)
	for ((n = 0; n < $(wc -c < big.gz); n += 997)); do
		flip big.gz "$n" 16 > flipped.gz
		try window-agg -w none -m 's=sum(v)' flipped.gz
		# seen by inflating, by the checksum, or before either by a value that makes no sense
		[[ $status -eq 65 && $(< err) == 'window-agg: flipped.gz:'* && $(< out) == s ]] ||
			[[ $status -eq 0 && $(< out) == "$wanted" ]] || failed "byte $n flipped" "status $status: $(< err) $(head -c 100 out)"
	done
	{ head -c -8 one.gz; printf '\0\0\0\0'; tail -c 4 one.gz; } > sum.gz
	refuses "a wrong checksum" 65 'window-agg: sum.gz: gzip: member 1, byte *: *' "${SUM[@]}" sum.gz
}

@test "input: side outputs hold what was left out, to the byte" {
	bytes 't,k\n1,a\nx,"b\n""c"""\n2,d\n3,\xc3\xa9\xff\n' > in
	try window-agg -t t -w 1s -g k -m 'n=count()' --time-unit s --rejects rejects --stats in
	equal "file, line, reason, raw" '{"file":"in","line":3,"reason":"t: \"x\": not a time (RFC 3339, YYYY-MM-DD HH:MM:SS or epoch)","raw":"x,\"b\n\"\"c\"\"\""}' "$(< rejects)"
	equal "ledger" "in=4 out=3 rejected=1" "$(ledger err in out rejected)"
	bytes 'x,\xc3\xa9\xff\n' > bad
	cat <(echo t,k) bad > in
	window-agg -t t -w 1s -m 'n=count()' --rejects rejects in > /dev/null
	cmp <(sed 's/.*"raw_b64":"\([^"]*\)".*/\1/' rejects | base64 -d) <(head -c -1 bad) || failed "raw_b64" "$(< rejects)"
	refuses "- is no side output" 73 'window-agg: -: *' window-agg -w none -m 'n=count()' --rejects - in
	refuses "one that cannot be made" 73 'window-agg: nodir/x: No such file or directory' window-agg -w none -m 'n=count()' --rejects nodir/x in
	refuses "a full one" 74 'window-agg: /dev/full: No space left on device' window-agg -t t -w 1s -m 'n=count()' --rejects /dev/full in
	refuses "dedupe: a full one" 74 'dedupe: /dev/full: No space left on device' dedupe -t t --rejects /dev/full in
}
