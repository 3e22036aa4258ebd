# SPDX-License-Identifier: MIT
# Real data against answers that others computed: expected/*/queries.sql says how each is defined in SQL,
# views/ says the same to weir, and both must agree to the last digit. Each pipeline here is one to copy.

load ../lib

setup_file() {
	export E2E=$WEIR_ROOT/tests/e2e
	export RETAIL=$WEIR_ROOT/examples/shop/data/online_retail.csv.gz
	export WIKI=$E2E/data/wikiticker_2015-09-12.ndjson.gz
	export NASA=$E2E/data/nasa_19950801.csv.gz
	export SHOPPERS=$E2E/data/online_shoppers.csv.gz
	export OTTO=$E2E/data/otto_events.ndjson.gz
	export OTTO_SESSIONS=$E2E/data/otto_sessions.ndjson.gz

	# for what is compared with itself, a tenth of the lines will do where sanitizers are slow
	export RETAIL_ENOUGH=$RETAIL
	is_plain_build && return
	RETAIL_ENOUGH=$BATS_FILE_TMPDIR/online_retail.csv.gz
	gzip -dc "$RETAIL" | awk 'NR % 10 == 1' | gzip > "$RETAIL_ENOUGH"
}

setup() {
	need sqlite3 jq
	set -o pipefail
	cd "$BATS_TEST_TMPDIR" || return
}

view() {                # data/name -- the options that take the definition of that name
	echo "--view=$E2E/views/$1.view"
}

