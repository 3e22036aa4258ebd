# SPDX-License-Identifier: MIT
# through: any filter of one line after another takes part in a checked stream, and none can break it.
# Commands are scripts in quotes, and inputs are looked at while they are read:
# shellcheck disable=SC2016,SC2094

load ../lib
load ../battery
load cases
load checked

lines() {
	printf '%s\n' "$@"
}

# A checked stream of the epochs given, lines parted by blanks, "" for none; the last one ends by `stop`.
epochs() {      # columns epoch...
	local e=0 last=$(($# - 1)) kind=barrier

	echo '#!weir resume run=abc epoch=0 erun=- pos= source=s log=l format=csv cfg=0a1b2c3d'
	[[ -z $1 ]] || echo "#!weir columns $1"
	for epoch in "${@:2}"; do
		((++e < last)) || kind=stop
		# shellcheck disable=SC2086 # lines are words
		[[ -z $epoch ]] || lines $epoch
		echo "#!weir $kind run=abc epoch=$e pos=$e committed=0"
	done
}

stream() {      # columns epoch...
	epochs "$@" | checked
}

# A stream without what changes from stage to stage: sums and lineage.
plain() {
	sed -E 's/ (n|crc|cfg)=[^ ]*//g; s/ (edge|committed)=0//' "$@"
}

# What goes in comes out as it should: its barriers add up, for another stage takes it.
passes() {      # name wanted-stream command...
	try bash -o pipefail -c '"$@" | through -- cat' - "${@:3}"
	[[ $status -eq 0 && ! -s err ]] || failed "$1" "status $status, $(head -c 500 err)"
	equal "$1" "$(plain <<< "$2")" "$(plain out)"
}

@test "through: conventions of the command line" {
	lines id,name 1,a '2,"b,c"' 3,d > sample.csv
	BATTERY_SKIP=no_memory battery through "$PWD/sample.csv" -- cat
}

# As the battery's, but the command has its own memory to lose.
@test "out of memory: status 71, and what was written is a beginning" {
	local n

	is_plain_build || skip "needs the build without sanitizers"
	stream a,b 1,2 3,4 > in
	through -- env -u LD_PRELOAD cat < in > right
	for ((n = 1; n < 5000; n += 1 + n / 50)); do
		rm -f mark
		FAIL_MALLOC=$n FAIL_MALLOC_MARK=$PWD/mark try shim failmalloc through -- env -u LD_PRELOAD cat < in
		head -c "$(wc -c < out)" right | cmp -s - out || failed "allocation $n" "$(< out)"
		[[ $status == 0 || $status == 75 || $(tail -n 1 err) == *memory* ]] || failed "allocation $n" "$status $(< err)"
		[[ -e mark ]] || break
	done
	((n > 1))
}

@test "the command stands behind --" {
	refuses "nothing" 64 'through: the command stands behind --, *' through
	refuses "no --" 64 'through: the command stands behind --, *' through cat
	refuses "nothing behind it" 64 'through: the command stands behind --, *' through --
	refuses "something before it" 64 'through: the command stands behind --, *' through cat -- cat
	lines a -1 > in
	gives "its options are its own" $'a\n-1' through -- cat -u < in
	gives "and its --" $'a\n-1' through -- cat -- < in
	refuses "not there" 78 'through: ./nosuch: No such file or directory' through -- ./nosuch < in
	for list in '' 256 -1 a '0,' ',0' '0,,1' '0 1'; do
		refuses "--ok '$list'" 64 'through: --ok: *: not a list of exit statuses, as in 0,1' through --ok "$list" -- cat < in
	done
}

@test "plain: the command runs once, over everything, and the status is its own" {
	lines a,b 1,x 2,y > in
	gives "a filter" $'a,b\n2,y' through -- grep -v x < in
	gives "that ends early" 'a,b' through -- head -n 1 < in
	gives "without a final newline" $'a,b\n1,x' through -- sh -c 'head -n 2 | tr -d "\n" | sed "s/b/b\n/"' < in
	refuses "status" 3 'through: sh: exit status 3' through -- sh -c 'cat > /dev/null; exit 3' < in
	gives "that is fine" 'a,b' through --ok 0,3 -- sh -c 'head -n 1; exit 3' < in
	refuses "that is not, for 0 is not in the list" 75 'through: cat: exit status 0' through --ok 3 -- cat < in
	refuses "signal" 137 'through: sh: killed by signal 9' through --header none -- sh -c 'kill -9 $$' < in
	gives "no data" a,b through -- cat < <(echo a,b)
	gives "nothing at all" '' through -- sh -c 'echo started' < /dev/null
	gives "NDJSON" '{"a":2}' through -- grep 2 < <(lines '{"a":1}' '{"a":2}')
	gives "no header" $'2,y\n1,x' through --no-header -- sort -r < <(tail -n +2 in)
	gives "CRLF is for readers" $'a,b\n1,x' through -- head -n 2 < <(sed 's/$/\r/' in)
	refuses "a ragged record" 65 'through: stdin:3: 3 fields, header has 2' through -- cat < <(lines a,b 1,2 1,2,3)
	try through --stats -- grep -v x < in
	equal "ledger" "in=2 out=2 rows=1" "$(ledger err in out rows)"
}

@test "headers: the same, a new one, none" {
	lines a,b 1,x 2,y > in
	refuses "it was dropped" 65 'through: grep: the first line that came back is not the header that went in, but "2,y"; --header new *' through -- grep 2 < in
	refuses "nothing came back" 65 'through: true: no header came back; --header new *' through -- true < in
	refuses "a part of it" 65 'through: sh: the first line that came back is not the header *"a"; *' through -- sh -c 'cat > /dev/null; echo a' < in
	refuses "more than it" 65 'through: sed: the first line that came back is not the header *' through -- sed s/b/bc/ < in
	refuses "an empty line" 65 'through: sed: an empty line came back in place of a header; *' through --header new -- sed 's/.*//' < in
	gives "new" $'b,c\n1,x\n2,y' through --header new -- sed 1s/.*/b,c/ < in
	gives "new, with CR" $'b,c\n1,x\r\n2,y\r' through --header new -- sed '1s/.*/b,c/; s/$/\r/' < in
	gives "none" $'a,b\n2,y' through --header none -- grep 2 < in
	gives "none, and nothing" 'a,b' through --header none --ok 1 -- grep 3 < in
	lines '"a' 'b",c' 1,x '"2' '3",y' > in
	gives "of two lines" "$(< in)" through -- cat < in
	gives "a new one of two lines" $'"a\nB",c\n1,x\n"2\n3",y' through --header new -- sed 's/^b"/B"/' < in
	refuses "not closed" 65 'through: sed: the header that came back is not well quoted: *' through --header new -- sed '2,$s/"//g' < in
	lines a,b 1,2 '3,"4' '5"' > in
	gives "records of several lines" $'a,b\n3,"4\n5"' through -- sed 2d < in
}

@test "checked: data as a filter over everything, barriers that add up" {
	stream k,v 'a,1 bot,2' 'bot,3' '' 'b,4' > in
	passes "grep -v" '#!weir resume run=abc epoch=0 erun=- pos= source=s log=l format=csv
#!weir columns k,v
a,1
#!weir barrier run=abc epoch=1 pos=1
#!weir barrier run=abc epoch=2 pos=2
#!weir barrier run=abc epoch=3 pos=3
b,4
#!weir stop run=abc epoch=4 pos=4' through -- grep -v bot < in
	passes "nothing to do" "$(epochs k,v 'a,1 bot,2' 'bot,3' '' 'b,4')" through -- cat < in
	passes "awk" "$(epochs k,v 'A,1 BOT,2' 'BOT,3' '' 'B,4')" through -- awk 'NR > 1 { $0 = toupper($0) } 1' < in
	passes "data alone" "$(epochs k,v 'bot,2' 'bot,3' '' '')" through --header none --ok 0,1 -- grep bot < in
	try through -- cat < in
	sums() {
		sed -En 's/.*( n=[0-9]+)( .*)?( crc=[0-9a-f]+).*/\1\3/p' "$1"
	}
	equal "sums" "$(sums in)" "$(sums out)"
	passes "the end of the input" "$(epochs k,v a,1 | sed s/stop/end/)" through -- cat < <(epochs k,v a,1 | sed s/stop/end/ | checked)
	lines '#!weir resume run=abc epoch=0 erun=- pos= source= log= format=csv' '#!weir columns k' '#!weir barrier run=abc epoch=1 pos=9 edge=1 committed=1 t=-5 rejected=2' \
		'#!weir end run=abc epoch=2 pos=9' | checked > marks
	equal "what barriers say goes on" 'epoch=1 pos=9 n=0 crc=00000000 committed=1 edge=1 t=-5 rejected=2' \
		"$(through -- cat < marks | sed -n 's/^#!weir barrier run=abc //p')"
}

@test "checked: a command for each epoch that has data, and none for others" {
	stream k a b '' c > in
	try through -- sh -c 'echo >> started; cat' < in
	equal "started" "0 3" "$status $(wc -l < started)"
	rm started
	stream k '' '' > in
	try through -- sh -c 'echo >> started; cat' < in
	[[ $status == 0 && ! -e started ]] || failed "no data" "$(< err)"
}

@test "checked: nothing of an epoch counts whose command has not ended well" {
	stream k,v a,1 b,2 c,3 > in
	barriers() {
		grep -c '^#!weir \(barrier\|stop\)' out
	}
	refuses "status" 75 'through: awk: exit status 1: its epoch is not committed *' through -- awk '/b/ { exit 1 } 1' < in
	equal "status, barriers" 1 "$(barriers)"
	refuses "crash" 75 'through: sh: killed by signal 9: its epoch is not committed *' through -- sh -c 'grep -q c && kill -9 $$ || echo k,v' < in
	equal "crash, barriers" 2 "$(barriers)"
	try bash -o pipefail -c 'through -- sh -c "cat; exit 1" < in | through -- cat'
	[[ $status == 75 && $(tail -n 1 err) == *'it ends without stop or end: upstream has died'* ]] || failed "behind it" "$(< err)"
	equal "behind it, barriers" 0 "$(barriers)"
	refuses "no header" 65 'through: grep: no header came back; *' through --ok 0,1 -- grep nothing < in
	equal "no header, barriers" 0 "$(barriers)"
	refuses "not there" 78 'through: nosuch: No such file or directory' through -- nosuch < in
	head -n 5 in > begun
	refuses "upstream has died" 75 'through: stdin: it ends without stop or end: upstream has died; *' through -- cat < begun
	equal "upstream has died, barriers" 1 "$(barriers)"
	sed s/c,3/c,4/ in > changed
	refuses "a changed record" 65 'through: stdin:* the lines before barrier 3 are not those that were sent: *' through -- cat < changed
	equal "a changed record, barriers" 2 "$(barriers)"
}

@test "checked: headers become columns lines, only where they change" {
	stream k,v a,1 '' b,2 > in
	passes "new" '#!weir resume run=abc epoch=0 erun=- pos= source=s log=l format=csv
#!weir columns v,k%20k,x%2Cy
a,1,z
#!weir barrier run=abc epoch=1 pos=1
#!weir barrier run=abc epoch=2 pos=2
b,2,z
#!weir stop run=abc epoch=3 pos=3' through --header new -- sed '1s/.*/v,k k,"x,y"/; 2,$s/$/,z/' < in
	passes "by epoch" '#!weir resume run=abc epoch=0 erun=- pos= source=s log=l format=csv
#!weir columns a,v
a,1
#!weir barrier run=abc epoch=1 pos=1
#!weir barrier run=abc epoch=2 pos=2
#!weir columns b,v
b,2
#!weir stop run=abc epoch=3 pos=3' through --header new -- awk -F, -v OFS=, 'NR == 1 { next } { print $1, "v"; print }' < in
	{
		epochs k,v a,1 | sed 's/stop/barrier/'
		lines '#!weir columns v,k' 2,b '#!weir stop run=abc epoch=2 pos=2'
	} | checked > in
	passes "the source's own" "$(plain in)" through -- cat < in
	passes "the source's own, new" "$(plain in)" through --header new -- cat < in
	{
		epochs k,v a,1 | sed /stop/d
		lines '#!weir columns v,k' 2,b '#!weir stop run=abc epoch=1 pos=2'
	} | checked > in
	refuses "within an epoch" 65 'through: stdin: the columns change within an epoch' through -- cat < in
	{
		lines '#!weir resume run=abc epoch=0 erun=- pos= source= log= format=tsv' '#!weir columns a%09b,c' $'1\t2' '#!weir stop run=abc epoch=1 pos=1'
	} | checked > in
	passes "TSV" "$(plain in)" through --header new -- cat < in
	equal "TSV, what the command sees" $'a\\tb\tc' "$(through -- tee seen < in > /dev/null; head -n 1 seen)"
}

@test "checked: data that looks like control lines is data, in and out" {
	{
		lines '#!weir resume run=abc epoch=0 erun=- pos= source= log= format=csv' '#!weir columns k' '\#!weir end run=abc epoch=1' '\\#!weir stop' '"x' \
			'\#!weir barrier run=abc' 'y"' '\x' '#!wei' '#!weirs' '#!weir stop run=abc epoch=1 pos=1'
	} | sed 's/^#!weirs/\\&/' | checked > in
	passes "there and back" "$(plain in)" through -- cat < in
	try through -- tee seen < in
	equal "what the command sees" 'k
#!weir end run=abc epoch=1
\#!weir stop
"x
#!weir barrier run=abc
y"
\x
#!wei
#!weirs' "$(< seen)"
	stream k a > in
	passes "what the command makes up" "$(epochs k '\#!weir' | sed 's/^\\#!weir$/& end run=abc epoch=1 pos=1 n=0 crc=00000000/')" \
		through -- sh -c 'cat > /dev/null; echo k; printf "#!weir end run=abc epoch=1 pos=1 n=0 crc=00000000"' < in
	passes "in place of a header" "$(epochs '#!weir%20k' a | sed 's/^a/\\#!weir a/')" through --header new -- sed 's/^/#!weir /' < in
	lines '{"@weir":"resume","run":"abc","epoch":0,"erun":"-","pos":"","format":"ndjson"}' '{"a":1}' ' {"@weir":"end"}' '{"a":{"@weir":"end"}}' \
		'{"@weir":"stop","run":"abc","epoch":1,"pos":"1"}' | checked > in
	try bash -o pipefail -c 'through -- cat < in | through -- cat'
	equal "NDJSON" "0 $(sed 1d in)" "$status $(sed 1d out | sed 's/"committed":0,\?//; s/,}/}/; s/\("n":[0-9]*\),\("crc":"[^"]*"\)}/\1,\2}/')"
	try bash -o pipefail -c 'through -- sed "s/^ //" < in | through -- cat'
	[[ $status == 0 ]] && grep -q '^ {"@weir":"end"}$' out || failed "NDJSON made up" "$(< out) $(< err)"
}

