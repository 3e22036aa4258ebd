# SPDX-License-Identifier: MIT
# The change formats of others into a view: inserts, updates and deletes sum up to what the table holds.

load ../lib
load cases

lines() {
	printf '%s\n' "$@"
}

# The table at the end: 1 paid 10.50 and became 12.25, 2 went, 3 moved from a to b, 4 stays.
RIGHT='{"k":"a","n":2,"s":16.25,"m":12.25}
{"k":"b","n":1,"s":7,"m":7}'

VIEW=(window-agg --retract -w none -g k -m 'n=count()' -m 's=sum(v)' -m 'm=max(v)')

debezium() {
	lines '{"before":null,"after":{"id":1,"k":"a","v":10.50},"op":"c","ts_ms":1,"source":{"table":"t"}}' \
		'{"before":null,"after":{"id":2,"k":"b","v":1},"op":"r"}' \
		'{"before":null,"after":{"id":3,"k":"a","v":7},"op":"c"}' \
		'{"before":null,"after":{"id":4,"k":"a","v":4},"op":"c"}' \
		'{"before":{"id":1,"k":"a","v":10.50},"after":{"id":1,"k":"a","v":12.25},"op":"u"}' \
		'{"before":{"id":3,"k":"a","v":7},"after":{"id":3,"k":"b","v":7},"op":"u"}' \
		'{"before":{"id":2,"k":"b","v":1},"after":null,"op":"d"}' null
}

maxwell() {
	lines '{"database":"d","table":"t","type":"insert","ts":1700000000,"xid":1,"data":{"id":1,"k":"a","v":10.50}}' \
		'{"database":"d","table":"t","type":"bootstrap-start","ts":1700000000,"data":{}}' \
		'{"database":"d","table":"t","type":"bootstrap-insert","ts":1700000000,"data":{"id":2,"k":"b","v":1}}' \
		'{"database":"d","table":"t","type":"insert","ts":1700000000,"data":{"id":3,"k":"a","v":7}}' \
		'{"database":"d","table":"t","type":"insert","ts":1700000000,"data":{"id":4,"k":"a","v":4}}' \
		'{"database":"d","table":"t","type":"update","ts":1700000000,"data":{"id":1,"k":"a","v":12.25},"old":{"v":10.50}}' \
		'{"database":"d","table":"t","type":"update","ts":1700000000,"data":{"id":3,"k":"b","v":7},"old":{"k":"a"}}' \
		'{"database":"d","table":"t","type":"delete","ts":1700000000,"data":{"id":2,"k":"b","v":1}}'
}

canal() {
	lines '{"type":"INSERT","table":"t","es":1700000000000,"isDdl":false,"data":[{"id":"1","k":"a","v":"10.50"},{"id":"2","k":"b","v":"1"}],"old":null}' \
		'{"type":"INSERT","table":"t","es":1700000000000,"isDdl":false,"data":[{"id":"3","k":"a","v":"7"},{"id":"4","k":"a","v":"4"}],"old":null}' \
		'{"type":"ALTER","table":"t","isDdl":true,"sql":"ALTER TABLE t ADD x INT","data":null,"old":null}' \
		'{"type":"UPDATE","table":"t","es":1700000000000,"isDdl":false,"data":[{"id":"1","k":"a","v":"12.25"},{"id":"3","k":"b","v":"7"}],"old":[{"v":"10.50"},{"k":"a"}]}' \
		'{"type":"DELETE","table":"t","es":1700000000000,"isDdl":false,"data":[{"id":"2","k":"b","v":"1"}],"old":null}'
}

column() {      # id k v -- as wal2json (version 2) has a row
	printf '[{"name":"id","type":"integer","value":%s},{"name":"k","type":"text","value":"%s"},{"name":"v","type":"numeric","value":%s}]' "$@"
}

wal2json() {
	lines '{"action":"B"}' \
		"{\"action\":\"I\",\"schema\":\"public\",\"table\":\"t\",\"columns\":$(column 1 a 10.50)}" \
		"{\"action\":\"I\",\"schema\":\"public\",\"table\":\"t\",\"columns\":$(column 2 b 1)}" \
		"{\"action\":\"I\",\"schema\":\"public\",\"table\":\"t\",\"columns\":$(column 3 a 7)}" \
		"{\"action\":\"I\",\"schema\":\"public\",\"table\":\"t\",\"columns\":$(column 4 a 4)}" \
		"{\"action\":\"U\",\"schema\":\"public\",\"table\":\"t\",\"columns\":$(column 1 a 12.25),\"identity\":$(column 1 a 10.50)}" \
		"{\"action\":\"U\",\"schema\":\"public\",\"table\":\"t\",\"columns\":$(column 3 b 7),\"identity\":$(column 3 a 7)}" \
		"{\"action\":\"D\",\"schema\":\"public\",\"table\":\"t\",\"identity\":$(column 2 b 1)}" '{"action":"C"}'
}

@test "envelopes: insert, update and delete sum up, in one pass and merged" {
	for format in debezium maxwell canal wal2json; do
		$format > in
		gives "$format" "$RIGHT" "${VIEW[@]}" -i $format in
		gives "$format by two threads" "$RIGHT" "${VIEW[@]}" -i $format -j 2 in
		split -l 3 in part.$format.
		for part in "part.$format".*; do
			"${VIEW[@]}" -i $format -e partial "$part"
		done > partials
		gives "$format in pieces" "$RIGHT" merge-views -o ndjson < partials
		gives "$format, last change first" "$RIGHT" bash -c '"$@" < <(tac in)' - "${VIEW[@]}" -i $format
	done
	debezium | sed '/^null/!s/.*/{"schema":{},"payload":&}/' > in
	gives "debezium with schema" "$RIGHT" "${VIEW[@]}" -i debezium in
}

