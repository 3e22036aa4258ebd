# SPDX-License-Identifier: MIT
# README and the manual pages of formats hold what they promise. Each ```sh block of README runs at the top of a copy of
# the tree; where a ```text block follows it, that is its output.

load ../lib

# The blocks of README as N.sh, and N.out where the output is told.
blocks() {      # directory
	awk -v dir="$1" '
	/^```sh$/ { file = dir "/" ++n ".sh"; last = "sh"; printf "" > file; next }
	/^```text$/ && last == "sh" { file = dir "/" n ".out"; last = ""; printf "" > file; next }
	/^```/ { if (file != "") close(file); else last = ""; file = file == "" ? "/dev/null" : ""; next }
	file != "" { print > file; next }
	NF { last = "" }
	' "$WEIR_ROOT/README.md"
}

copy_of_tree() {
	mkdir -p tree/tests
	ln -s "$WEIR_BIN" tree/bin
	cp -R "$WEIR_ROOT/examples" tree
	cp -R "$WEIR_ROOT/tests/man-examples" tree/tests
}

@test "README: every shell block runs from the top of the tree and prints what is shown" {
	mkdir blocks
	copy_of_tree
	blocks blocks
	(($(compgen -G 'blocks/*.sh' | wc -l) >= 10))
	export TMPDIR=$PWD
	for script in "$PWD"/blocks/*.sh; do
		if ! (cd tree && bash -euo pipefail "$script") > out < /dev/null; then
			cat "$script" out
			return 1
		fi
		[[ ! -e ${script%.sh}.out ]] || diff -u --label README --label "$(cat "$script")" "${script%.sh}.out" out
	done
}

@test "README: what it links to exists" {
	while read -r path; do
		[[ -e $WEIR_ROOT/$path ]] || { echo "README links to $path"; return 1; }
	done < <(grep -o '](\([^)#]*\))' "$WEIR_ROOT/README.md" | sed 's/^](//; s/)$//' | grep -v '^https*:')
}

# The literal block of weir-format(5) that begins with a text.
literal() {     # beginning
	awk -v begin="$1" '
	/^\.Bd .*-literal/ { getline; inside = index($0, begin) == 1 }
	/^\.Ed/ { inside = 0 }
	inside { gsub(/\\e/, "\\"); gsub(/<TAB>/, "\t"); print }
	' "$WEIR_ROOT/bin/weir-format.5"
}

@test "weir-format(5): its partial is a partial, hash and checksum too" {
	literal '#!weir view' > documented
	run -0 merge-views documented
	assert_output $'window_start,window_end,c,n,s\n1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,books,2,24.50'
	printf 'ts,c,v\n1,books,12.00\n1.5,books,12.50\n' |
		window-agg -t ts -w 1m -g c -m 'n=count()' -m 's=sum(v)' -e partial | diff documented -
	sed 's/24.50/24.51/' documented > altered
	run -65 merge-views altered
}

@test "weir-format(5): its view definition is one" {
	literal '# Paid orders' > gmv.view
	echo 'paid_at,category,region,status,price,quantity,kind,amount' > orders.csv
	echo '2026-03-02T10:00:00Z,books,north,paid,2.50,2,,' >> orders.csv
	run -0 window-agg -V gmv.view orders.csv
	assert_line --index 1 '2026-03-02T10:00:00Z,2026-03-02T10:01:00Z,books,north,1,5.00,0,5.000000'
}

@test "weir-format(5): its control lines open a controlled stream" {
	{ literal '#!weir stream'; echo '1772445660000,books,5'; } > stream
	# shellcheck disable=SC2016 # backticks of a field
	run -0 window-agg -t ts -w 1m -m 'n = sum(`unit price`)' stream
	assert_line '2026-03-02T10:01:00Z,2026-03-02T10:02:00Z,5'
}

@test "weir-format(5): its segment is one, and its checked stream too" {
	mkdir log
	literal '#!weir segment' > log/00000000000000000000.log
	run -0 event-log cat log
	assert_output $'ts,category,price\n2026-03-02T10:00:07Z,books,12.50'
	event-log verify log
	sed -i s/12.50/12.51/ log/00000000000000000000.log
	run -65 event-log verify log
	literal '#!weir resume' > stream
	run -0 dedupe -k ts --state state stream
	assert_line '2026-03-02T10:00:07Z,books,12.50'
}

@test "weir-format(5): the ledger has the members it names" {
	literal '{"tool"' > documented
	printf 'a\n1\n' | dedupe --stats 2> ledger
	diff <(jq -c keys_unsorted documented) <(jq -c keys_unsorted ledger)
}
