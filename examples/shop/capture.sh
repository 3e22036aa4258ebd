# shellcheck shell=bash disable=SC2154
# Capture: the shop keeps its orders in a SQLite database, and changes them: they come in, are paid, cancelled, removed. Triggers see it, cdc-tail
# brings it into a log, and a view follows. In the end the view must say what SQL says of the table.

rows_captured=60000
ticks_captured=20

# What a web application would do, in transactions.
run_application() {
	local i step=$((rows_captured / ticks_captured))

	for ((i = 0; i < ticks_captured; i++)); do
		echo "BEGIN IMMEDIATE;
			INSERT INTO orders SELECT rowid, InvoiceNo, StockCode, Quantity, UnitPrice, Country, 'open' FROM raw.lines WHERE rowid > $((i * step)) AND rowid <= $(((i + 1) * step));
			COMMIT;
			UPDATE orders SET status = 'paid' WHERE status = 'open' AND line % 7 <> $((i % 7));
			UPDATE orders SET status = 'cancelled' WHERE status = 'paid' AND quantity < 0;
			DELETE FROM orders WHERE line % 997 = $i;
			BEGIN IMMEDIATE; DELETE FROM orders; ROLLBACK;"
		pause 0.1
	done | sqlite3 -cmd '.timeout 10000' -cmd "ATTACH 'raw.db' AS raw" shop.db
}

start_capture() {
	mkdir -p log views live
	run-pipeline --delay 50ms --log live/capture.log -- \
		cdc-tail sqlite:shop.db --table orders --resume-from log/shop '|' \
		event-log append log/shop 2> live/capture.err &
	pipeline[capture]=$!
	run-pipeline --log live/paid.log -- \
		event-log cat --follow --resume-from views/paid log/shop '|' \
		window-agg -V "$here/views/paid.view" --emit partial '|' \
		view-store views/paid 2> live/paid.err &
	pipeline[paid]=$!
}

kill_capture() {
	local pid
	until pid=$(member "${pipeline[capture]}" cdc-tail); do pause 0.05; done
	kill -9 "$pid"
	say "kill -9 $pid: cdc-tail; its pipeline starts again from what the log has"
}

# The log has all changes, and the view all of the log.
is_caught_up() {
	local last
	[ "$(cdc-tail sqlite:shop.db --status | sed -n 's/^changes kept\t//p')" = 0 ] || return
	last=$(event-log info log/shop | sed -n 's/^last\t//p')
	merge-views --header views/paid 2> /dev/null | grep -q " position=$last "
}

sql_says() {
	sqlite3 -separator , shop.db "SELECT country, count(*), sum(quantity), printf('%.3f', sum(quantity * price)) FROM orders WHERE status = 'paid' GROUP BY country"
}

capture_shop() {
	sqlite3 raw.db -cmd '.import --csv orders.csv lines' ''
	sqlite3 shop.db "PRAGMA journal_mode = wal; CREATE TABLE orders(line INTEGER PRIMARY KEY, invoice, stock_code, quantity INTEGER, price TEXT, country, status)" > /dev/null
	cdc-tail sqlite:shop.db --table orders --install > /dev/null
	start_capture
	run_application &
	ingest=$!
	pause 1
	kill_capture
	wait "$ingest"
	until is_caught_up; do pause 0.1; done
	kill "${pipeline[capture]}" "${pipeline[paid]}"
	wait "${pipeline[capture]}" "${pipeline[paid]}" || true
	say "$(event-log cat log/shop | tail -n +2 | wc -l) records of changes in the log, $(event-log cat log/shop | grep -c '^-') of them take a row back"
	merge-views views/paid > paid.csv
	tail -n +2 paid.csv > ours.tmp
	sql_says > answer.tmp
	compare "orders, units and GMV of what is paid: the view = SQL over the shop's own table"
}
