# SPDX-License-Identifier: MIT
# The battery itself: it must be able to fail.

load ../lib
load ../battery

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	WEIR_BIN=$PWD/bin
	PATH=$WEIR_BIN:$PATH
	mkdir bin
	printf 'id,v\n1,a\n2,b\n' > sample
}

@test "a program that does nothing fails what asks for something" {
	cp "$(type -P true)" bin/nothing
	run battery nothing "$PWD/sample"
	assert_failure
	for check in help unknown_option version full_disk_help sample no_final_newline full_disk closed_stdout \
		closed_stdin sigterm reader_gone; do
		assert_line "nothing: $check failed"
	done
}

@test "cat knows none of our conventions, but its input and output are in order" {
	cp "$(type -P cat)" bin/cat
	run battery cat "$PWD/sample"
	assert_failure
	for check in help unknown_option version full_disk_help no_final_newline crlf full_disk; do
		assert_line "cat: $check failed"
	done
	for check in sample empty_input nul huge_field sigterm reader_gone head; do
		refute_line "cat: $check failed"
	done
}

@test "a check can be left out" {
	cp "$(type -P true)" bin/nothing
	BATTERY_SKIP='help version' run battery_basics nothing
	assert_failure
	refute_line "nothing: help failed"
	refute_line "nothing: version failed"
	assert_line "nothing: unknown_option failed"
}
