# SPDX-License-Identifier: MIT
# cdc-tail of SQLite databases: each committed change once, in order, with the value it had.

load ../lib
load cases
load cdc

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cdc-tail --help | grep -q sqlite:PATH || skip "this build has no sqlite3"
	need sqlite3
	from=sqlite:shop.db
}

sql() {         # statements
	sqlite3 -bail -cmd '.timeout 10000' shop.db "$1"
}

# Whatever failed may have left something.
teardown() {
	[[ -z ${source-} ]] || kill -9 "$source" 2> /dev/null || true
	[[ ! -e $BATS_TEST_TMPDIR/failed ]] || { cat "$BATS_TEST_TMPDIR/failed"; return 1; }
}

shop() {
	sql "CREATE TABLE orders(id INTEGER PRIMARY KEY, item TEXT, price REAL); INSERT INTO orders VALUES(1,'a',1.5),(2,'b',2.5)"
	cdc-tail sqlite:shop.db --table orders --install > /dev/null
}

@test "what is not prepared is refused, and how to prepare it is said" {
	sql "CREATE TABLE orders(id INTEGER)"
	refuses "no triggers" 78 'cdc-tail: shop.db: table orders has no triggers of ours: run cdc-tail sqlite:shop.db --table orders --install' \
		cdc-tail sqlite:shop.db --table orders --no-follow
	refuses "no table named" 64 'cdc-tail: --table: which tables?' cdc-tail sqlite:shop.db
	refuses "no such table" 78 'cdc-tail: shop.db: there is no table nothing' cdc-tail sqlite:shop.db --table nothing --install
	refuses "no such file" 74 'cdc-tail: none.db: *' cdc-tail sqlite:none.db --table orders --no-follow
	echo "this is no database, however long one looks at it, and that for quite a while" > text.db
	refuses "no database" 65 'cdc-tail: text.db: *not a database*' cdc-tail sqlite:text.db --table orders --no-follow
	try cdc-tail sqlite:shop.db --table orders --dry-run
	[[ $status == 78 && $(< out) == "-- cdc-tail sqlite:shop.db --table orders --install  -- "* ]] || failed "dry run" "$status $(cat out err)"
	gives "status" $'capture\tnot installed' cdc-tail sqlite:shop.db --status
	refuses "several as CSV" 64 'cdc-tail: --output: several tables*' cdc-tail sqlite:shop.db --table a,b -o csv
}

@test "a snapshot, then changes; rolled back is never seen" {
	shop
	cdc-tail sqlite:shop.db --table orders --dry-run || failed "nothing is needed" "$?"
	capture orders
	has "snapshot" _op,id,item,price +I,1,a,1.5 +I,2,b,2.5
	sql "UPDATE orders SET price = 3 WHERE id = 1; DELETE FROM orders WHERE id = 2; INSERT INTO orders VALUES(3,'c',0.1+0.2);
		BEGIN; INSERT INTO orders VALUES(4,'d',1); ROLLBACK;
		BEGIN; SAVEPOINT s; INSERT INTO orders VALUES(5,'e',1); ROLLBACK TO s; INSERT INTO orders VALUES(6,'f',1e300); COMMIT;
		UPDATE orders SET item = item; UPDATE orders SET id = 7 WHERE id = 6"
	capture orders
	has "changes" _op,id,item,price +I,1,a,1.5 +I,2,b,2.5 -U,1,a,1.5 +U,1,a,3.0 -D,2,b,2.5 +I,3,c,0.30000000000000004 +I,6,f,1e+300 \
		-U,6,f,1e+300 +U,7,f,1e+300
	capture orders
	[[ $(changes | wc -l) == 10 ]] || failed "once" "$(changes)"
}

