# SPDX-License-Identifier: MIT
# cdc-tail of two exports: what has become of a table between them.

load ../lib
load cases

export_of() {   # file line...
	printf '%s\n' id,item,price "${@:2}" > "$1"
}

capture() {     # old new option...
	cdc-tail "diff:$1,$2" --key id --resume-from log "${@:3}" | event-log append log
	local status=("${PIPESTATUS[@]}")

	((status[0] == 0 && status[1] == 0)) || failed "capture $2" "status ${status[*]}"
}

has() {         # name line...
	event-log cat log | sed 's/^\([^,]*\),[^,]*,[^,]*/\1/' | cmp - <(printf '%s\n' "${@:2}") || failed "$1" "$(event-log cat log)"
}

@test "from export to export: each change once, in one epoch" {
	export_of 1.csv 1,a,1.5 2,b,2 3,c,3
	export_of 2.csv 4,d,4 2,b,2.5 1,a,1.5
	export_of 3.csv 2,,2.5 4,d,4 1,a,1.5
	gzip -k 2.csv
	capture /dev/null 1.csv
	has "all of the first" _op,id,item,price +I,1,a,1.5 +I,2,b,2 +I,3,c,3
	capture 1.csv 2.csv
	has "the second" _op,id,item,price +I,1,a,1.5 +I,2,b,2 +I,3,c,3 +I,4,d,4 -U,2,b,2 +U,2,b,2.5 -D,3,c,3
	capture 1.csv 2.csv
	capture 2.csv 2.csv.gz
	capture 2.csv.gz 3.csv
	has "once" _op,id,item,price +I,1,a,1.5 +I,2,b,2 +I,3,c,3 +I,4,d,4 -U,2,b,2 +U,2,b,2.5 -D,3,c,3 -U,2,b,2.5 +U,2,,2.5
	[[ -z $(event-log cat log | cut -d , -f 1,3 | sort | uniq -d) ]] || failed "places" "$(event-log cat log)"
}

@test "an export that was left out is told" {
	export_of 1.csv 1,a,1
	export_of 2.csv 2,b,2
	export_of 3.csv 3,c,3
	capture /dev/null 1.csv
	refuses "left out" 78 'cdc-tail: 2.csv: it is not the export that the sink was fed last: changes in between are lost*' \
		cdc-tail diff:2.csv,3.csv --key id --resume-from log
	capture 2.csv 3.csv --on-gap continue 2> err
	grep -q 'are lost' err || failed "said" "$(cat err)"
	has "goes on" _op,id,item,price +I,1,a,1 +I,3,c,3 -D,2,b,2
}

@test "keys of several columns, other orders of columns, what is asked for" {
	printf '%s\n' 'b,a,v' 'x,"1,1",o' 'y,1,p' > 1.csv
	printf '%s\n' 'a,b,v' '"1,1",x,O' '1,y,p' '2,x,q' > 2.csv
	cdc-tail diff:1.csv,2.csv --key a,b --snapshot never --columns v,a -o ndjson --where 'v != "q"' | sed 's/"_ts":null,"_pos":"[^"]*",//' > out
	cmp out <(printf '%s\n' '{"_op":"-U","v":"o","a":"1,1"}' '{"_op":"+U","v":"O","a":"1,1"}') || failed "rows" "$(cat out)"
	cdc-tail diff:1.csv,2.csv --key a,b --snapshot never -o debezium | head -n 1 | grep -q '"source":{.*"table":"2",' || failed "table"
}

@test "what cannot be compared is refused" {
	export_of 1.csv 1,a,1
	printf '%s\n' id,item 1,a > less.csv
	export_of twice.csv 1,a,1 1,b,2
	export_of bad.csv 1,a
	echo '{"id":1}' > x.json
	refuses "one file" 64 'cdc-tail: diff: two files, with a comma between*' cdc-tail diff:1.csv --key id
	refuses "no key" 64 'cdc-tail: --key: which columns*' cdc-tail diff:1.csv,1.csv
	refuses "no such key" 78 'cdc-tail: --key: 1.csv has no column "x"' cdc-tail diff:1.csv,1.csv --key x
	refuses "no such file" 74 'cdc-tail: none.csv: No such file or directory' cdc-tail diff:none.csv,1.csv --key id
	refuses "a column less" 78 'cdc-tail: less.csv: it has no column "price", 1.csv has one' cdc-tail diff:less.csv,1.csv --key id --snapshot never
	refuses "a key twice" 65 'cdc-tail: twice.csv:3: the key of this row is that of another one*' cdc-tail diff:1.csv,twice.csv --key id --checked
	refuses "a bad row" 65 'cdc-tail: bad.csv:2: *' cdc-tail diff:1.csv,bad.csv --key id --checked
	refuses "no CSV" 78 'cdc-tail: x.json: an export to be compared is CSV or TSV with a header' cdc-tail diff:1.csv,x.json --key id
}

@test "exports of 100,000 rows: the log says what the last one says" {
	awk 'BEGIN { srand(1); print "id,v"; for (i = 0; i < 100000; i++) print i "," int(rand() * 1000) }' > 1.csv
	awk -F, 'BEGIN { srand(2) } NR == 1 || rand() < 0.9 { if (NR > 1 && rand() < 0.1) $2++; print $1 "," $2 } END { for (i = 0; i < 5000; i++) print 200000 + i ",7" }' 1.csv > 2.csv
	sed -i 's/^id,1$/id,v/' 2.csv
	cdc-tail diff:/dev/null,1.csv --key id --resume-from log | event-log append log
	cdc-tail diff:1.csv,2.csv --key id --resume-from log | event-log append log
	event-log cat log | awk -F, 'NR > 1 { if (/^\+/) have[$4] = $5; else { if (have[$4] != $5) exit 1; delete have[$4] } } END { for (id in have) print id "," have[id] }' | sort > applied
	tail -n +2 2.csv | sort | cmp - applied || failed "applied"
}
