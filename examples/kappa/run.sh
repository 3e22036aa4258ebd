#!/usr/bin/env bash
# Kappa: one layer, one log. A view is made by the speed layer alone; when its definition changes, the log is replayed into a new
# view beside the old one, which serves until the new one has caught up; then the name changes hands in one step.
#
#   examples/kappa/run.sh            WORK=DIR for another place than build/kappa
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${WORK:-$root/build/kappa}
PATH=${WEIR_BIN:-$root/bin}:$PATH
export LC_ALL=C

rm -rf "$work"
mkdir -p "$work/views"
cd "$work"

say() { printf '%s\n' "$1"; }
serve() { merge-views --order 'gmv desc' --top 3 views/gmv/; }

# live VERSION: the speed layer of that version, in the background; it goes on until it is asked to stop.
live() {
	run-pipeline --log pipeline.log -- \
		event-log cat --follow --resume-from "views/gmv-$1" log '|' \
		window-agg -V "$here/gmv-$1.view" --emit partial '|' \
		view-store "views/gmv-$1" 2>> pipeline.err &
}

# Until a view has what the log has.
caught_up() {
	local until=$((SECONDS + 30))
	until [ "$(merge-views --header "$1" 2> /dev/null | sed -n 's/^# .* position=\([^ ]*\) .*/\1/p')" = "$(event-log info log | sed -n 's/^last\t//p')" ]; do
		[ "$SECONDS" -lt "$until" ]
		read -rt 0.05 <> <(:) || true
	done
}

# The names of views are links: a reader that opened the old directory goes on reading it.
swap() {
	ln -s "gmv-$1" views/.next
	mv -T views/.next views/gmv
}

say "The first half of the year is in the log; version 1 of the view follows it."
gzip -dc "$root/examples/shop/data/online_retail.csv.gz" > orders.csv
head -n 270001 orders.csv | event-log append log
live 1
first=$!
trap 'kill $first ${second:-} 2> /dev/null || true' EXIT
caught_up views/gmv-1
swap 1
serve

say ""
say "Version 2 takes cancellations off. It replays the log from its beginning while version 1 serves and orders come in."
{ head -n 1 orders.csv; tail -n +270002 orders.csv; } | event-log append log &
ingest=$!
live 2
second=$!
wait "$ingest"
caught_up views/gmv-2
caught_up views/gmv-1
say "Version 1 has served all the while:"
serve
swap 2
kill -TERM "$first"
wait "$first"
say ""
say "Version 2, from now on:"
serve
kill -TERM "$second"
wait "$second"

for version in 1 2; do
	event-log cat --from 0 log | window-agg -V "$here/gmv-$version.view" > "pass-$version.csv"
	merge-views "views/gmv-$version" > "view-$version.csv"
	cmp "pass-$version.csv" "view-$version.csv"
done
say ""
say "Both are equal to one pass over the log, to the last byte."