@test "every kind of value comes back as it was" {
	sql "CREATE TABLE orders(id INTEGER PRIMARY KEY, v); INSERT INTO orders VALUES
		(1, NULL), (2, ''), (3, 'it''s \"q\",' || char(10) || 'x'), (4, x'00ff10'), (5, 9007199254740993), (6, -9223372036854775808), (7, 1e999), (8, -1e999),
		(9, 'nul' || char(0) || 'x'), (10, 1.0/3), (11, 5e-324), (12, 100.0), (13, 'ü€😀'), (14, x''), (15, 123456789012.5)"
	cdc-tail sqlite:shop.db --table orders --install > /dev/null
	cat > right <<- 'EOT'
		null
		""
		"it's \"q\",\nx"
		"AP8Q"
		9007199254740993
		-9223372036854775808
		"Infinity"
		"-Infinity"
		"nul\u0000x"
		0.3333333333333333
		4.94065645841247e-324
		100.0
		"ü€😀"
		""
		123456789012.5
	EOT
	cdc-tail sqlite:shop.db --table orders --no-follow -o ndjson --columns v --snapshot only | sed 's/.*"v":\(.*\)}$/\1/' > out
	cmp out right || failed "snapshot" "$(cat out)"
	sql "UPDATE orders SET id = id + 100"
	cdc-tail sqlite:shop.db --table orders --no-follow -o ndjson --columns v --snapshot never | grep '"+U"' | sed 's/.*"v":\(.*\)}$/\1/' > out
	cmp out right || failed "changes" "$(cat out)"
}

@test "columns and rows asked for: an update that comes in is an insert, one that leaves a delete" {
	shop
	sql "INSERT INTO orders VALUES(3,'c',1); UPDATE orders SET price = 9 WHERE id = 3; UPDATE orders SET price = 10 WHERE id = 3;
		UPDATE orders SET price = 0 WHERE id = 3; DELETE FROM orders WHERE id = 3"
	cdc-tail sqlite:shop.db --table orders --no-follow --snapshot never --columns price,id --where 'price > 5 and item == "c"' --stats 2> stats |
		sed 's/^\([^,]*\),[^,]*,[^,]*/\1/' | cmp - <(printf '%s\n' _op,price,id +I,9.0,3 -U,9.0,3 +U,10.0,3 -D,10.0,3) || failed "rows"
	[[ $(ledger stats in out filtered rows) == 'in=5 out=3 filtered=2 rows=4' ]] || failed "counters" "$(cat stats)"
	balanced "stats" stats
	refuses "no such column" 78 'cdc-tail: --columns: table orders has no column "x"' cdc-tail sqlite:shop.db --table orders --no-follow --columns x
	refuses "no expression" 64 'cdc-tail: --where: at *' cdc-tail sqlite:shop.db --table orders --no-follow --where 'price >'
	refuses "no number" 65 'cdc-tail: --where: table orders: *' cdc-tail sqlite:shop.db --table orders --no-follow --where 'item + 1 > 2'
}

@test "asked to stop before it has begun: nothing is taken for a whole snapshot" {
	need strace
	is_plain_build || skip "sanitizers do not run under strace"
	shop
	strace -o trace -P "$PWD/shop.db" -e trace=openat -e inject=openat:signal=TERM:when=1 \
		cdc-tail sqlite:shop.db --table orders --resume-from log > stream
	grep -q '^#!weir stop .* pos=- n=0 ' stream || failed "stream" "$(cat stream)"
	event-log append log < stream
	capture orders
	has "all" _op,id,item,price +I,1,a,1.5 +I,2,b,2.5
}

@test "the snapshot alone; what follows it goes on there" {
	shop
	capture orders --snapshot only
	sql "INSERT INTO orders VALUES(3,'c',1)"
	has "snapshot" _op,id,item,price +I,1,a,1.5 +I,2,b,2.5
	capture orders
	has "goes on" _op,id,item,price +I,1,a,1.5 +I,2,b,2.5 +I,3,c,1.0
}

@test "several tables in one stream, in the order of commits" {
	sql "CREATE TABLE a(x); CREATE TABLE b(y, z)"
	cdc-tail sqlite:shop.db --table a,B --install > out
	cmp out <(printf 'a\tinstalled\nb\tinstalled\n') || failed "installed" "$(cat out)"
	sql "INSERT INTO a VALUES(1); INSERT INTO b VALUES(2,3); INSERT INTO a VALUES(4)"
	cdc-tail sqlite:shop.db --table a,b --no-follow --snapshot never | sed 's/"_ts":[0-9]*,"_pos":"[^"]*",//' > out
	cmp out <(printf '%s\n' '{"_op":"+I","_table":"a","x":1}' '{"_op":"+I","_table":"b","y":2,"z":3}' '{"_op":"+I","_table":"a","x":4}') || failed "rows" "$(cat out)"
}