@test "envelopes: an update counts as two changes" {
	debezium > in
	try "${VIEW[@]}" -i debezium --stats in
	equal "ledger" "in=9 out=9" "$(ledger err in out)"
	balanced "debezium" err
}

@test "envelopes: columns made of what stands around" {
	lines '{"database":"d","table":"x","type":"insert","ts":1700000000,"data":{"v":1}}' '{"database":"d","table":"y","type":"insert","ts":1700000060,"data":{"v":2}}' > in
	gives "_table and _ts" $'{"window_start":1699999980000,"window_end":1700000040000,"t":"x","s":1}\n{"window_start":1700000040000,"window_end":1700000100000,"t":"y","s":2}' \
		window-agg -i maxwell --retract -t _ts -w 1m -g 't = _table' -m 's=sum(v)' --time-format epoch-ms in
}

@test "envelopes: an append view takes none" {
	for format in debezium maxwell canal wal2json; do
		$format > in
		try window-agg -w none -g k -m 'n=count()' -i $format in
		[[ $status -eq 65 && $(< err) == "window-agg: in:"*": _op: \"+I\": the view takes no changes: state retract in its definition" ]] ||
			failed "$format" "status $status: $(< err)"
	done
}

@test "envelopes: a missing before image is refused, with what turns it on" {
	while IFS='|' read -r format advice record; do
		refuses "$format: $record" 65 "window-agg: stdin:1: *$advice*" "${VIEW[@]}" -i "$format" <<< "$record"
	done <<- 'EOT'
	debezium|REPLICA IDENTITY FULL|{"before":null,"after":{"id":1,"k":"a","v":2},"op":"u"}
	debezium|binlog_row_image=FULL|{"before":{"id":1},"after":{"id":1,"k":"a","v":2},"op":"u"}
	debezium|REPLICA IDENTITY FULL|{"before":{"id":1,"k":null,"v":null,"x":null},"after":null,"op":"d","source":{"connector":"postgresql"}}
	debezium|REPLICA IDENTITY FULL|{"before":null,"after":null,"op":"d"}
	debezium|REPLICA IDENTITY FULL|{"before":{"id":1,"k":"a","v":"__debezium_unavailable_value"},"after":{"id":1,"k":"a","v":2},"op":"u"}
	maxwell|binlog_row_image=FULL|{"database":"d","table":"t","type":"update","ts":1,"data":{"id":1,"k":"a","v":2}}
	maxwell|binlog_row_image=FULL|{"database":"d","table":"t","type":"delete","ts":1,"data":{"id":1}}
	canal|binlog_row_image=FULL|{"type":"UPDATE","table":"t","es":1,"isDdl":false,"data":[{"id":"1","k":"a","v":"2"}],"old":null}
	canal|binlog_row_image=FULL|{"type":"DELETE","table":"t","es":1,"isDdl":false,"data":[{"id":"1"}],"old":null}
	wal2json|REPLICA IDENTITY FULL|{"action":"U","table":"t","columns":[{"name":"id","value":1},{"name":"k","value":"a"},{"name":"v","value":2}],"identity":[{"name":"id","value":1}]}
	wal2json|REPLICA IDENTITY FULL|{"action":"D","table":"t","identity":[{"name":"id","value":1}]}
	EOT
}

@test "envelopes: what cannot be taken back and what is no envelope is refused" {
	while IFS='|' read -r format reason record; do
		refuses "$format: $record" 65 "window-agg: stdin:1: *$reason*" "${VIEW[@]}" -i "$format" <<< "$record"
	done <<- 'EOT'
	debezium|truncate cannot be taken back|{"op":"t","before":null,"after":null}
	debezium|unknown Debezium op|{"op":"z","before":null,"after":{}}
	debezium|not a Debezium envelope|{"id":1,"k":"a"}
	maxwell|not a Maxwell envelope|{"id":1}
	maxwell|unknown Maxwell type|{"type":"what","table":"t","ts":1,"data":{"k":"a"}}
	canal|truncate cannot be taken back|{"type":"TRUNCATE","isDdl":true,"data":null}
	canal|not a Canal message|{"id":1}
	wal2json|truncate cannot be taken back|{"action":"T","table":"t"}
	wal2json|not a wal2json record|{"id":1}
	debezium|JSON|{"op":"c"
	EOT
}

@test "envelopes: bad ones among good ones are set aside whole" {
	debezium > in
	sed -i '2i {"before":null,"after":{"id":9,"k":"a","v":2},"op":"u"}' in
	try "${VIEW[@]}" -i debezium --rejects rejects --stats in
	equal "the others" "$RIGHT" "$(< out)"
	equal "one rejected" "in=10 out=9 rejected=1" "$(ledger err in out rejected)"
	equal "as it stood" '{"file":"in","line":2,' "$(head -c 22 rejects)"
}

@test "envelopes: dedupe takes them by their position" {
	lines '{"type":"insert","table":"t","ts":1,"position":"b.1:10","data":{"id":1,"k":"a"}}' '{"type":"insert","table":"t","ts":1,"position":"b.1:20","data":{"id":1,"k":"a"}}' > in
	refuses "by key" 65 'dedupe: in:1: changes (_op) repeat their keys by nature: put _pos into --key' dedupe -i maxwell --key id in
	gives "sent twice" "$(cat in)" dedupe -i maxwell --key _pos in in
}