@test "checked: watermark lines go behind the data of their epoch" {
	epochs k a b | sed 's/^a$/#!weir watermark t=1\n&\n#!weir watermark t=2/; s/^b$/#!weir watermark t=13\n&\n#!weir watermark t=23/' | checked > in
	equal "in" 4 "$(grep -c watermark in)"
	passes "behind" '#!weir resume run=abc epoch=0 erun=- pos= source=s log=l format=csv
#!weir columns k
a
#!weir watermark t=1
#!weir watermark t=2
#!weir barrier run=abc epoch=1 pos=1
b
#!weir watermark t=13
#!weir watermark t=23
#!weir stop run=abc epoch=2 pos=2' through -- cat < in
}

@test "controlled without barriers: columns and watermarks part the stream" {
	lines '#!weir stream format=csv' '#!weir columns k' a '#!weir watermark t=5' b '#!weir columns k,v' c,1 > in
	gives "as it was" "$(< in)" through -- cat < in
	gives "data alone" "$(grep -v '^b' in)" through --header none --ok 0,1 -- grep -v b < in
	try through -- sh -c 'echo >> started; cat' < in
	equal "started" 3 "$(wc -l < started)"
	refuses "a line that is not known" 78 'through: stdin: control line "view" is not for this tool' through -- cat < <(lines '#!weir stream format=csv' '#!weir view hash=1')
	refuses "a barrier" 78 'through: stdin: control line "barrier" is not for this tool' through -- cat < <(lines '#!weir stream' '#!weir barrier run=a epoch=1')
}