@test "cascades and triggers of the application are changes too" {
	sql "CREATE TABLE customers(id INTEGER PRIMARY KEY); CREATE TABLE orders(id INTEGER PRIMARY KEY, c REFERENCES customers ON DELETE CASCADE);
		INSERT INTO customers VALUES(1); INSERT INTO orders VALUES(1,1),(2,1);
		CREATE TRIGGER more AFTER INSERT ON customers BEGIN INSERT INTO orders(c) VALUES(NEW.id); END"
	cdc-tail sqlite:shop.db --table orders --install > /dev/null
	sql "PRAGMA foreign_keys = on; DELETE FROM customers; INSERT INTO customers VALUES(5)"
	cdc-tail sqlite:shop.db --table orders --no-follow --snapshot never | sed 's/^\([^,]*\),[^,]*,[^,]*/\1/' > out
	cmp out <(printf '%s\n' _op,id,c -D,1,1 -D,2,1 +I,1,5) || failed "rows" "$(cat out)"
}

@test "the columns of a table change: stale triggers are told, and go on after --install" {
	shop
	capture orders
	sql "INSERT INTO orders VALUES(3,'c',1); ALTER TABLE orders ADD COLUMN note; INSERT INTO orders VALUES(4,'d',1,'n')"
	refuses "stale" 78 'cdc-tail: shop.db: the triggers of table orders were made for other columns: run *' \
		cdc-tail sqlite:shop.db --table orders --no-follow --resume-from log
	cdc-tail sqlite:shop.db --table orders --install > /dev/null
	sql "INSERT INTO orders VALUES(5,'e',1,'n')"
	# the barrier before the new columns says what came before it
	cdc-tail sqlite:shop.db --table orders --no-follow --resume-from log | grep -A 1 '#!weir barrier' | sed 's/^#!weir \([a-z]*\) .*pos=sqlite:[0-9a-f]*:\([0-9]*\) .*/\1 \2/' > out
	cmp out <(printf '%s\n' 'barrier 2' '#!weir columns _op,_ts,_pos,id,item,price,note') || failed "barrier" "$(cat out)"
	capture orders
	has "both" _op,id,item,price,note +I,1,a,1.5, +I,2,b,2.5, +I,3,c,1.0, +I,4,d,1.0, +I,5,e,1.0,n
	sql "ALTER TABLE orders RENAME COLUMN item TO what; DROP TABLE orders"
	refuses "gone" 78 'cdc-tail: shop.db: there is no table orders' cdc-tail sqlite:shop.db --table orders --no-follow --resume-from log
}

@test "what all readers have is removed, and not before" {
	shop
	capture orders
	cdc-tail sqlite:shop.db --table orders --no-follow --resume-from other | event-log append other
	sql "INSERT INTO orders VALUES(3,'c',1),(4,'d',1)"
	capture orders
	capture orders
	cdc-tail sqlite:shop.db --status | grep -qP '^changes kept\t2$' || failed "the other has not confirmed" "$(cdc-tail sqlite:shop.db --status)"
	for _ in 1 2; do cdc-tail sqlite:shop.db --table orders --no-follow --resume-from other | event-log append other; done
	cdc-tail sqlite:shop.db --status | grep -qP '^changes kept\t0$' || failed "both have" "$(cdc-tail sqlite:shop.db --status)"
	# one that was not there then has missed them
	id=$(cdc-tail sqlite:shop.db --status | sed -n 's/^database\t//p')
	refuses "pruned" 78 'cdc-tail: shop.db: changes 1 to 2 were removed: they are lost*' \
		cdc-tail sqlite:shop.db --table orders --no-follow --checked --from "sqlite:$id:0"
	refuses "an older copy" 78 'cdc-tail: shop.db: the position is behind change 99, but only 2*' \
		cdc-tail sqlite:shop.db --table orders --no-follow --checked --from "sqlite:$id:99"
	refuses "another database" 78 'cdc-tail: shop.db: the position sqlite:0000:1 is one of another database*' \
		cdc-tail sqlite:shop.db --table orders --no-follow --checked --from sqlite:0000:1
	refuses "another source" 78 'cdc-tail: shop.db: "5@00000000" is no position in a SQLite database*' \
		cdc-tail sqlite:shop.db --table orders --no-follow --checked --from 5@00000000
}

