# shellcheck shell=bash disable=SC2154
# How long from a record that is handed to `event-log append` to its row in `merge-views --follow`: 20,000 records a second, in ticks
# of 10 ms, each record carrying the microsecond it was made in.

latency_s=${LATENCY:-2}
per_tick=200

# The ticks as records; what was sent, one line a tick, goes to live/sent.
send_ticks() {
	local i at lines
	echo sent
	for ((i = 0; i < latency_s * 100; i++)); do
		at=${EPOCHREALTIME/./}
		printf -v lines '%*s' "$per_tick" ''
		printf '%s' "${lines// /$at$'\n'}"
		echo "$at" >> live/sent
		pause 0.009
	done
}

# Each row that --follow prints, with the microsecond it was read in.
watch_rows() {
	local newest
	while IFS=, read -r _ _ newest; do
		echo "${EPOCHREALTIME/./} $newest"
	done
}

measure_latency() {
	local follower
	printf 'sent\n0\n' | event-log append log/ticks
	run-pipeline -- \
		event-log cat --follow --resume-from views/ticks log/ticks '|' \
		window-agg --window none -m 'records = count()' -m 'newest = max(sent)' --emit partial '|' \
		view-store views/ticks 2> live/ticks.err &
	pipeline[ticks]=$!
	catch_up ticks log/ticks
	: > live/sent
	merge-views --follow views/ticks > >(watch_rows > live/seen) &
	follower=$!
	send_ticks | event-log append log/ticks
	catch_up ticks log/ticks
	until tail -n 1 live/seen | grep -q "$(tail -n 1 live/sent)"; do pause 0.02; done
	kill "$follower"
	wait "$follower" 2> /dev/null || true
	kill -TERM "${pipeline[ticks]}"
	wait "${pipeline[ticks]}"
	unset 'pipeline[ticks]'
	awk 'NR == FNR { if ($2 ~ /^[0-9]+$/) { at[++n] = $1; newest[n] = $2 }; next }
		{ while (k < n && newest[k] < $1) k++; print (at[k] - $1) / 1000 }' live/seen live/sent | sort -n > live/latency
	say "from record appended to row visible, $((per_tick * 100)) records/s for $latency_s s: $(awk '
		{ ms[NR] = $1 }
		END { printf "median %.0f ms, p99 %.0f ms, most %.0f ms", ms[int((NR + 1) / 2)], ms[int(NR * 0.99 + 0.5)], ms[NR] }' live/latency)"
}
