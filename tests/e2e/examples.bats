# SPDX-License-Identifier: MIT
# The examples as they are written: Kappa, cron's table, systemd's units.

load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export HOME=$BATS_TEST_TMPDIR
	supervisor=
}

teardown() {
	[[ -z $supervisor ]] || kill -9 "$supervisor" 2> /dev/null || true
}

# ~/shop as the crontab and the units expect it, with a first part of the year in its log.
make_shop() {
	mkdir -p shop/log shop/views
	cp "$WEIR_ROOT/examples/kappa/gmv-1.view" shop/gmv.view
	gzip -dc "$WEIR_ROOT/examples/shop/data/online_retail.csv.gz" > orders.csv
	head -n 50001 orders.csv | event-log append shop/log/orders
}

more_orders() {         # from to
	{ head -n 1 orders.csv; sed -n "$1,$2p" orders.csv; } | event-log append shop/log/orders
}

served_is_the_log() {
	cmp <(merge-views shop/views/gmv) <(event-log cat shop/log/orders | window-agg -V shop/gmv.view)
}

@test "kappa: a changed definition replays the log beside the old view and takes its place; both are one pass, byte for byte" {
	WORK=$PWD/work run -0 "$WEIR_ROOT/examples/kappa/run.sh"
	assert_output --partial "Both are equal to one pass over the log"
}

# The commands of the table, in its order.
crontab_commands() {
	grep -v '^#\|^PATH=' "$WEIR_ROOT/examples/cron/crontab" | grep . | sed 's/^\([^ ]* *\)\{5\}//'
}

@test "cron: every line of the table runs as it is written" {
	make_shop
	crontab_commands > commands
	assert_equal "$(wc -l < commands)" 5
	while read -r command; do
		run -0 sh -c "$command" < /dev/null
	done < commands
	served_is_the_log
	cmp shop/gmv.csv <(merge-views shop/views/gmv)
}

@test "cron: the rebuild started twenty times at once: one works, the others say 75, and the view is right" {
	local statuses=() pids=() command

	make_shop
	command=$(crontab_commands | sed -n 1p)
	for _ in {1..20}; do
		sh -c "$command" > /dev/null 2>&1 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" && statuses+=(0) || statuses+=($?)
	done
	printf '%s\n' "${statuses[@]}" | sort -u > seen
	run -1 grep -vx '0\|75' seen
	grep -qx 0 seen
	served_is_the_log
}

@test "cron: a rebuild that is killed at any time leaves what was served, and the next one makes it good" {
	local command round pid

	make_shop
	command=$(crontab_commands | sed -n 1p)
	sh -c "$command"
	for round in 1 2 3 4 5 6; do
		more_orders $((round * 3000 + 50002)) $((round * 3000 + 53001))
		sh -c "$command" > /dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.0$((round * 15 % 100))"         # another moment each time, not a synchronisation
		pkill -9 -f "store views/gmv log/orders" || true
		wait "$pid" || true
		merge-views shop/views/gmv > answer
		[[ -s answer ]]
	done
	run sh -c "$command"
	served_is_the_log
}

# ExecStart of a unit, as one command line; %h is the home directory.
exec_start() {          # unit
	sed -n '/^ExecStart=/,/[^\\]$/p' "$WEIR_ROOT/examples/systemd/$1" | sed 's/^ExecStart=//; s/\\$//' | tr '\n\t' '  ' | sed "s|%h|$HOME|g"
}

@test "systemd: the service follows the log, survives a killed member and ends when it is asked to" {
	make_shop
	(cd shop && exec bash -c "exec $(exec_start weir-gmv.service)") 2> errors 3>&- &
	supervisor=$!
	until_true served_is_the_log 2> /dev/null
	more_orders 50002 60001
	until_true served_is_the_log 2> /dev/null
	pkill -9 -P "$supervisor" view-store
	more_orders 60002 70001
	until_true served_is_the_log 2> /dev/null
	kill -TERM "$supervisor"
	wait "$supervisor"
	supervisor=
}

@test "systemd: the batch unit builds the view" {
	make_shop
	(cd shop && bash -c "$(exec_start weir-batch.service)")
	ls shop/views/gmv/*.batch-1.*
	served_is_the_log
}

@test "systemd: the units are well formed" {
	need systemd-analyze
	cp "$WEIR_ROOT"/examples/systemd/* .
	# commands are looked up in systemd's own path: give it ours
	sed -i "s|^ExecStart=\([a-z-]*\)|ExecStart=$WEIR_BIN/\1|" ./*.service
	export XDG_RUNTIME_DIR=$PWD
	run systemd-analyze --user verify ./*.service ./*.timer
	assert_output ''
	sed -i 's/^KillMode=/KillMod=/' weir-gmv.service
	run systemd-analyze --user verify ./*.service ./*.timer
	assert_output --partial "KillMod"
}

@test "postgres: capture from a server of its own, a kill, a crash, and the view says what SQL says" {
	compgen -G '/usr/lib/postgresql/*/bin/postgres' > /dev/null || skip "postgresql is not installed"
	cdc-tail --help | grep -q postgres:// || skip "this build has no libpq"
	WORK=$BATS_TEST_TMPDIR/work ORDERS=4000 run "$WEIR_ROOT/examples/postgres/run.sh"
	assert_success
	assert_output --partial "kill -9: cdc-tail"
	assert_output --partial "ok    what is paid"
}

@test "mysql: capture from a server of its own, two kills, and the view says what SQL says" {
	[[ -x /usr/sbin/mariadbd ]] || skip "mariadb-server is not installed"
	cdc-tail --help | grep -q mysql:// || skip "this build has no libmariadb"
	WORK=$BATS_TEST_TMPDIR/work ORDERS=4000 run "$WEIR_ROOT/examples/mysql/run.sh"
	assert_success
	assert_output --partial "GRANT REPLICATION SLAVE"
	assert_output --partial "kill -9: the server"
	assert_output --partial "ok    what is paid"
}