@test "lineage: command and options, and nothing else" {
	stream k a > in
	cfg() {
		through "$@" < in | sed -n 's/^#!weir resume .* cfg=//p'
	}
	one=$(cfg -- cat)
	equal "the same again" "$one" "$(cfg --max-record 1M -- cat)"
	for other in '-- cat -' '-- cat --' '--ok 0,1 -- cat' '--header none -- cat'; do
		# shellcheck disable=SC2086 # words
		[[ $(cfg $other) != "$one" && -n $(cfg $other) ]] || failed "$other" "$one"
	done
	[[ $(cfg -- sh -c 'cat' 'a b') != "$(cfg -- sh -c 'cat' a b)" ]] || failed "words" "are not told apart"
}

# More than pipes hold, both ways, whether the command answers line by line, at the end, or not at all.
@test "big epochs: neither side waits for the other" {
	{
		lines '#!weir resume run=abc epoch=0 erun=- pos= source= log= format=csv' '#!weir columns k'
		seq 2000000
		echo '#!weir stop run=abc epoch=1 pos=1 n=2000000 crc=b0c1ea5f'
	} > in
	crc=$(through -- cat < in 2>&1 > /dev/null | sed -n 's/.*: 2000000 lines, crc \([0-9a-f]*\); .*/\1/p')
	sed -i "\$s/crc=.*/crc=$crc/" in
	for command in cat 'sort -n' 'head -n 1' 'sed 2,$d'; do
		# shellcheck disable=SC2086 # words
		try timeout 60 through -- $command < in
		equal "$command" "0 $( (echo k; seq 2000000) | $command | tail -n +2 | cksum)" "$status $(grep -v '^#' out | cksum)"
	done
	try timeout 60 through --header none -- awk '{ print; print; print }' < in
	equal "three times" "0 6000000" "$status $(grep -vc '^#' out)"
}

