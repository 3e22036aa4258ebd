# SPDX-License-Identifier: MIT
# The benchmarks as such: every job runs and gives the answers of others. What they measure is no matter here.

load ../lib

setup() {
	is_plain_build || skip "not with sanitizers"
	cd "$WEIR_ROOT" || return
	make -s build/tests/bench/generate build/tests/bench/measure
	export WORK=$BATS_TEST_TMPDIR/work ROWS=20k ROUNDS=1 LATENCY=1
	unset JOBS PEERS SAVE
}

@test "bench: every job runs, and gawk, SQLite and jq have the same answers" {
	need gawk sqlite3 jq
	PEERS="gawk sqlite3 jq floor weir-one-core weir-one-epoch" run -0 tests/bench/run
	refute_output --partial "another answer"
	refute_output --partial "ends with"
	assert_equal "$(grep -c '^## J' <<< "$output")" "$(grep -c '^\(variant\|job\) J' tests/bench/jobs.bash)"
	(($(grep -c '^| gawk  *|  ' <<< "$output") > 10))
	(($(grep -c '^| sqlite3  *|  ' <<< "$output") > 10))
}

@test "bench: without peers there are figures of weir" {
	PEERS=none JOBS="J1 J3" run -0 tests/bench/run
	assert_equal "$(grep -c '^| weir  *|  *0\.[0-9]* |' <<< "$output")" 2
	refute_output --partial '| gawk'
}

@test "bench: another answer is told, with a row of each, and the status is 1" {
	need gawk
	cd "$BATS_TEST_TMPDIR" || return
	mkdir tree
	cp -r "$WEIR_ROOT/tests" tree/
	ln -s "$WEIR_ROOT/bin" "$WEIR_ROOT/build" tree/
	sed -i 's/sum\[key\] += \$v }/sum[key] += $v + 0.01 }/' tree/tests/bench/awk
	PEERS=gawk JOBS=J1 run -1 tree/tests/bench/run
	assert_output --regexp 'gawk has another answer: < .*; > '
}

@test "bench: SAVE puts tables in the place of their like and leaves what is written by hand" {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p tree/bin
	cp -r "$WEIR_ROOT/tests" tree/
	ln -s "$WEIR_ROOT"/bin/* tree/bin/
	ln -s "$WEIR_ROOT/build" tree/build
	printf '# Results\n\n## J3: old\n\nold\n\n## Why\n\nby hand\n' > tree/tests/bench/RESULTS.md
	PEERS=none JOBS="J1 J3" SAVE=1 run -0 tree/tests/bench/run
	run -0 cat tree/tests/bench/RESULTS.md
	refute_output --partial old
	assert_equal "$(grep '^## ' <<< "$output" | sed 's/:.*//' | tr '\n' ' ')" "## J3 ## Why ## Machine ## J1 ## Summary "
	assert_output --partial "by hand"
}
