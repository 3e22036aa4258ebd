# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: MIT
# What is measured, and on what. Whoever reads this has set work (where inputs go), generate (the program) and rows.

# --- Jobs ----------------------------------------------------------------------------------------
# An operation is done by tests/bench/weir and everything in peers/, on one or two inputs. These variables tell them more:
#
#	TIME KEY VALUE USER_ID  columns; a.b is a member of an object
#	CLOCK           how times are written: ms, iso, blank
#	SCALE           most digits behind the point of VALUE
#	FORM            csv, tsv, ndjson: by the name of the input
#	QUOTED          there are quoted fields
#	PIPED           the input comes through a pipe
#	CORES           how many threads weir may use; one if nothing is said
#	THREADS         how many the peers may: as many as there are processors
#	SCRATCH         a directory, empty at the beginning
#	VIEW            a definition for the tools that want one
#	CHECK           print what has been stored, too
defaults=(TIME=ts KEY=category VALUE=amount USER_ID=user_id CLOCK=ms SCALE=2 QUOTED='' PIPED='' FORM=csv CORES=1 EPOCHS='' CHECK='' UNDER='')

jobs=()
declare -A operation inputs settings what target is_variant

job() {         # name operation inputs what target [VARIABLE=value]...
	jobs+=("$1")
	operation[$1]=$2
	inputs[$1]=$3
	what[$1]=$4
	target[$1]=$5
	settings[$1]=${*:6}
}

# The same in another form: the peers that are furthest behind need not show it again.
variant() {
	is_variant[$1]=1
	job "$@"
}

job J1 tumble orders.csv 'count and sum by minute and category' \
	'>= 45 M rows/s; >= 5x DuckDB and chdb, >= 20x mawk; peak <= 16 MiB'
job J1p tumble orders.csv 'J1 through a pipe' '>= 2.5 GB/s' PIPED=1
variant J1j tumble orders.csv 'J1 on two cores' '' CORES=2
variant J1q tumble quoted.csv 'J1, a field quoted in 1 % of the rows' '>= 80 % of J1' QUOTED=1
variant J1c tumble columns.csv 'J1, other names and another order of the columns' '' TIME=sold_at KEY=kind VALUE=total
variant J1w tumble wide.csv 'J1, 24 columns' ''
variant J1n tumble numbers.csv 'J1, numbers of several forms: 12.50, 12.5, 12.500' '' SCALE=3
variant J1t tumble orders.tsv 'J1 on TSV' ''
job J2 distinct orders.csv 'count, sum and exact count of distinct users by minute and product, 30 s of disorder' \
	'>= 8 M rows/s; >= 1.8x Polars, >= 2.5x DuckDB; peak <= 64 MiB' KEY=product_id
job J2a approximate orders.csv 'the same with an approximate count' '>= 10 M rows/s' KEY=product_id
job J3 dedupe orders.csv 'the first row of each order_id, whole' \
	'>= 8 M rows/s; >= 2.5x chdb, >= 8x gawk; <= 45 bytes per key, exact'
variant J3p dedupe orders.csv 'J3 through a pipe' '' PIPED=1
job J4 tumble orders.ndjson 'J1 on NDJSON' '>= 14 M rows/s; >= 2.5x DuckDB'
variant J4m tumble mixed.ndjson 'J4, keys in any order, some with blanks' '>= 8 M rows/s'
variant J4e tumble escaped.ndjson 'J4, escapes in every tenth row' '>= 8 M rows/s'
variant J4n tumble nested.ndjson 'J4, key and value in an object' '>= 8 M rows/s' TIME=placed_at KEY=item.kind VALUE=item.total
variant J4w tumble wide.ndjson 'J4, 24 keys' ''
job J5 tumble orders.csv.gz 'J1 on gzip' '>= 1.8x chdb with ISA-L; >= 1.4x DuckDB with zlib alone'
variant J5m tumble members.csv.gz 'J1 on gzip of many members, on two cores' '>= 1.7x one core' CORES=2
job J6 merge 'view0.csv view1.csv' 'merge of two sorted files of a view, a million rows each' '>= 6x DuckDB'
job J7 tumble iso.csv 'J1, times in ISO 8601' '>= 30 M rows/s; >= 5x DuckDB' CLOCK=iso
variant J7b tumble blank.csv 'J1, times as of databases: 2026-03-02 08:00:29.034' '' CLOCK=blank
job J8 revenue lines.csv "J1, sum(price * quantity) where status is paid" '>= 60 % of J1'
job J9 slide orders.csv 'J1, windows of 60 minutes, one beginning each minute' '>= 50 % of J1'
job J10 session orders.csv 'sessions of users, ended by 30 quiet minutes' '>= 5 M rows/s' KEY=user_id
job J11 append orders.csv 'event-log append, each block synced' '>= 200 MB/s'
job J11n append-lazily orders.csv 'event-log append, synced at the end' '>= 700 MB/s'
job J11c read plain.log 'event-log cat, plain segments' '>= 1.5 GB/s'
job J11z read sealed.log 'event-log cat, sealed segments' '>= 90 % of zcat'
job J12 rebuild sealed.log 'batch-view of J1 over a sealed log, two cores' '>= 1.7x one core; >= 3x DuckDB' CORES=2
job J13 live plain.log 'cat | window-agg | view-store of J1, epochs as they come' 'epochs cost <= 2 %'
job J13l latency '' 'from record appended to row visible' 'p99 <= 100 ms at 50,000 records/s'
job growth growth '' 'cost by rows and groups' 'linear in rows, at most logarithmic in groups'

