# shellcheck shell=bash disable=SC2154
# The loop: one log, a speed layer that is live, a batch layer that rebuilds, and one process killed on the way.

live="minute country stock"
replay_s=${REPLAY:-7}
declare -A pipeline=()          # view -> pid of its run-pipeline

# Sleeps N seconds without a process.
exec {never}<> <(:)
pause() { read -rt "$1" -u "$never" || true; }

# Everything that was started ends with us, however we end.
stop_all() {
	local pid
	for pid in "${pipeline[@]}" ${ingest:-}; do
		kill "$pid" 2> /dev/null || true
	done
}
trap stop_all EXIT

# The orders as if they came in now: REPLAY seconds in ticks of 50 ms.
replay() {
	local ticks=$((replay_s * 20)) f
	mkdir ticks
	tail -n +2 orders.csv | split -a 4 -l $((lines / ticks + 1)) - ticks/
	head -n 1 orders.csv
	for f in ticks/*; do
		cat "$f"
		pause 0.05
	done
}

start_loop() {
	mkdir -p log views live
	for v in $live; do
		run-pipeline --log "live/$v.log" -- \
			event-log cat --follow --resume-from "views/$v" log/orders '|' \
			window-agg -V "$here/views/$v.view" --emit partial '|' \
			view-store "views/$v" 2> "live/$v.err" &
		pipeline[$v]=$!
	done
	replay | event-log append log/orders &
	ingest=$!
}

# member PID NAME: the pid of a pipeline's member.
member() {
	local stat pid name state parent
	for stat in /proc/[0-9]*/stat; do
		# a process may go while we look
		read -r pid name state parent _ 2> /dev/null < "$stat" || continue
		[ "$parent" = "$1" ] && [ "$name" = "($2)" ] && [ "$state" != Z ] && echo "$pid" && return
	done
	return 1
}

kill_one() {
	local pid
	until pid=$(member "${pipeline[country]}" window-agg); do pause 0.05; done
	kill -9 "$pid"
	say "        kill -9 $pid: the window-agg of GMV by country; its pipeline starts again from what view-store has committed"
}

rebuild() {
	timed batch-view --seal -V "$here/views/country.view" --store views/country log/orders 2> live/batch.err
	say "        batch-view, while all goes on: $(merge-views --header --top 1 views/country | border)"
}

# What --header says of the border between batch and speed.
border() { sed -n 's/^# .* position=\([0-9]*\)@.* cut=\([0-9]*\) .*/\1 \2/p' | awk '{ printf "%d records from batch, %d from speed", $2, $1 - $2 }'; }

# One line of live figures.
look() {
	local figures
	figures=$(merge-views --window none --group-by '' views/minute 2> /dev/null | tail -n 1) || true
	[ -n "$figures" ] || return 0
	say "$(printf '%4.1f s  %s lines, %s orders, GMV %s; best country: %s' \
		"$(awk -v ns=$(($(now) - began)) 'BEGIN { print ns / 1e9 }')" \
		"$(cut -d, -f1 <<< "$figures")" "$(cut -d, -f2 <<< "$figures")" "$(cut -d, -f3 <<< "$figures")" \
		"$(merge-views --window none --order 'gmv desc' --top 1 views/country 2> /dev/null | tail -n 1 | cut -d, -f1)")"
}

log_end() { event-log info "$1" | sed -n 's/^last\t//p'; }
view_end() { merge-views --header "$1" 2> /dev/null | sed -n 's/^# .* position=\([^ ]*\) .*/\1/p'; }

# catch_up VIEW [LOG]: until a view has all of the log, at most 30 s.
catch_up() {
	local v=$1 log=${2:-log/orders} until=$((SECONDS + 30))
	while [ "$(view_end "views/$v")" != "$(log_end "$log")" ]; do
		[ "$SECONDS" -lt "$until" ] || { say "views/$v does not catch up"; return 1; }
		pause 0.02
	done
}

run_loop() {
	began=$(now)
	start_loop
	local step=0
	while kill -0 "$ingest" 2> /dev/null; do
		pause 1
		step=$((step + 1))
		[ $((step % 2)) -eq 0 ] && look
		[ "$step" -eq $((replay_s / 3)) ] && kill_one
		[ "$step" -eq $((replay_s / 2)) ] && rebuild
	done
	wait "$ingest"
	ingest=
	for v in $live; do
		catch_up "$v"
		kill -TERM "${pipeline[$v]}"
		wait "${pipeline[$v]}"
		unset "pipeline[$v]"
	done
	look
}

# The same view three ways: as the loop left it (batch and speed), by the batch layer alone, by the speed layer alone from the
# beginning of the log (Kappa). And in one pass over the data, which the reference answers are held against.
compare_layers() {
	event-log seal log/orders
	event-log verify log/orders > live/verify
	check "the log is whole: $(log_end log/orders)" grep -q . live/verify
	check "the log has every line" cmp -s <(event-log cat log/orders) orders.csv
	for v in $live; do
		merge-views "views/$v" > "live/$v.loop.csv"
		batch-view -V "$here/views/$v.view" --store "views/$v-batch" log/orders 2> /dev/null
		merge-views "views/$v-batch" > "live/$v.batch.csv"
		event-log cat --resume-from "views/$v-speed" log/orders |
			window-agg -V "$here/views/$v.view" --emit partial | view-store "views/$v-speed"
		merge-views "views/$v-speed" > "live/$v.speed.csv"
		check "$v: loop = batch = speed = one pass, to the last byte" \
			same_bytes "live/$v.loop.csv" "live/$v.batch.csv" "live/$v.speed.csv" "whole/$v.csv"
	done
}

same_bytes() {
	local first=$1 other
	shift
	for other; do
		cmp -s "$first" "$other" || return 1
	done
}
