#!/usr/bin/env bash
# The changes of a PostgreSQL database as a live view; see README.md.
#
#	WORK=DIR ORDERS=20000   where files go (default build/postgres), how many orders
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${WORK:-$root/build/postgres}
orders=${ORDERS:-20000}
export PATH=${WEIR_BIN:-$root/bin}:$PATH LC_ALL=C
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[ -x "$bin/postgres" ] || { echo "postgresql is not installed: apt-get install postgresql" >&2; exit 69; }

# The server refuses to run as root.
as_postgres() {
	if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}

sql() { psql -qAt -v ON_ERROR_STOP=1 -h "$socket" -U postgres "$@"; }

start_server() {
	as_postgres "$bin/pg_ctl" -D "$socket/data" -l "$socket/log" -w start > /dev/null
}

stop_all() {
	kill "${capture:-}" "${view:-}" 2> /dev/null || true
	[ ! -d "$socket/data" ] || as_postgres "$bin/pg_ctl" -D "$socket/data" -m immediate stop > /dev/null 2>&1 || true
	rm -rf "$socket"
}

rm -rf "$work"
mkdir -p "$work"/{log,views}
cd "$work"
socket=$(mktemp -d /tmp/weir-postgres.XXXXXX)
trap stop_all EXIT
[ "$(id -u)" != 0 ] || chown postgres "$socket"

echo "== a server of our own"
as_postgres "$bin/initdb" -D "$socket/data" -U postgres -A trust --no-sync -E UTF8 --locale=C > init.log
printf '%s\n' "listen_addresses=''" "unix_socket_directories='$socket'" wal_level=logical >> "$socket/data/postgresql.conf"
start_server
sql -d postgres -c 'CREATE DATABASE shop'
sql -d shop -c "CREATE TABLE orders(id int PRIMARY KEY, region text, status text, amount numeric(10,2))"
source="postgres://postgres@/shop?host=$socket"

echo "== capture, and a view that follows"
cdc-tail "$source" --table orders --resume-from log/orders --install
run-pipeline --delay 100ms --max-delay 1s -- cdc-tail "$source" --table orders --resume-from log/orders '|' event-log append log/orders 2> capture.log &
capture=$!
run-pipeline -- event-log cat --follow --resume-from views/paid log/orders '|' window-agg -V "$here/paid.view" --emit partial '|' view-store views/paid 2> view.log &
view=$!

# Orders come in, are paid, cancelled, removed.
change() {      # from to
	sql -d shop -c "INSERT INTO orders SELECT i, 'region ' || i % 5, 'open', i % 1000 / 10.0 FROM generate_series($1, $2) i" \
		-c "UPDATE orders SET status = 'paid' WHERE status = 'open' AND id % 10 < 8" \
		-c "UPDATE orders SET status = 'cancelled' WHERE status = 'paid' AND id % 17 = 0" \
		-c "DELETE FROM orders WHERE id BETWEEN $1 AND $2 AND id % 101 = 0" \
		-c "BEGIN; DELETE FROM orders; ROLLBACK"
}

sql_says() { sql -d shop -c "COPY (SELECT region, count(*) AS orders, sum(amount) AS gmv FROM orders WHERE status = 'paid' GROUP BY 1 ORDER BY 1) TO STDOUT (FORMAT csv, HEADER)"; }
is_equal() { merge-views --order region views/paid 2> /dev/null | cmp -s - <(sql_says); }

wait_until() {  # seconds command...
	local tries
	for ((tries = $1 * 10; tries > 0; tries--)); do
		"${@:2}" && return
		sleep 0.1
	done
	return 1
}

quarter=$((orders / 4))
change 1 "$quarter"
change $((quarter + 1)) $((2 * quarter))
wait_until 30 is_equal || { echo "   WRONG the view does not follow"; exit 1; }
echo "   the view follows"
pkill -9 -P "$capture" cdc-tail && echo "   kill -9: cdc-tail"
change $((2 * quarter + 1)) $((3 * quarter))
as_postgres "$bin/pg_ctl" -D "$socket/data" -m immediate stop > /dev/null && echo "   the server ends at once"
start_server
change $((3 * quarter + 1)) $((4 * quarter))

echo "== the view against SQL"
if wait_until 60 is_equal; then
	merge-views --order region views/paid | sed 's/^/   /'
	echo "   ok    what is paid, by region: the view = SQL over the table, after $(event-log cat log/orders | tail -n +2 | wc -l) records of changes"
else
	diff <(sql_says) <(merge-views --order region views/paid) || true
	echo "   WRONG the view and SQL differ"
	exit 1
fi
cdc-tail "$source" --status | sed 's/^/   /'