@test "a line without end is no way to fill memory" {
	stream k a > in
	refuses "data" 65 'through: sh: a line that came back is longer than 1000 bytes (--max-record)' through --max-record 1000 -- \
		sh -c 'cat; head -c 100000000 /dev/zero' < in
	refuses "a header" 65 'through: sh: a line that came back is longer than 1000 bytes (--max-record)' through --header new --max-record 1000 -- \
		sh -c 'head -c 100000000 /dev/zero | tr "\0" x' < in
}

@test "the command holds nothing of ours but its own pipes" {
	stream k a > in
	try through --header none -- ls /proc/self/fd < in
	equal "descriptors" "$(ls /proc/self/fd)" "$(grep -v '^#' out)"
}

@test "checked: the first SIGTERM is for the source; a second ends it" {
	mkfifo in
	exec 5<> in
	through -- sh -c 'cat; kill -TERM $PPID $$' < in > out 2> err 5>&- &
	pid=$!
	epochs k a b | checked > stream
	head -n 4 stream >&5
	until_true grep -q '^#!weir barrier' out
	# the second one comes with the second epoch
	tail -n +5 stream >&5
	exec 5>&-
	status=0
	wait "$pid" || status=$?
	equal "status, barriers" '143 1' "$status $(grep -c '^#!weir barrier' out)"
}

@test "live: what comes goes on at once" {
	mkfifo in
	exec 5<> in
	through -- cat < in > out 2> err 5>&- &
	pid=$!
	lines k a >&5
	until_true grep -q '^a' out
	lines b >&5
	until_true grep -q '^b' out
	exec 5>&-
	wait "$pid"
	equal "all" $'k\na\nb' "$(< out)"
}
