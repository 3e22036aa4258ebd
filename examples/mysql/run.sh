#!/usr/bin/env bash
# The changes of a MariaDB database as a live view; see README.md.
#
#	WORK=DIR ORDERS=20000   where files go (default build/mysql), how many orders
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${WORK:-$root/build/mysql}
orders=${ORDERS:-20000}
export PATH=${WEIR_BIN:-$root/bin}:/usr/sbin:$PATH LC_ALL=C
command -v mariadbd > /dev/null || { echo "mariadb-server is not installed: apt-get install mariadb-server" >&2; exit 69; }

# The server refuses to run as root.
as_mysql() {
	if [ "$(id -u)" = 0 ]; then setpriv --reuid=mysql --regid=mysql --clear-groups "$@"; else "$@"; fi
}

sql() { mariadb --no-defaults -N -S "$server/socket" -u root "$@"; }

wait_until() {  # seconds command...
	local tries
	for ((tries = $1 * 10; tries > 0; tries--)); do
		"${@:2}" && return
		sleep 0.1
	done
	return 1
}

start_server() {
	as_mysql mariadbd --defaults-file="$server/my.cnf" > server.log 2>&1 &
	wait_until 30 sql -e 'SELECT 1' > /dev/null 2>&1
}

is_gone() { [ ! -e "/proc/$1/stat" ] || [ "$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat")" = Z ]; }

end_server_at_once() {
	local pid
	pid=$(cat "$server/pid")
	kill -9 "$pid"
	wait_until 30 is_gone "$pid" 2> /dev/null
	rm -f "$server/pid"
}

stop_all() {
	kill "${capture:-}" "${view:-}" 2> /dev/null || true
	[ ! -e "$server/pid" ] || kill -9 "$(cat "$server/pid")" 2> /dev/null || true
	wait
	rm -rf "$server"
}

rm -rf "$work"
mkdir -p "$work"/{log,views}
cd "$work"
server=$(mktemp -d /tmp/weir-mysql.XXXXXX)
trap stop_all EXIT
chmod 755 "$server"
[ "$(id -u)" != 0 ] || chown mysql "$server"

echo "== a server of our own"
cat > "$server/my.cnf" << EOT
[mariadbd]
datadir = $server/data
socket = $server/socket
pid-file = $server/pid
skip-networking
log_bin = bin
server_id = 1
binlog_format = ROW
binlog_row_metadata = FULL
EOT
as_mysql mariadb-install-db --no-defaults --datadir="$server/data" --auth-root-authentication-method=normal --skip-test-db > init.log 2>&1
start_server
sql -e 'CREATE DATABASE shop; CREATE USER capture@localhost'
sql shop -e "CREATE TABLE orders(id int PRIMARY KEY, region varchar(20), status varchar(20), amount decimal(10,2))"
source="mysql://capture@localhost/?socket=$server/socket"

echo "== what the user who captures still needs"
cdc-tail "$source" --table shop.orders --dry-run > needed.sql || true
sed 's/^/   /' needed.sql
sql < needed.sql
cdc-tail "$source" --table shop.orders --dry-run && echo "   nothing more"

echo "== capture, and a view that follows"
run-pipeline --delay 100ms --max-delay 1s -- cdc-tail "$source" --table shop.orders --resume-from log/orders '|' event-log append log/orders 2> capture.log &
capture=$!
run-pipeline -- event-log cat --follow --resume-from views/paid log/orders '|' window-agg -V "$here/paid.view" --emit partial '|' view-store views/paid 2> view.log &
view=$!

# Orders come in, are paid, cancelled, removed.
change() {      # from to
	sql shop -e "INSERT INTO orders SELECT seq, CONCAT('region ', seq % 5), 'open', seq % 1000 / 10.0 FROM seq_$1_to_$2;
		UPDATE orders SET status = 'paid' WHERE status = 'open' AND id % 10 < 8;
		UPDATE orders SET status = 'cancelled' WHERE status = 'paid' AND id % 17 = 0;
		DELETE FROM orders WHERE id BETWEEN $1 AND $2 AND id % 101 = 0;
		BEGIN; DELETE FROM orders; ROLLBACK"
}

sql_says() {
	echo region,orders,gmv
	sql shop -e "SELECT region, COUNT(*), SUM(amount) FROM orders WHERE status = 'paid' GROUP BY 1 ORDER BY 1" | tr '\t' ,
}
is_equal() { merge-views --order region views/paid 2> /dev/null | cmp -s - <(sql_says); }

quarter=$((orders / 4))
change 1 "$quarter"
change $((quarter + 1)) $((2 * quarter))
wait_until 30 is_equal || { echo "   WRONG the view does not follow"; exit 1; }
echo "   the view follows"
pkill -9 -P "$capture" cdc-tail && echo "   kill -9: cdc-tail"
change $((2 * quarter + 1)) $((3 * quarter))
end_server_at_once && echo "   kill -9: the server"
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
cdc-tail "$source" --status --resume-from log/orders | sed 's/^/   /'
