# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# A PostgreSQL of our own: in a directory of the test file, on a socket there; over loopback with TLS, on a port of its own. `load ../postgres` starts it
# for the file, then
#
#	$PG_PORT, $PG_DIR/ca.pem        the port, and who vouches for the server
#	need_postgres                   in a test: skips it where there is none
#	sql 'SELECT 1'                  as its superuser, in the database `shop`; $pg is how cdc-tail is told of it

load "${BASH_SOURCE%/*}/server"

# The server refuses to run as root.
as_postgres() {
	if ((EUID == 0)); then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}

pg_bin() {
	printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1
}

start_postgres() {      # setting...
	local dir bin setting

	bin=$(pg_bin)
	[[ -x $bin/postgres ]] || return 0      # tests skip
	dir=$(mktemp -d /tmp/weir-pg.XXXXXX)
	((EUID != 0)) || chown postgres "$dir"
	export PG_DIR=$dir PG_PORT
	PG_PORT=$(free_port)
	export PGPORT=$PG_PORT
	make_certificate "$dir" || return
	((EUID != 0)) || chown postgres "$dir/key.pem"
	chmod 600 "$dir/key.pem"
	as_postgres "$bin/initdb" -D "$dir/data" -U postgres -A trust --no-sync -E UTF8 --locale=C > "$dir/initdb.log" || { cat "$dir/initdb.log"; return 1; }
	for setting in "listen_addresses='127.0.0.1'" "port=$PG_PORT" ssl=on "ssl_cert_file='$dir/cert.pem'" "ssl_key_file='$dir/key.pem'" "unix_socket_directories='$dir'" fsync=off wal_level=logical max_wal_senders=30 max_replication_slots=30 "log_min_messages=warning" "$@"; do
		echo "$setting" >> "$dir/data/postgresql.conf"
	done
	echo "local all locked scram-sha-256" | cat - "$dir/data/pg_hba.conf" > "$dir/hba" && cat "$dir/hba" > "$dir/data/pg_hba.conf"
	run_postgres
	psql -qAt -h "$dir" -U postgres -c 'CREATE DATABASE shop' postgres
}

run_postgres() {
	as_postgres "$(pg_bin)/postgres" -D "$PG_DIR/data" > "$PG_DIR/log" 2>&1 3>&- &
	until_true psql -qAt -h "$PG_DIR" -U postgres -c 'SELECT 1' postgres > /dev/null 2>&1
	head -n 1 "$PG_DIR/data/postmaster.pid" > "$PG_DIR/pid"
}

stop_postgres() {
	[[ -n ${PG_DIR-} ]] || return 0
	kill -INT "$(cat "$PG_DIR/pid")" 2> /dev/null || true
	until_true is_gone "$(cat "$PG_DIR/pid")"
	[[ ${1-} == keep ]] || rm -rf "$PG_DIR"
}

need_postgres() {
	cdc-tail --help | grep -q postgres:// || skip "this build has no libpq"
	[[ -n ${PG_DIR-} ]] || skip "postgresql is not installed"
	pg="postgres://postgres@/shop?host=$PG_DIR&port=$PG_PORT"
}

sql() {         # statements
	psql -qAt -v ON_ERROR_STOP=1 -h "$PG_DIR" -U postgres -c "$1" shop
}

setup_file() {
	start_postgres
}

teardown_file() {
	stop_postgres
}
