# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Views as directories of range files, made one by one: `load ranges` behind `load ../lib`.

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	awk 'BEGIN {
		srand(7); print "t,k,c,v"
		for (i = 0; i < 2000; i++)
			printf "%d,%s,%s,%d.%02d\n", 1700000000000 + i * 20000 + int(rand() * 9000000), "k" int(rand() * 5), substr("xy", 1 + int(rand() * 2), 1), rand() * 90, rand() * 99
	}' > orders.csv
	printf '%s\n' 'time t' 'time-unit ms' 'window 1h' 'group-by k, c' 'measure n = count()' 'measure s = sum(v)' 'measure d = count_distinct(v)' > gmv.view
	sed '/window/s/.*/session 5m/; /group/s/.*/group-by k/' gmv.view > visit.view
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	ln -s "$BATS_FILE_TMPDIR"/* .
	V=gmv.view              # what range and rows are of
}

# The records [from, to), with the header.
records() {     # from to
	awk -v from="$1" -v to="$2" 'NR == 1 || (NR > from + 1 && NR <= to + 1)' orders.csv
}

# A range file of the partial on stdin; see tests/e2e/make_range.c.
make_range() {  # directory source log kind from to [t=ms] [chain=n]
	if is_plain_build; then
		"$WEIR_ROOT/build/tests/e2e/make_range" "$@"
	else
		"${WEIR_BIN%/bin}/tests/e2e/make_range" "$@"
	fi
}

# A range file of records: `range views/gmv 0 500`, of the view $V. kind, source and log if they are to be others.
range() {       # directory from to [kind [source [log [more]]]]
	records "$2" "$3" | window-agg -V "$V" -e partial |
		make_range "$1" "${5:-orders}" "${6:-5d2f0badc0ffee00}" "${4:-speed}" "$2" "$3" "${@:7}"
}

# What merge-views is to print.
rows() {        # from to args...
	records "$1" "$2" | window-agg -V "$V" "${@:3}"
}

# Files in the directory whose names have these letters.
files() {       # directory pattern
	find "$1" -name "*$2*" | sort
}
