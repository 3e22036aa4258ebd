# SPDX-License-Identifier: MIT
# The option table of every tool against --help, the manual page and the shells' completions.

load ../lib
load ../battery

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	tools=()
	for source in "$WEIR_ROOT"/bin/*.c; do
		[[ -e $source ]] && tools+=("$(basename "$source" .c)")
	done
	((${#tools[@]})) || skip "no tool yet"
}

# Runs a check for every tool, so that one failure does not hide another.
each_tool() {   # function
	local tool failed=0

	for tool in "${tools[@]}"; do
		"$1" "$tool" || { echo "$tool: failed"; failed=1; }
	done
	return "$failed"
}

help_is_complete() {
	tool=$1 battery_help
}

@test "--help shows every option" {
	each_tool help_is_complete
}

tool_is_clean() {
	"$1" --completions list | awk -F '\t' '
	$1 == "" || $5 == "" || $5 ~ /^[A-Z][a-z]|\.$/ || seen[$1]++ || ($2 != "" && seen[$2]++) { print; bad = 1 }
	END { exit bad || NR < 2 }'
}

@test "the tables have no doubles, and help without capital and full stop" {
	each_tool tool_is_clean
}

names_mean_one_thing() {
	for tool in "${tools[@]}"; do
		"$tool" --completions list | awk -F '\t' -v tool="$tool" '$2 != "" { print $2 "\t" $1 "\t" tool }'
	done | awk -F '\t' '
	$1 in name && name[$1] != $2 { print "-" $1 " is --" name[$1] " in " tool[$1] ", --" $2 " in " $3; bad = 1 }
	{ name[$1] = $2; tool[$1] = $3 }
	END { exit bad }'
}

@test "a short option means the same in every tool" {
	names_mean_one_thing
}

bash_reads_it() {
	"$1" --completions bash > script && bash -n script
	# shellcheck disable=SC2016
	bash --norc -c 'source ./script && complete -p "$1"' - "$1" > /dev/null
}

@test "completions for bash load" {
	each_tool bash_reads_it
}

zsh_reads_it() {
	"$1" --completions zsh > script && zsh -n script
}

@test "completions for zsh parse" {
	need zsh
	each_tool zsh_reads_it
}

fish_reads_it() {
	"$1" --completions fish > script && fish --no-execute script
}

@test "completions for fish parse" {
	need fish
	each_tool fish_reads_it
}

page_is_clean() {
	[[ -f $WEIR_ROOT/bin/$1.1 ]] || { echo "no manual page bin/$1.1"; return 1; }
	mandoc -T lint -W warning "$WEIR_ROOT/bin/$1.1"
}

@test "every tool has a manual page in good mdoc" {
	need mandoc
	each_tool page_is_clean
}

@test "the other pages are good mdoc" {
	need mandoc
	for page in "$WEIR_ROOT"/bin/*.[57]; do
		[[ ! -e $page ]] || mandoc -T lint -W warning "$page"
	done
}

page_matches() {
	"$WEIR_ROOT/tests/check-man" options "$WEIR_ROOT/bin/$1.1" "$WEIR_BIN/$1"
}

@test "manual pages document exactly the options there are" {
	each_tool page_matches
}

# Each literal block of EXAMPLES, in a copy of tests/man-examples/<tool>.
examples_run() {
	local script dir n=0

	mkdir -p "$1/blocks"
	"$WEIR_ROOT/tests/check-man" examples "$WEIR_ROOT/bin/$1.1" "$1/blocks" || return
	for script in "$1/blocks"/*.sh; do
		[[ -e $script ]] || continue
		dir=$1/run$((++n))
		mkdir -p "$dir"
		[[ ! -d $WEIR_ROOT/tests/man-examples/$1 ]] || cp -R "$WEIR_ROOT/tests/man-examples/$1/." "$dir"
		script=$PWD/$script
		if ! (cd "$dir" && timeout 60 bash -e -o pipefail "$script") > "$dir.out" 2>&1 < /dev/null; then
			cat "$script" "$dir.out"
			return 1
		fi
	done
	compgen -G "$1/blocks/*" > /dev/null || { echo "no example"; return 1; }
}

@test "the examples in the manual pages run" {
	each_tool examples_run
}

@test "examples that cannot run here say why" {
	for tool in "${tools[@]}"; do
		mkdir "$tool"
		"$WEIR_ROOT/tests/check-man" examples "$WEIR_ROOT/bin/$tool.1" "$tool"
	done
	compgen -G '*/*.skip' > /dev/null || return 0
	skip "$(cat ./*/*.skip | sort -u | paste -sd ';')"
}
