# SPDX-License-Identifier: MIT
# cdc-tail of the change messages of others: the flat changes that they mean, or a refusal.

load ../lib
load cases

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

lines() {
	printf '%s\n' "$@"
}

from() {        # format line... -- flat changes of table t
	lines "${@:2}" | cdc-tail - -i "$1" --table t -o ndjson
}

# Without what formats have no room for.
bare() {
	sed -E 's/"_ts":[^,]*,"_tx":[^,]*,"_pos":[^,]*,//'
}

RIGHT='{"_op":"+I","id":1,"k":"a \"b\"","v":10.50}
{"_op":"-U","id":1,"k":"a \"b\"","v":10.50}
{"_op":"+U","id":1,"k":"a \"b\"","v":null}
{"_op":"-D","id":1,"k":"a \"b\"","v":null}'

@test "each format says the same" {
	from debezium '{"before":null,"after":{"id":1,"k":"a \"b\"","v":10.50},"op":"c","source":{"table":"t"}}' \
		'{"schema":{},"payload":{"before":{"id":1,"k":"a \"b\"","v":10.50},"after":{"id":1,"k":"a \"b\"","v":null},"op":"u","source":{"table":"t"}}}' \
		'{"before":{"id":1,"k":"a \"b\"","v":null},"after":null,"op":"d","source":{"table":"t"}}' null | bare > debezium
	from maxwell '{"database":"d","table":"t","type":"insert","ts":1,"data":{"id":1,"k":"a \"b\"","v":10.50}}' \
		'{"database":"d","table":"other","type":"insert","ts":1,"data":{"x":1}}' \
		'{"database":"d","table":"t","type":"update","ts":1,"data":{"id":1,"k":"a \"b\"","v":null},"old":{"v":10.50}}' \
		'{"database":"d","table":"t","type":"delete","ts":1,"data":{"id":1,"k":"a \"b\"","v":null}}' | bare > maxwell
	from canal '{"type":"INSERT","table":"t","isDdl":false,"data":[{"id":"1","k":"a \"b\"","v":"10.50"}],"old":null}' \
		'{"type":"UPDATE","table":"t","isDdl":false,"data":[{"id":"1","k":"a \"b\"","v":null}],"old":[{"v":"10.50"}]}' \
		'{"type":"DELETE","table":"t","isDdl":false,"data":[{"id":"1","k":"a \"b\"","v":null}],"old":null}' | bare | sed -E 's/"(1|10\.50)"/\1/g' > canal
	from wal2json '{"action":"B"}' '{"action":"I","table":"t","columns":[{"name":"id","type":"int","value":1},{"name":"k","type":"text","value":"a \"b\""},{"name":"v","type":"numeric","value":10.50}]}' \
		'{"action":"U","table":"t","columns":[{"name":"id","type":"int","value":1},{"name":"v","type":"numeric","value":null}],"identity":[{"name":"id","type":"int","value":1},{"name":"k","type":"text","value":"a \"b\""},{"name":"v","type":"numeric","value":10.50}]}' \
		'{"action":"D","table":"t","identity":[{"name":"id","type":"int","value":1},{"name":"k","type":"text","value":"a \"b\""},{"name":"v","type":"numeric","value":null}]}' '{"action":"C"}' | bare > wal2json
	for format in debezium maxwell canal wal2json; do
		cmp "$format" <(lines "$RIGHT") || failed "$format" "$(cat $format)"
	done
}

@test "time, transaction and place; columns that come; several tables" {
	lines '{"before":null,"after":{"id":1},"op":"r","source":{"table":"t","ts_ms":1700000000123,"gtid":"0-1-5","row":2,"connector":"mariadb"}}' \
		'{"before":null,"after":{"x":true,"y":{"z":[1, null]}},"op":"c","source":{"table":"u","ts_ms":5,"file":"bin.1","pos":9,"row":0}}' \
		'{"before":null,"after":{"id":2,"new":"n"},"op":"c","source":{"table":"t"}}' > in
	cdc-tail - -i debezium < in > out
	cmp out <(lines '{"_op":"+I","_table":"t","_ts":1700000000123,"_tx":"0-1-5","_pos":"0-1-5:2","id":1}' '{"_op":"+I","_table":"u","_ts":5,"_tx":"","_pos":"bin.1:9:0","x":true,"y":{"z":[1, null]}}' \
		'{"_op":"+I","_table":"t","_ts":null,"_tx":"","_pos":"","id":2,"new":"n"}') || failed "rows" "$(cat out)"
	sed 1d in | cdc-tail - -i debezium --table t --columns new,id > out
	cmp out <(lines _op,_ts,_tx,_pos,new,id +I,,,,n,2) || failed "columns" "$(cat out)"
	gzip -c in | cdc-tail - -i debezium | wc -l | grep -qx 3 || failed "gzip"
}

