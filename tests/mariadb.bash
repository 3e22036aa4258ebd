# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# A MariaDB of our own: in a directory of the test file, on a socket there; over loopback with TLS, on a port of its own. `load ../mariadb` starts it
# for the file, then
#
#	need_mariadb                    in a test: skips it where there is none
#	$MY_PORT, $MY_DIR/ca.pem        the port, and who vouches for the server
#	sql 'SELECT 1'                  as its superuser, in the database `shop`; $my is how cdc-tail is told of it

load "${BASH_SOURCE%/*}/server"

# The server refuses to run as root, and passwords of the file system are not asked for.
as_mysql() {
	if ((EUID == 0)); then setpriv --reuid=mysql --regid=mysql --clear-groups "$@"; else "$@"; fi
}

start_mariadb() {       # setting...
	local dir

	[[ -x /usr/sbin/mariadbd ]] || return 0         # tests skip
	dir=$(mktemp -d /tmp/weir-my.XXXXXX)
	((EUID != 0)) || chown mysql "$dir"
	chmod 755 "$dir"
	export MY_DIR=$dir MY_PORT
	MY_PORT=$(free_port)
	make_certificate "$dir" || return
	as_mysql mariadb-install-db --no-defaults --datadir="$dir/data" --auth-root-authentication-method=normal --skip-test-db > "$dir/install.log" 2>&1 ||
		{ cat "$dir/install.log"; return 1; }
	{
		echo '[mariadbd]'
		printf '%s\n' datadir="$dir/data" socket="$dir/s" pid-file="$dir/pid" bind-address=127.0.0.1 port="$MY_PORT" ssl-cert="$dir/cert.pem" ssl-key="$dir/key.pem" ssl-ca="$dir/ca.pem" innodb-flush-log-at-trx-commit=2 innodb-buffer-pool-size=64M \
			innodb-log-file-size=48M log-bin=bin server-id=1 binlog-format=ROW binlog-row-metadata=FULL "$@"
	} > "$dir/my.cnf"
	run_mariadb
	mariadb --no-defaults -S "$dir/s" -u root -e 'CREATE DATABASE shop'
}

run_mariadb() {
	as_mysql /usr/sbin/mariadbd --defaults-file="$MY_DIR/my.cnf" > "$MY_DIR/log" 2>&1 3>&- &
	until_true mariadb --no-defaults -S "$MY_DIR/s" -u root -e 'SELECT 1' > /dev/null 2>&1
}

stop_mariadb() {
	[[ -n ${MY_DIR-} ]] || return 0
	kill -TERM "$(cat "$MY_DIR/pid")" 2> /dev/null || true
	until_true is_gone "$(cat "$MY_DIR/pid" 2> /dev/null)"
	[[ ${1-} == keep ]] || rm -rf "$MY_DIR"
}

need_mariadb() {
	cdc-tail --help | grep -q mysql:// || skip "this build has no libmariadb"
	[[ -n ${MY_DIR-} ]] || skip "mariadb-server is not installed"
	my="mysql://root@/shop?socket=$MY_DIR/s"
}

sql() {         # statements
	mariadb --no-defaults -N -S "$MY_DIR/s" -u root shop -e "$1"
}

setup_file() {
	start_mariadb
}

teardown_file() {
	stop_mariadb
}
