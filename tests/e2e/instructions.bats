# SPDX-License-Identifier: MIT
# What a record costs must not creep up: instructions are counted, for no clock of a shared machine could tell.

load ../lib

setup() {
	is_plain_build || skip "not with sanitizers"
	need valgrind
	grep -qw avx2 /proc/cpuinfo || skip "no AVX2: other kernels run"
	cd "$WEIR_ROOT" || return
	make -s build/tests/bench/generate
}

count() {       # as tests/bench/callgrind
	env -u JOBS -u SAVE "$@" tests/bench/callgrind
}

@test "no job costs a tenth more instructions a record than tests/bench/instructions says" {
	run count
	((status != 69)) || skip "$output"
	assert_success
	refute_output --partial "not noted"
}

@test "a job that has grown by an eighth is told, one that has shrunk is not" {
	run count JOBS=J3 NOTED="$BATS_TEST_TMPDIR/noted" SAVE=1
	assert_success
	awk '/^#/ { print; next } { print $1, $2 / 1.125 }' "$BATS_TEST_TMPDIR/noted" > "$BATS_TEST_TMPDIR/less"
	awk '/^#/ { print; next } { print $1, $2 * 1.2 }' "$BATS_TEST_TMPDIR/noted" > "$BATS_TEST_TMPDIR/more"
	run -1 count JOBS=J3 NOTED="$BATS_TEST_TMPDIR/less"
	assert_output --regexp 'J3 .* grown$'
	run -0 count JOBS=J3 NOTED="$BATS_TEST_TMPDIR/more"
	refute_output --partial grown
}

@test "numbers of another compiler are not compared" {
	echo '# Instructions per record with gcc 1, by: make' > "$BATS_TEST_TMPDIR/noted"
	run -69 count JOBS=J3 NOTED="$BATS_TEST_TMPDIR/noted"
}