@test "installing twice changes nothing; removing leaves nothing" {
	sql "CREATE TABLE a(x); CREATE TABLE b(x)"
	before=$(sql .schema)
	cdc-tail sqlite:shop.db --table a,b --install > /dev/null
	once=$(sql .schema)
	cdc-tail sqlite:shop.db --table a,b --install > /dev/null
	[[ $(sql .schema) == "$once" ]] || failed "twice" "$(sql .schema)"
	cdc-tail sqlite:shop.db --table a --remove > /dev/null
	sql "INSERT INTO b VALUES(1)"
	cdc-tail sqlite:shop.db --table b --no-follow --snapshot never | grep -q '^+I' || failed "the other stays"
	cdc-tail sqlite:shop.db --table b --remove > /dev/null
	[[ $(sql .schema | grep -v sqlite_sequence) == "$before" ]] || failed "removed" "$(sql .schema)"
}

@test "live: a commit is seen, while the application has the database open" {
	shop
	sql "PRAGMA journal_mode = wal" > /dev/null
	cdc-tail sqlite:shop.db --table orders --resume-from log > stream 3>&- &
	source=$!
	until_true grep -q barrier stream
	sql "INSERT INTO orders VALUES(3,'c',1)"
	until_true grep -q '^+I.*,3,c,1.0' stream
	kill -TERM $source
	wait $source || failed "status" "$?"
	tail -n 1 stream | grep -q '^#!weir stop ' || failed "stop" "$(tail -n 1 stream)"
}

keeps() {       # changes
	cdc-tail sqlite:shop.db --status | grep -qP "^changes kept\t$1\$"
}

@test "a writer that takes its time keeps nobody from capturing; what the sink has is removed behind it" {
	shop
	sql "PRAGMA journal_mode = wal" > /dev/null
	mkfifo pipe commands
	event-log append log < pipe 3>&- &
	cdc-tail sqlite:shop.db --table orders --resume-from log > pipe 3>&- &
	source=$!
	sqlite3 -cmd '.timeout 10000' shop.db < commands 3>&- &
	exec {writer}> commands
	sql "INSERT INTO orders VALUES(3,'c',1)"
	until_true keeps 0
	echo "INSERT INTO orders VALUES(4,'d',1); BEGIN IMMEDIATE; SELECT 1;" >&"$writer"
	until_true grows 5
	keeps 1 || failed "kept" "$(cdc-tail sqlite:shop.db --status)"
	echo "INSERT INTO orders VALUES(5,'e',1); COMMIT;" >&"$writer"
	until_true grows 6
	until_true keeps 0
	exec {writer}>&-
	kill -TERM $source
	wait $source || failed "status" "$?"
}

grows() {       # lines
	(($(event-log cat log 2> /dev/null | wc -l) == $1))
}

@test "a table of 200,000 rows, in bounded memory, and as many changes" {
	sql "CREATE TABLE orders(id INTEGER PRIMARY KEY, item, price); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
		INSERT INTO orders SELECT i, 'item ' || i % 1000, i * 0.5 FROM n"
	cdc-tail sqlite:shop.db --table orders --install > /dev/null
	capture orders
	sql "UPDATE orders SET price = price + 1"
	capture orders
	[[ $(event-log cat log | wc -l) == 600001 ]] || failed "rows" "$(event-log cat log | wc -l)"
	event-log cat log | awk -F , 'NR > 1 { s += (/^-/ ? -1 : 1) * $NF } END { printf "%.1f\n", s }' | cmp - <(sql 'SELECT sum(price) FROM orders') || failed "sum"
}

# Times vary: those of the database are from now.
fixed() {
	sed 's/"\(_ts\|ts_ms\|ts\|es\)":[1-9][0-9]*/"\1":1/g; s/"\(file\|position\)":"[0-9a-f]*/"\1":"x/g'
}

