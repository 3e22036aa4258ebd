#!/usr/bin/env bash
# The shop, whole: a year of real orders becomes orders, GMV, stock and customer figures. The loop: a log, a speed layer that is
# live, a batch rebuild in the middle and a process killed on the way. Then as shuffled pieces that are aggregated apart and merged, and as
# a feed with repeats and late records. All must be equal to the last byte, and are held against answers that SQLite computed.
#
#   examples/shop/run.sh             the data as it is
#   SCALE=20 examples/shop/run.sh    twenty shops in one: ids and seconds shifted (about 1,000 orders a day; 1500: 100,000)
#   REPLAY=60 LATENCY=10             seconds that the year takes in the loop (default 7), and that latency is measured (2)
#   PIECES=100 JOBS=2 WORK=DIR       pieces (10), threads, where files go (default build/shop)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${WORK:-$root/build/shop}
scale=${SCALE:-1}
pieces=${PIECES:-10}
jobs=${JOBS:-$(nproc)}
views="minute hour day country product stock value visit"
PATH=${WEIR_BIN:-$root/bin}:$PATH
export LC_ALL=C
# shellcheck source=examples/shop/lib.sh
. "$here/lib.sh"
# shellcheck source=examples/shop/loop.sh
. "$here/loop.sh"
# shellcheck source=examples/shop/latency.sh
. "$here/latency.sh"
# shellcheck source=examples/shop/capture.sh
. "$here/capture.sh"

rm -rf "$work"
mkdir -p "$work"/{whole,pieces,parts,live}
cd "$work"

title "1. The data"
make_orders > orders.csv
lines=$(($(wc -l < orders.csv) - 1))
say "$lines order lines of a UK web shop, 2010-12-01 to 2011-12-09 (CC BY 4.0, see data/README.md)"

title "2. One batch: each view in one pass"
for v in $views; do
	timed window-agg -V "$here/views/$v.view" --emit partial -j "$jobs" orders.csv > "whole/$v.part"
	merge-views "whole/$v.part" > "whole/$v.csv"
	say "$(printf '%-8s %8d rows %6.2f M lines/s' "$v" "$(($(wc -l < "whole/$v.csv") - 1))" "$(rate "$lines")")"
done

title "3. The loop: a year of orders in $replay_s seconds; log, speed layer, batch layer, and a process killed"
run_loop

title "4. The layers against each other"
compare_layers

title "5. How long a row takes"
measure_latency

title "6. The same as $pieces shuffled pieces, aggregated apart, merged"
cut_pieces
for v in $views; do
	for p in pieces/*.csv; do
		window-agg -V "$here/views/$v.view" --emit partial "$p" > "parts/$v.$(basename "$p" .csv).part"
	done
	merge-views "parts/$v".*.part > "parts/$v.csv"
	check "$v: $pieces pieces merged = one batch, to the last byte" cmp -s "whole/$v.csv" "parts/$v.csv"
done

title "7. Against the reference answers"
compare_answers

title "8. Live: out of order, with repeats and stragglers"
live_stream

title "9. Capture: from the tables of the shop's own SQLite database"
capture_shop

title "10. What the shop sees"
show_figures

finish
