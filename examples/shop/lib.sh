# shellcheck shell=bash disable=SC2034,SC2154
# What run.sh is made of: printing, checking, the data and its disorder, the comparisons.

failed=0

title() { printf '\n== %s\n' "$1"; }
say() { printf '   %s\n' "$1"; }

# check TEXT COMMAND...: the command must succeed.
check() {
	local text=$1
	shift
	if "$@"; then
		printf '   ok    %s\n' "$text"
	else
		printf '   WRONG %s\n' "$text"
		failed=1
	fi
}

now() { date +%s%N; }

# timed COMMAND...: its duration goes into the file `took`, as nanoseconds.
timed() {
	local begin
	begin=$(now)
	"$@"
	echo $(($(now) - begin)) > took
}

# rate N: millions a second over what timed measured last.
rate() { awk -v n="$1" -v ns="$(cat took)" 'BEGIN { printf "%.2f", n / ns * 1000 }'; }

# SCALE copies of the data: ids get a suffix, times other seconds of the same minute. Columns are counted from the end of the
# line, for only the description may hold commas.
make_orders() {
	gzip -dc "$here/data/online_retail.csv.gz" | awk -F, -v OFS=, -v scale="$scale" '
		NR == 1 || scale == 1 { print; next }
		{
			invoice = $1; time = $(NF - 3); customer = $(NF - 1)
			for (copy = 0; copy < scale; copy++) {
				$1 = invoice "-" copy
				$(NF - 3) = substr(time, 1, 17) sprintf("%02d", copy % 60)
				$(NF - 1) = customer == "" ? "" : customer "-" copy
				print
			}
		}'
}

# Lines dealt at random (the same way each time) and shuffled within each piece.
cut_pieces() {
	local header p
	header=$(head -n 1 orders.csv)
	tail -n +2 orders.csv | awk -v n="$pieces" '
		BEGIN { srand(7) }
		{ printf "%03d\t%09d\t%s\n", int(rand() * n), int(rand() * 1e9), $0 }' | sort | awk -F '\t' -v header="$header" '
		NR == 1 || $1 != piece { piece = $1; file = "pieces/" piece ".csv"; print header > file }
		{ print substr($0, 15) > file }'
	say "$(find pieces -name '*.csv' | wc -l) pieces of about $((lines / pieces)) lines"
}

# The answers of SQLite, in the columns and order of ours. Numbers are compared as numbers: 2.50 is 2.5.
plain() { awk -F, -v OFS=, '{ for (i = 1; i <= NF; i++) if ($i ~ /^-?[0-9]+\.[0-9]*$/) { sub(/0+$/, "", $i); sub(/\.$/, "", $i) } print }' | sort; }
ours() { tail -n +2 "$1" | sed 's/\([0-9]\)T\([0-9:]*\)Z/\1 \2/g'; }
answer() { tail -n +2 "$here/expected/$1.csv"; }
same() { cmp -s <(plain < "$1") <(plain < "$2"); }

compare() {
	check "$1" same ours.tmp answer.tmp
}

compare_answers() {
	if [ "$scale" -ne 1 ]; then
		ours whole/day.csv | awk -F, -v s="$scale" '{ o += $5; g += $9; l += $3 } END { printf "%d %d %.3f\n", l / s, o / s, g / s }' > ours.tmp
		answer daily | awk -F, '{ l += $2; o += $4; g += $8 } END { printf "%d %d %.3f\n", l, o, g }' > answer.tmp
		check "lines, orders and GMV are $scale times the reference" cmp -s ours.tmp answer.tmp
		return
	fi
	ours whole/day.csv | awk -F, -v OFS=, '{ print substr($1, 1, 10), $3, $4, $5, $6, $7, $8, $9, $10, $11 }' > ours.tmp
	answer daily > answer.tmp
	compare "the day: lines, invoices, orders, cancellations, customers, units, GMV, refunds, net"
	ours whole/hour.csv | cut -d, -f1,3,4,5,7,8 > ours.tmp
	answer hourly > answer.tmp
	compare "the hour: lines, orders, customers, units, GMV"
	ours whole/stock.csv > ours.tmp
	answer stock_movement > answer.tmp
	compare "stock movement of every product"
	merge-views --window none whole/country.part > country.csv
	ours country.csv > ours.tmp
	answer by_country > answer.tmp
	compare "countries, merged from their days"
	merge-views --order 'gmv desc, StockCode' --top 100 whole/product.part > top.csv
	ours top.csv > ours.tmp
	answer top_products > answer.tmp
	compare "the hundred best products"
	ours whole/visit.csv | cut -d, -f3- > ours.tmp
	answer sessions_30m | cut -d, -f1,4- > answer.tmp
	compare "sessions of every customer"
}