# --- Inputs --------------------------------------------------------------------------------------

plain_columns=order_id,ts,user_id,product_id,category,region,status,amount
wide_columns=$plain_columns
for i in {1..16}; do
	wide_columns+=,note$i=note
done

generate_options() {    # name
	case $1 in
	orders.csv) ;;
	orders.tsv) echo --format tsv ;;
	orders.ndjson) echo --format ndjson ;;
	quoted.csv) echo --quoted ;;
	columns.csv) echo --columns total=amount,state=status,kind=category,place=region,article=product_id,buyer=user_id,sold_at=ts,no=order_id ;;
	wide.csv) echo --columns "$wide_columns" ;;
	wide.ndjson) echo --format ndjson --columns "$wide_columns" ;;
	numbers.csv) echo --numbers mixed ;;
	iso.csv) echo --time iso ;;
	blank.csv) echo --time blank ;;
	lines.csv) echo --columns "${plain_columns/amount/price,quantity}" ;;
	mixed.ndjson) echo --format ndjson --shape mixed ;;
	escaped.ndjson) echo --format ndjson --shape escaped ;;
	nested.ndjson) echo --format ndjson --columns order_id,placed_at=ts,buyer=user_id,item.no=product_id,item.kind=category,item.total=amount,region,status ;;
	view?.csv) echo --view "${1//[!0-9]/}" --rows "$view_rows" ;;
	groups-*.csv) echo --even --products "${1//[!0-9]/}" ;;
	*) return 1 ;;
	esac
}

# Is it there, and younger than what makes it?
is_made() {     # file maker...
	local maker

	[[ -e $1 ]] || return
	for maker in "${@:2}"; do
		[[ $maker -nt $1 ]] && return 1
	done
	return 0
}

# Makes an input of so many rows if need be; its path is in REPLY.
input() {       # name rows
	view_rows=$(($2 < 1000000 ? $2 : 1000000))
	mkdir -p "$work/$2"
	case $1 in
	*.log) make_log "$@" ;;
	orders.csv.gz | members.csv.gz) make_gzip "$@" ;;
	view?.csv) make_rows "$@" && make_partial "$work/$2/${1%.csv}" ;;
	*) make_rows "$@" ;;
	esac || return
	REPLY=$work/$2/$1
}

make_rows() {   # name rows
	local options file=$work/$2/$1

	is_made "$file" "$generate" && return
	options=$(generate_options "$1") || return
	# shellcheck disable=SC2086 # several
	"$generate" --rows "$2" $options > "$file.new" && mv "$file.new" "$file"
}

make_gzip() {   # name rows
	local file=$work/$2/$1 orders

	input orders.csv "$2" || return
	orders=$REPLY
	is_made "$file" "$orders" && return
	case $1 in
	members*) split -C 4M --filter='gzip -6' "$orders" ;;
	*) gzip -6 < "$orders" ;;
	esac > "$file.new" && mv "$file.new" "$file"
}

make_partial() {        # file without .csv
	is_made "$1.partial" "$1.csv" bin/window-agg && return
	window-agg -t window_start -w 1m -g product_id -m 'count=sum(count)' -m 'sum=sum(sum)' -e partial "$1.csv" > "$1.partial"
}

# plain.log is one segment that grows, sealed.log many of 16 MiB in members.
make_log() {    # name rows
	local log=$work/$2/$1 orders

	input orders.csv "$2" || return
	orders=$REPLY
	is_made "$log.made" "$orders" bin/event-log && return
	rm -rf "$log"
	case $1 in
	sealed*) event-log append --sync none --segment-size 16M "$log" "$orders" && event-log seal "$log" ;;
	*) event-log append --sync none --segment-size 1000G --no-compress "$log" "$orders" ;;
	esac && : > "$log.made"
}

# --- Before a job --------------------------------------------------------------------------------

set_variables() {       # VARIABLE=value...
	local setting

	for setting in "${defaults[@]}" "$@"; do
		export "${setting?}"
	done
}

# Exports what the operation wants to know; the inputs are in files.
set_job() {     # job
	local name=$1 input

	# shellcheck disable=SC2086 # several
	set_variables ${settings[$name]}
	files=()
	for input in ${inputs[$name]}; do
		input "$input" "$rows" || { echo "$input: cannot be made" >&2; exit 1; }
		files+=("$REPLY")
		FORM=${input#*.}
	done
	FORM=${FORM%.gz}
	[[ $FORM == log ]] && FORM=csv
	find "${files[@]}" -type f -exec cat {} + > /dev/null   # into the page cache
}