# Compares the rows on stdin with expected/NAME.csv: the same columns, rows and order. A column of other
# make is given as SQL over those of stdin: `agrees shop/daily "day=substr(window_start, 1, 10)"`.
agrees() {              # name [column=expression]...
	local name=$1 columns column computed

	shift
	cat > rows.csv
	IFS=, read -ra columns < "$E2E/expected/$name.csv"
	for column in "${!columns[@]}"; do
		columns[column]="[${columns[column]}]"
		for computed; do
			[[ ${columns[column]} == "[${computed%%=*}]" ]] && columns[column]=${computed#*=}
		done
	done
	table_of "$E2E/expected/$name.csv" '*' > want.tsv &&
		table_of rows.csv "$(IFS=,; echo "${columns[*]}")" > got.tsv &&
		diff want.tsv got.tsv
}

# Every value is a text: numbers never become floats. 2.50 is written 2.5, 3.00 is written 3.
table_of() {            # file.csv columns
	sqlite3 -bail -tabs :memory: ".import --csv $1 rows" "select $2 from rows" |
		awk -F '\t' -v OFS='\t' '
		{ for (i = 1; i <= NF; i++) if ($i ~ /^-?[0-9]+[.][0-9]+$/) sub(/[.]?0+$/, "", $i) }
		{ print }
		END { exit NR == 0 }'
}

# Four files of all lines in an order by chance, always the same: the packed data itself is the dice.
# Made once, they are linked as *.piece into the directory of the test.
four_pieces() {         # file.gz
	local made=$BATS_FILE_TMPDIR/${1##*/}.pieces

	[[ -d $made ]] || make_pieces "$1" "$made"
	ln -sf "$made"/*.piece .
}

make_pieces() {         # file.gz directory
	gzip -dc "$1" > all
	: > header
	if [[ $1 == *.csv.gz ]]; then
		sed 1q all > header
		sed -i 1d all
	fi
	mkdir "$2"
	# shellcheck disable=SC2016 # split sets FILE
	shuf --random-source="$1" all |
		split -n r/4 --additional-suffix=.piece --filter='cat header - > "$FILE"' - "$2/"
}

merged() {              # options of window-agg -- partials of each *.piece apart, merged
	local piece

	for piece in *.piece; do
		window-agg "$@" --emit partial "$piece" > "${piece%.piece}.partial" || return
	done
	merge-views ./*.partial
}

# The rows of one plain run over the whole file, made once: prints the name of their file.
whole() {               # file.view data
	local made=$BATS_FILE_TMPDIR/${2##*/}.${1##*/}

	[[ -e $made ]] || { window-agg --view "$1" -o csv "$2" > rows && mv rows "$made"; } || return
	echo "$made"
}

# Calls a function with each definition over that data and the data; all are tried.
each_view() {           # data file function
	local view failed=0

	for view in "$E2E/views/$1"/*.view; do
		"$3" "$view" "$2" || { echo "$view: other rows"; failed=1; }
	done
	return "$failed"
}

# --- The comparison itself ----------------------------------------------------------------------------

@test "the comparison notices a tenth of a cent, a row more, a row less and another order" {
	local good=$E2E/expected/online_retail/by_country.csv

	agrees online_retail/by_country < "$good"
	sed 's/9025222.084/9025222.08400/; s/285446.34$/285446.340/' "$good" | agrees online_retail/by_country
	run ! agrees online_retail/by_country < <(sed 's/9025222.084/9025222.085/' "$good")
	run ! agrees online_retail/by_country < <(sed '$p' "$good")
	run ! agrees online_retail/by_country < <(sed '$d' "$good")
	run ! agrees online_retail/by_country < <(sed '2{h;d};3G' "$good")
	run ! agrees online_retail/by_country < <(sed 's/,gmv$/,amount/' "$good")
	run ! agrees online_retail/by_country < /dev/null
}

# --- online_retail: 541,909 lines of a shop -----------------------------------------------------------

@test "online_retail: totals" {
	dedupe --duplicates repeats.ndjson "$RETAIL" > distinct.csv

	window-agg "$(view online_retail/totals)" "$RETAIL" |
		agrees online_retail/totals \
			"distinct_lines=$(sed 1d distinct.csv | wc -l)" \
			"exact_duplicate_lines=$(wc -l < repeats.ndjson)"
}

@test "online_retail: daily" {
	window-agg "$(view online_retail/daily)" "$RETAIL" |
		agrees online_retail/daily 'day=substr(window_start, 1, 10)'
}

@test "online_retail: daily_dedup" {
	dedupe "$RETAIL" | window-agg "$(view online_retail/daily_dedup)" |
		agrees online_retail/daily_dedup 'day=substr(window_start, 1, 10)'
}

@test "online_retail: hourly" {
	window-agg "$(view online_retail/hourly)" "$RETAIL" |
		agrees online_retail/hourly 'window_start=datetime(window_start)'
}

@test "online_retail: sliding_60m_15m" {
	window-agg "$(view online_retail/sliding_60m_15m)" "$RETAIL" |
		agrees online_retail/sliding_60m_15m \
			'window_start=datetime(window_start)' 'window_end=datetime(window_end)'
}

@test "online_retail: monthly, with new customers from a second pass" {
	window-agg "$(view online_retail/monthly)" "$RETAIL" > sales.csv
	window-agg "$(view online_retail/first_purchase)" "$RETAIL" |
		window-agg --time first_purchase --window 1mo --measure 'new_customers = count()' > new.csv

	join --header -t, sales.csv new.csv |
		agrees online_retail/monthly 'month=substr(window_start, 1, 7)'
}

@test "online_retail: by_country" {
	window-agg "$(view online_retail/by_country)" --emit partial "$RETAIL" |
		merge-views --order 'gmv desc, Country' |
		agrees online_retail/by_country
}

@test "online_retail: by_country_day" {
	window-agg "$(view online_retail/by_country_day)" --emit partial "$RETAIL" |
		merge-views --order 'Country, window_start' |
		agrees online_retail/by_country_day 'day=substr(window_start, 1, 10)'
}

@test "online_retail: stock_movement" {
	window-agg "$(view online_retail/stock_movement)" "$RETAIL" |
		agrees online_retail/stock_movement 'stock_code=StockCode'
}

@test "online_retail: top_products" {
	window-agg "$(view online_retail/top_products)" --emit partial "$RETAIL" |
		merge-views --order 'gmv desc, StockCode' --top 100 |
		agrees online_retail/top_products 'stock_code=StockCode'
}

# One log cut at one place: what came before is the batch, what came since is the speed layer.
@test "online_retail: batch_speed_split" {
	gzip -dc "$RETAIL" > log.csv
	cut=$(grep -n -m 1 ',2011-12-01 ' log.csv | cut -d : -f 1)
	head -n $((cut - 1)) log.csv |
		window-agg "$(view online_retail/by_country)" --emit partial > batch.partial
	{ sed 1q log.csv; tail -n +"$cut" log.csv; } |
		window-agg "$(view online_retail/by_country)" --emit partial > speed.partial

	merge-views --emit partial batch.partial speed.partial > total.partial

	header=country
	for layer in batch speed total; do
		merge-views $layer.partial | sed 1d | cut -d , -f 1,3,4,6 > $layer
		header+=",${layer}_orders,${layer}_customers,${layer}_gmv"
	done
	{
		echo "$header"
		join -t, -a 1 -e 0 -o 0,1.2,1.3,1.4,2.2,2.3,2.4 batch speed | join -t, - total
	} | agrees online_retail/batch_speed_split
}

order_value_quantiles() {       # [option]... -- over rows of order_value, the quantiles of the reference
	local measures

	mapfile -t measures < <(awk -F, 'NR > 1 { printf "--measure=q%d=approx_quantile(order_value, %s)\n", NR - 1, $1 }' \
		"$E2E/expected/online_retail/order_value_quantiles.csv")
	window-agg --window none "${measures[@]}" "$@"
}

@test "online_retail: order_value_quantiles, each within 1 %" {
	window-agg "$(view online_retail/order_value)" "$RETAIL" |
		order_value_quantiles -o tsv | sed 1d | tr '\t' '\n' > got
	sed 1d "$E2E/expected/online_retail/order_value_quantiles.csv" | paste -d, - got > both

	awk -F, '
	NF != 3 || $3 == "" || ($3 - $2) ^ 2 * 10000 > $2 ^ 2 { print "q " $1 ": got " $3 ", reference " $2; bad = 1 }
	END { exit bad || NR != 11 }' both
}

@test "online_retail: sessions_30m" {
	window-agg "$(view online_retail/sessions_30m)" --emit partial "$RETAIL" |
		merge-views --order 'CustomerID, window_start' |
		agrees online_retail/sessions_30m 'customer=CustomerID'
}

# Records exactly one gap apart are two sessions: that is the second reading of the reference.
@test "online_retail: sessions_30m_totals" {
	sed 's/^session .*/session 30m/' "$E2E/views/online_retail/sessions_30m.view" > strict.view
	{
		echo rule,sessions
		echo "gap > 1800 s starts a new session,$(window-agg "$(view online_retail/sessions_30m)" "$RETAIL" | sed 1d | wc -l)"
		echo "gap >= 1800 s starts a new session,$(window-agg --view strict.view "$RETAIL" | sed 1d | wc -l)"
	} | agrees online_retail/sessions_30m_totals
}

# --- wikiticker: a day of edits, NDJSON ---------------------------------------------------------------

@test "wikiticker: totals" {
	window-agg "$(view wikiticker/totals)" -o csv "$WIKI" | agrees wikiticker/totals
}

@test "wikiticker: hourly" {
	window-agg "$(view wikiticker/hourly)" -o csv "$WIKI" | agrees wikiticker/hourly
}

@test "wikiticker: minute5_by_robot" {
	window-agg "$(view wikiticker/minute5_by_robot)" -o csv "$WIKI" | agrees wikiticker/minute5_by_robot
}

@test "wikiticker: by_channel" {
	window-agg "$(view wikiticker/by_channel)" --emit partial "$WIKI" |
		merge-views --order 'edits desc, channel' |
		agrees wikiticker/by_channel
}

@test "wikiticker: by_namespace" {
	window-agg "$(view wikiticker/by_namespace)" --emit partial "$WIKI" |
		merge-views --order 'edits desc, namespace' |
		agrees wikiticker/by_namespace
}

@test "wikiticker: top_pages" {
	window-agg "$(view wikiticker/top_pages)" --emit partial "$WIKI" |
		merge-views --order 'edits desc, page' --top 50 |
		agrees wikiticker/top_pages
}

@test "wikiticker: by_country" {
	window-agg "$(view wikiticker/by_country)" --emit partial "$WIKI" |
		merge-views --order 'edits desc, country' |
		agrees wikiticker/by_country
}

@test "wikiticker: latest_per_page" {
	window-agg "$(view wikiticker/latest_per_page)" --emit partial "$WIKI" |
		merge-views --where 'edits >= 8' |
		agrees wikiticker/latest_per_page
}

# --- nasa_19950801: requests to a web server; a page view ends in .html or / --------------------------

@test "nasa_19950801: totals" {
	window-agg "$(view nasa_19950801/totals)" "$NASA" | agrees nasa_19950801/totals
}

@test "nasa_19950801: hourly" {
	window-agg "$(view nasa_19950801/hourly)" "$NASA" |
		agrees nasa_19950801/hourly "window_start=strftime('%s', window_start)"
}

@test "nasa_19950801: sliding_15m_5m" {
	window-agg "$(view nasa_19950801/sliding_15m_5m)" "$NASA" |
		agrees nasa_19950801/sliding_15m_5m "window_start=strftime('%s', window_start)"
}

@test "nasa_19950801: by_response" {
	window-agg "$(view nasa_19950801/by_response)" "$NASA" | agrees nasa_19950801/by_response
}

@test "nasa_19950801: by_method" {
	window-agg "$(view nasa_19950801/by_method)" --emit partial "$NASA" |
		merge-views --order 'hits desc, method' |
		agrees nasa_19950801/by_method
}

@test "nasa_19950801: top_urls" {
	window-agg "$(view nasa_19950801/top_urls)" --emit partial "$NASA" |
		merge-views --order 'pv desc, url' --top 100 |
		agrees nasa_19950801/top_urls
}

@test "nasa_19950801: top_hosts" {
	window-agg "$(view nasa_19950801/top_hosts)" --emit partial "$NASA" |
		merge-views --order 'hits desc, host' --top 100 |
		agrees nasa_19950801/top_hosts
}

@test "nasa_19950801: sessions_30m_totals, by aggregating the sessions" {
	sed 's/^session .*/session 30m/' "$E2E/views/nasa_19950801/sessions_30m.view" > strict.view
	cp "$E2E/views/nasa_19950801/sessions_30m.view" touching.view

	for rule in touching strict; do
		window-agg --view $rule.view "$NASA" |
			window-agg --window none --group-by "rule = '$rule'" --measure 'sessions = count()' \
				--measure 'hits_in_longest = max(hits)' \
				--measure 'single_hit_sessions = count() where hits == 1' > $rule.csv
	done
	{ cat touching.csv; sed 1d strict.csv; } |
		sed 's/^touching,/gap > 1800 s starts a new session,/; s/^strict,/gap >= 1800 s starts a new session,/' |
		agrees nasa_19950801/sessions_30m_totals
}

# --- online_shoppers: conversion ----------------------------------------------------------------------

@test "online_shoppers: totals" {
	dedupe --duplicates repeats.ndjson "$SHOPPERS" > distinct.csv

	window-agg "$(view online_shoppers/totals)" "$SHOPPERS" |
		agrees online_shoppers/totals "exact_duplicate_lines=$(wc -l < repeats.ndjson)"
}

@test "online_shoppers: by_month" {
	window-agg "$(view online_shoppers/by_month)" "$SHOPPERS" | agrees online_shoppers/by_month
}

@test "online_shoppers: by_visitor_type" {
	window-agg "$(view online_shoppers/by_visitor_type)" "$SHOPPERS" | agrees online_shoppers/by_visitor_type
}

@test "online_shoppers: by_weekend" {
	window-agg "$(view online_shoppers/by_weekend)" "$SHOPPERS" | agrees online_shoppers/by_weekend
}

@test "online_shoppers: by_traffic_type" {
	window-agg "$(view online_shoppers/by_traffic_type)" "$SHOPPERS" | agrees online_shoppers/by_traffic_type
}

@test "online_shoppers: by_region" {
	window-agg "$(view online_shoppers/by_region)" "$SHOPPERS" | agrees online_shoppers/by_region
}

# --- otto: clicks, carts, orders ----------------------------------------------------------------------

@test "otto: totals" {
	window-agg "$(view otto/totals)" -o csv "$OTTO" | agrees otto/totals
}

@test "otto: totals from nested lists, laid flat by jq" {
	gzip -dc "$OTTO_SESSIONS" | jq -c '{session} + .events[]' |
		window-agg "$(view otto/totals)" -o csv |
		agrees otto/totals
}

# Each list is in order of time: its first event is the session's first.
@test "otto: paths into nested lists say what the flat events say" {
	window-agg --time '.events[0].ts' --window 1d --group-by 'opening = .events[0].type' \
		--measure 'sessions = count()' --measure 'item = first(.events[0].aid)' -o csv "$OTTO_SESSIONS" > nested.csv
	window-agg --time ts --window none --group-by session --measure 'ts = min(ts)' \
		--measure 'opening = first(type)' --measure 'aid = first(aid)' "$OTTO" |
		window-agg --time ts --window 1d --group-by opening \
			--measure 'sessions = count()' --measure 'item = first(aid)' -o csv > flat.csv

	awk -F, 'NR > 1 { n += $4 } END { exit n != 20 }' nested.csv
	diff nested.csv flat.csv
}

@test "otto: hourly" {
	window-agg "$(view otto/hourly)" -o csv "$OTTO" | agrees otto/hourly
}

@test "otto: funnel, by aggregating the steps of each session" {
	window-agg "$(view otto/session_steps)" "$OTTO" |
		window-agg --window none -o csv \
			--measure 'sessions = count()' \
			--measure 'with_click = count() where clicks > 0' \
			--measure 'with_click_and_cart = count() where clicks > 0 and carts > 0' \
			--measure 'with_click_cart_order = count() where clicks > 0 and carts > 0 and orders > 0' \
			--measure 'with_order = count() where orders > 0' \
			--derive 'conversion_rate = with_order / sessions' |
		agrees otto/funnel
}

@test "otto: top_items" {
	window-agg "$(view otto/top_items)" --emit partial "$OTTO" |
		merge-views --where 'events >= 3' --order 'events desc, aid' |
		agrees otto/top_items
}

# --- The law: the same bytes whatever the way ---------------------------------------------------------

pieces_agree() {        # file.view data
	merged --view "$1" | cmp "$(whole "$1" "$2")" -
}

@test "online_retail: every view, in four shuffled pieces, merges to the same bytes" {
	four_pieces "$RETAIL_ENOUGH"
	each_view online_retail "$RETAIL_ENOUGH" pieces_agree
}

@test "the other data: every view, in four shuffled pieces, merges to the same bytes" {
	for data in "wikiticker $WIKI" "nasa_19950801 $NASA" "otto $OTTO" "online_shoppers $SHOPPERS"; do
		rm -f ./*.piece
		four_pieces "${data#* }"
		each_view "${data% *}" "${data#* }" pieces_agree
	done
}

@test "online_retail: order_value_quantiles, orders and quantiles in four pieces, merge to the same bytes" {
	window-agg "$(view online_retail/order_value)" "$RETAIL_ENOUGH" > orders.csv
	order_value_quantiles orders.csv > whole
	four_pieces "$RETAIL_ENOUGH"
	merged "$(view online_retail/order_value)" > merged.csv
	cmp orders.csv merged.csv

	echo InvoiceNo,order_value > header
	# shellcheck disable=SC2016 # split sets FILE
	sed 1d merged.csv | split -n r/4 --filter='cat header - > "$FILE"' - part.
	for part in part.*; do
		order_value_quantiles --emit partial "$part" > "quantiles.$part"
	done
	merge-views quantiles.part.* | cmp whole -
}

@test "online_retail: hours rolled up to months are the monthly view" {
	window-agg "$(view online_retail/hourly)" --emit partial "$RETAIL_ENOUGH" |
		merge-views --window 1mo | cut -d , -f 1,2,4- > rolled.csv      # hourly counts lines too
	window-agg "$(view online_retail/monthly)" "$RETAIL_ENOUGH" | cmp - rolled.csv
}

two_threads_agree() {   # file.view data
	window-agg --view "$1" -j 2 "$2" | cmp "$(whole "$1" "$2")" - &&
		window-agg --view "$1" -j 2 ./*.piece | cmp "$(whole "$1" "$2")" -
}

@test "online_retail: every view with two threads, from one file and from four, gives the same bytes" {
	four_pieces "$RETAIL_ENOUGH"
	each_view online_retail "$RETAIL_ENOUGH" two_threads_agree
}

# The data is in order of time, so nothing is late and windows leave as the watermark passes.
in_time_agrees() {      # file.view data
	grep -q '^time ' "$1" || return 0
	window-agg --view "$1" -o csv --watermark-delay 0s --stats "$2" 2> ledger | cmp "$(whole "$1" "$2")" - &&
		grep -q '"late":0,' ledger
}

@test "online_retail, wikiticker, nasa_19950801: windows fired by the watermark are those fired at the end" {
	for data in "online_retail $RETAIL_ENOUGH" "wikiticker $WIKI" "nasa_19950801 $NASA"; do
		each_view "${data% *}" "${data#* }" in_time_agrees
	done
}