# A feed as it comes over a network: every event has an id; 1 % come twice, all are up to 5 minutes late in the order of
# arrival, and every 500th straggles by four hours.
make_feed() {
	printf 'event_id,%s\n' "$(head -n 1 orders.csv)"
	tail -n +2 orders.csv | awk -F, '
		BEGIN { srand(11) }
		{
			t = $(NF - 3)
			minute = substr(t, 12, 2) * 60 + substr(t, 15, 2)
			day = substr(t, 1, 10)
			lag = int(rand() * 6) + (NR % 500 == 0 ? 240 : 0)
			printf "%s %05d %08d\t%d,%s\n", day, minute + lag, NR, NR, $0
			if (rand() < 0.01)
				printf "%s %05d %08d\t%d,%s\n", day, minute + lag + int(rand() * 5), NR, NR, $0
		}' | sort | cut -f2-
}

count() { sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p" "$1"; }

live_stream() {
	local hour=$here/views/hour.view
	make_feed > live/feed.csv
	timed sh -c '
		cat live/feed.csv |
		dedupe --key event_id --stats 2> live/dedupe.json |
		window-agg -V "$1" --late live/late.ndjson --stats 2> live/window.json > live/hour.csv' sh "$hour"
	say "$(wc -l < live/feed.csv) events through dedupe | window-agg, final rows: $(rate "$(wc -l < live/feed.csv)") M events/s"
	say "dedupe      in $(count live/dedupe.json in) = out $(count live/dedupe.json out) + duplicate $(count live/dedupe.json duplicate)"
	say "window-agg  in $(count live/window.json in) = out $(count live/window.json out) + late $(count live/window.json late) + filtered $(count live/window.json filtered)"
	check "every line arrived once" [ "$(count live/dedupe.json out)" -eq "$lines" ]
	check "the late ones are kept, each with its reason" [ "$(wc -l < live/late.ndjson)" -eq "$(count live/window.json late)" ]

	# Late records are no loss: what came in time and what came late are two parts of one view.
	head -n 1 live/feed.csv > live/late.csv
	sed 's/.*"raw":"\(.*\)"}$/\1/; s/\\"/"/g; s/\\\\/\\/g' live/late.ndjson >> live/late.csv
	dedupe --key event_id live/feed.csv | awk 'NR == FNR { late[$0]; next } FNR == 1 || !($0 in late)' live/late.csv - > live/ontime.csv
	window-agg -V "$hour" --emit partial live/late.csv > live/late.part
	window-agg -V "$hour" --emit partial live/ontime.csv > live/ontime.part
	merge-views live/ontime.part live/late.part > live/merged.csv
	check "in time + late, merged = one batch, to the last byte" cmp -s live/merged.csv whole/hour.csv
}

# pick COLUMN...: these columns of a CSV with a header, aligned, numbers to the right, times without their seconds.
pick() {
	awk -F, -v want="$*" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(want, name, " ") }
		{
			for (i = 1; i <= n; i++) {
				text = $(at[name[i]])
				sub(/T00:00:00Z$/, "", text)
				sub(/:00Z$/, "", text)
				cell[NR, i] = text
				if (length(text) > width[i]) width[i] = length(text)
				if (NR == 2) right[i] = text ~ /^-?[0-9.]+$/
			}
		}
		END {
			for (r = 1; r <= NR; r++) {
				line = "     "
				for (i = 1; i <= n; i++) line = line sprintf("%" (right[i] ? "" : "-") width[i] "s  ", cell[r, i])
				sub(/ +$/, "", line)
				print line
			}
		}'
}

show_figures() {
	say "The months, and how much of the sales came back:"
	merge-views --window 1mo whole/day.part | pick window_start orders customers units gmv refunds refund_rate
	say "The last week, day by day:"
	merge-views --since 2011-12-03 whole/day.part | pick window_start orders cancelled customers gmv refunds
	say "Best countries:"
	merge-views --window none --order 'gmv desc' --top 5 whole/country.part | pick Country orders customers gmv
	say "Best products:"
	merge-views --order 'gmv desc' --top 5 whole/product.part | pick StockCode orders units gmv
	say "The busiest hours, customers counted exactly and by sketch:"
	merge-views --order 'orders desc' --top 3 whole/hour.part | pick window_start orders customers about gmv basket
	say "The busiest minute:"
	merge-views --order 'orders desc, gmv desc' --top 1 whole/minute.part | pick window_start lines orders gmv
	say "Most returned:"
	merge-views --order 'back desc' --top 3 whole/stock.part | pick StockCode out back net
	say "What a sales line is worth (quantiles within 1 %):"
	merge-views --since 2011-10-01 whole/value.part | pick window_start lines p50 p90 p99 most
	say "The longest list of one session:"
	merge-views --order 'lines desc' --top 1 whole/visit.part | pick CustomerID window_start lines orders gmv
}

finish() {
	if [ "$failed" -ne 0 ]; then
		printf '\nSomething is wrong, see above.\n'
		exit 1
	fi
	printf '\nAll equal. Files are in %s.\n' "$work"
}