@test "the shapes of Debezium, Maxwell and Canal" {
	shop
	sql "UPDATE orders SET price = 3 WHERE id = 1; DELETE FROM orders WHERE id = 2; INSERT INTO orders VALUES(3,NULL,'it''s')"
	cdc-tail sqlite:shop.db --table orders --no-follow --snapshot never -o debezium | fixed > out
	cat > right <<- 'EOT'
		{"before":{"id":1,"item":"a","price":1.5},"after":{"id":1,"item":"a","price":3.0},"source":{"version":"weir-0.1.0","connector":"sqlite","name":"main","ts_ms":1,"snapshot":"false","db":"main","table":"orders","file":"x","pos":1},"op":"u","ts_ms":1}
		{"before":{"id":2,"item":"b","price":2.5},"after":null,"source":{"version":"weir-0.1.0","connector":"sqlite","name":"main","ts_ms":1,"snapshot":"false","db":"main","table":"orders","file":"x","pos":2},"op":"d","ts_ms":1}
		{"before":null,"after":{"id":3,"item":null,"price":"it's"},"source":{"version":"weir-0.1.0","connector":"sqlite","name":"main","ts_ms":1,"snapshot":"false","db":"main","table":"orders","file":"x","pos":3},"op":"c","ts_ms":1}
	EOT
	cmp out right || failed "debezium" "$(cat out)"
	cdc-tail sqlite:shop.db --table orders --no-follow --snapshot never -o maxwell | fixed > out
	cat > right <<- 'EOT'
		{"database":"main","table":"orders","type":"update","ts":1,"position":"x:1","data":{"id":1,"item":"a","price":3.0},"old":{"price":1.5}}
		{"database":"main","table":"orders","type":"delete","ts":1,"position":"x:2","data":{"id":2,"item":"b","price":2.5}}
		{"database":"main","table":"orders","type":"insert","ts":1,"position":"x:3","data":{"id":3,"item":null,"price":"it's"}}
	EOT
	cmp out right || failed "maxwell" "$(cat out)"
	cdc-tail sqlite:shop.db --table orders --no-follow --snapshot never -o canal | fixed > out
	cat > right <<- 'EOT'
		{"data":[{"id":"1","item":"a","price":"3.0"}],"database":"main","es":1,"gtid":"","isDdl":false,"old":[{"price":"1.5"}],"pkNames":["id"],"sql":"","table":"orders","ts":1,"type":"UPDATE"}
		{"data":[{"id":"2","item":"b","price":"2.5"}],"database":"main","es":1,"gtid":"","isDdl":false,"old":null,"pkNames":["id"],"sql":"","table":"orders","ts":1,"type":"DELETE"}
		{"data":[{"id":"3","item":null,"price":"it's"}],"database":"main","es":1,"gtid":"","isDdl":false,"old":null,"pkNames":["id"],"sql":"","table":"orders","ts":1,"type":"INSERT"}
	EOT
	cmp out right || failed "canal" "$(cat out)"
}

# Of a stream of changes: the rows that are left, and the places of the last ones.
view_of() {     # option...
	window-agg --window none -g item -m 'n = count()' -m 'gmv = sum(price)' -m 'ids = count_distinct(id)' --retract -o csv "$@"
}

@test "what is written in the shape of others is read as the same changes" {
	shop
	sql "UPDATE orders SET price = price + id; INSERT INTO orders VALUES(3,'c',9),(4,'a',0.25); UPDATE orders SET item = 'b' WHERE id = 1; DELETE FROM orders WHERE id = 3"
	for shape in debezium maxwell canal; do
		cdc-tail sqlite:shop.db --table orders --no-follow -o "$shape" > "$shape"
		cmp <(cdc-tail sqlite:shop.db --table orders --no-follow | view_of) <(view_of -i "$shape" "$shape") || failed "$shape" "$(view_of -i "$shape" "$shape" 2>&1)"
	done
	# and with its places
	sql "INSERT INTO orders VALUES(5,'e',1)"
	cdc-tail sqlite:shop.db --table orders --no-follow --snapshot never | cut -d , -f 3 | tail -n +2 | uniq > places
	for shape in debezium maxwell; do
		cdc-tail sqlite:shop.db --table orders --no-follow --snapshot never -o "$shape" | dedupe -i "$shape" --key _pos | wc -l | cmp - <(wc -l < places) || failed "$shape" "places"
	done
}