@test "what cannot be counted is refused, with its line" {
	given() { lines "$@" > in; }
	refused() { refuses "$1" 65 "$2" bash -c 'exec cdc-tail - -i "$1" < in' - "$3"; }

	given '{"before":null,"after":{"id":1},"op":"c","source":{"table":"t"}}' '{"op":'
	refused "no JSON" 'cdc-tail: stdin:2: JSON: *' debezium
	given '{"before":null,"after":{"id":1},"op":"u","source":{"table":"t"}}'
	refused "no row before" 'cdc-tail: stdin:1: a row before its change is not whole*' debezium
	given '{"before":null,"after":null,"op":"t","source":{"table":"t"}}'
	refused "truncate" 'cdc-tail: stdin:1: truncate cannot be taken back' debezium
	given '{"before":{"id":1,"a":null,"b":null},"after":null,"op":"d","source":{"table":"t","connector":"postgresql"}}'
	refused "the key alone" 'cdc-tail: stdin:1: delete whose before image holds nothing but the key*' debezium
	given '{"before":null,"after":{"id":1,"a":"__debezium_unavailable_value"},"op":"c","source":{"table":"t"}}'
	refused "a value is elsewhere" 'cdc-tail: stdin:1: a large value is not in the message*' debezium
	given '{"table":"t","type":"insert","ts":1,"data":{"id":1,"a":2}}' '{"table":"t","type":"delete","ts":1,"data":{"id":1}}'
	refused "the key of a delete" 'cdc-tail: stdin:2: a row before its change is not whole*' maxwell
	lines '{"op":"c"}' | event-log append l
	event-log cat --checked l > in
	refuses "a checked stream" 64 'cdc-tail: stdin: this is a checked stream*' bash -c 'exec cdc-tail - -i debezium < in'
	refuses "whose" 64 'cdc-tail: -: changes in which format*' cdc-tail - --table t
	refuses "no going back" 64 'cdc-tail: -: standard input cannot be asked to go back*' cdc-tail - -i debezium --resume-from log
	refuses "of a file" 64 'cdc-tail: --input: for changes on standard input: the source is -' cdc-tail file:in -i debezium
	refuses "one header for many" 64 'cdc-tail: --output: several tables in one stream*' cdc-tail - -i debezium -o csv
}

@test "there and back: all that a shape has room for comes back" {
	cdc-tail --help | grep -q sqlite:PATH || skip "this build has no sqlite3"
	sqlite3 shop.db "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)"
	cdc-tail sqlite:shop.db --table t --install > /dev/null
	sqlite3 shop.db "INSERT INTO t VALUES(1, 'x \"y\" \\ ü', 1.5), (2, NULL, x'00ff'), (3, '', 'null'); UPDATE t SET id = 9, b = NULL WHERE id = 1; DELETE FROM t WHERE id = 2"
	cdc-tail sqlite:shop.db --table t --no-follow --snapshot never -o ndjson > flat
	[[ $(wc -l < flat) == 6 ]] || failed "changes" "$(cat flat)"
	cdc-tail sqlite:shop.db --table t --no-follow --snapshot never -o debezium | cdc-tail - -i debezium --table t -o ndjson | sed 's/"_tx":"",//' | cmp - flat || failed "debezium" "$(cat flat)"
	cdc-tail sqlite:shop.db --table t --no-follow --snapshot never -o maxwell | cdc-tail - -i maxwell --table t -o ndjson | sed 's/"_tx":"",//' > out
	cmp <(sed 's/"_ts":[0-9]*/"_ts":0/' out) <(sed 's/"_ts":[0-9]*/"_ts":0/' flat) || failed "maxwell" "$(cat out)"
	cdc-tail sqlite:shop.db --table t --no-follow --snapshot never -o canal | cdc-tail - -i canal --table t -o ndjson | cut -d , -f 1-2 | cmp - <(cut -d , -f 1-2 flat) || failed "canal" "$(cat flat)"
	cdc-tail sqlite:shop.db --table t --no-follow --snapshot never -o debezium > envelopes
	cdc-tail - -i debezium --table t -o debezium < envelopes | sed 's/"connector":"weir","name":""/"connector":"sqlite","name":"main"/; s/"db":""/"db":"main"/' | cmp - envelopes || failed "envelope from envelope" "$(head -n 1 envelopes)"
}
