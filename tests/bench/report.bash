# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
# Tables of what was measured. A run is a line "wall user system peak status", see measure.c.

millions() {    # number
	awk -v n="$1" 'BEGIN { print n >= 1000000 ? n / 1000000 " M" : n / 1000 " k" }'
}

# For awk: the median of v[1..n], sorting it.
median='
	function sort(v, n,   i, j, x) {
		for (i = 2; i <= n; i++) { x = v[i]; for (j = i - 1; j > 0 && v[j] > x; j--) v[j + 1] = v[j]; v[j + 1] = x }
	}
	function median(v, n) { sort(v, n); return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2 }'

# Rows and bytes that a job reads: "rows bytes". Of what is compressed, or a log, it is the size of the plain rows.
volume() {      # job
	local file bytes=0

	for file in "${files[@]}"; do
		case $file in
		*.gz | *.log) file=${file%/*}/orders.csv ;;
		esac
		((bytes += $(stat -c %s "$file")))
	done
	[[ ${operation[$1]} == merge ]] && echo "$((2 * view_rows)) $bytes" || echo "$rows $bytes"
}

# The medians of some runs as "wall cpu peak".
medians() {     # file...
	awk "$median"'
		{ wall[NR] = $1; cpu[NR] = $2 + $3; if ($4 > peak) peak = $4 }
		END { print median(wall, NR), median(cpu, NR), peak }' "$@"
}

# How many times the wall time of weir a peer took in each pair, as "median least most".
ratios() {      # file of weir, file of the peer
	paste -d ' ' "$1" "$2" | awk "$median"'
		{ ratio[NR] = $6 / $1 }
		END { print median(ratio, NR), ratio[1], ratio[NR] }'
}

# "7.1" of 7.12, "0.42" of 0.4211
short='function short(x) { return sprintf(x < 10 ? "%.2f" : x < 100 ? "%.1f" : "%.0f", x) }'

row() {         # name "wall cpu peak" "rows bytes" "ratio least most"
	awk -v name="$1" "$short"'
		{
			ratio = NF > 5 ? short($6) " (" short($7) "-" short($8) ")" : ""
			printf "| %-14s | %8.3f | %8.2f | %6.0f | %8.3f | %8.1f | %-18s |\n", name, $1, $4 / $1 / 1e6, $5 / $1 / 1e6, $2, $3 / 1024, ratio
		}' <<< "$2 $3 ${4:-}"
}

table() {       # job
	local job=$1 peer ours size ratio

	size=$(volume "$job")
	ours=$(medians "$tmp/weir.$job".*)
	printf '| %-14s | %8s | %8s | %6s | %8s | %8s | %-18s |\n' '' 'wall s' 'M rows/s' 'MB/s' 'CPU s' 'peak MiB' 'x weir (least-most)'
	echo '| --- | ---: | ---: | ---: | ---: | ---: | :--- |'
	row weir "$ours" "$size"
	for peer in "${peers[@]}"; do
		[[ -e $tmp/$peer.$job.$peer ]] || continue
		ratio=$(ratios "$tmp/weir.$job.$peer" "$tmp/$peer.$job.$peer")
		row "$peer" "$(medians "$tmp/$peer.$job.$peer")" "$size" "$ratio"
		echo "$peer $ratio" >> "$tmp/ratios.$job"
	done
	echo "$ours $size" > "$tmp/summary.$job"
}

heading() {     # job
	printf '## %s: %s\n\n' "$1" "${what[$1]}"
	[[ -z ${target[$1]} ]] || printf 'Target: %s.\n\n' "${target[$1]}"
}

growth_header() {
	printf '| %-12s | %8s | %8s | %10s | %8s |\n' job rows 'wall s' 'ns a row' 'peak MiB'
	echo '| --- | ---: | ---: | ---: | ---: |'
}

growth_row() {  # job rows-in-words
	awk -v job="$1" -v words="$2" -v rows="$rows" '{ printf "| %-12s | %8s | %8.3f | %10.1f | %8.1f |\n", job, words, $1, $1 / rows * 1e9, $3 / 1024 }' \
		<<< "$(medians "$tmp/weir.$1.alone")"
	rm -f "$tmp/weir.$1.alone"
}

# --- Machine -------------------------------------------------------------------------------------

machine() {
	local cpu compiler system

	cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
	compiler=$(${CC:-gcc} --version | head -n 1)
	system=$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)
	echo '## Machine'
	echo
	echo "$(date +%F), $(git describe --always --dirty 2> /dev/null): $(millions "$rows") rows, $rounds rounds."
	echo "$cpu, $(nproc) processors, $(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB; $system, Linux $(uname -r | cut -d . -f 1,2); $compiler;"
	echo "$(bin/window-agg --version | sed -n 's/^built with/weir with/p' | grep . || echo 'weir without optional parts'). Peers have $THREADS threads."
	echo
	echo "Starting a contestant to do nothing is in all figures:"
	echo
	echo '|                | version | wall s | CPU s |'
	echo '| --- | --- | ---: | ---: |'
	find_peers
	echo
}

start_row() {   # contestant version
	local i file=$tmp/start.$1

	for ((i = 0; i < 5; i++)); do
		run_one "$file" "$1" nothing > /dev/null
	done
	medians "$file" | awk -v name="$1" -v version="$2" '{ printf "| %-14s | %s | %.3f | %.3f |\n", name, version, $1, $2 }'
}

# --- Summary -------------------------------------------------------------------------------------

# Of the peers, without floors and weir in other ways, the one that came closest.
closest() {     # job
	grep -v '^weir\|^floor' "$tmp/ratios.$1" 2> /dev/null | sort -k 2,2g | head -n 1 | awk "$short"'{ print short($2) "x " $1 }'
}

summary() {
	local job

	echo '## Summary'
	echo
	printf '| %-4s | %8s | %6s | %8s | %-16s | %s |\n' job 'M rows/s' 'MB/s' 'peak MiB' 'closest peer' target
	echo '| --- | ---: | ---: | ---: | :--- | :--- |'
	for job in "${wanted[@]}"; do
		[[ -e $tmp/summary.$job ]] || continue
		awk -v job="$job" -v peer="$(closest "$job")" -v target="${target[$job]}" '{
			printf "| %-4s | %8.2f | %6.0f | %8.1f | %-16s | %s |\n", job, $4 / $1 / 1e6, $5 / $1 / 1e6, $3 / 1024, peer, target
		}' "$tmp/summary.$job"
	done
	echo
}

# Puts the sections of a report in the place of their like in RESULTS.md, and in its summary the rows of these jobs; what is written there by
# hand stays, and so do the rows of other jobs.
save() {        # report
	local results=$here/RESULTS.md

	[[ -e $results ]] || echo '# Results of make bench' > "$results"
	awk '
		function name(line) { sub(/:.*/, "", line); return line }
		function job(line) { return substr(line, 1, 7) }
		function end_summary() {
			for (i = 1; i <= rows; i++) if (!(row[i] in put)) print summary[row[i]]
			rows = 0
		}
		/^## / {
			section = name($0)
			if (NR != FNR && section != "## Summary" && section in fresh) printf "%s", fresh[section]
			taken[section] = NR != FNR
		}
		NR == FNR && section == "## Summary" && /^\| J/ { row[++rows] = job($0); summary[job($0)] = $0 }
		NR == FNR { if (!(section in fresh)) order[++n] = section; fresh[section] = fresh[section] $0 "\n"; next }
		section == "## Summary" {
			if (/^\| J/ && job($0) in summary) { put[job($0)]; print summary[job($0)] } else { if (in_rows && !/^\|/) end_summary(); print }
			in_rows = /^\|/
			next
		}
		in_rows { end_summary(); in_rows = 0 }
		!(section in fresh) { print }
		END { for (i = 1; i <= n; i++) if (!taken[order[i]]) printf "%s", fresh[order[i]] }' "$1" "$results" > "$tmp/results" &&
		cp "$tmp/results" "$results"
}
