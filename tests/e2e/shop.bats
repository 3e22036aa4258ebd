# SPDX-License-Identifier: MIT
# The main job as a user runs it, and that it can fail.

load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export WORK=$BATS_TEST_TMPDIR/work
}

@test "shop: the loop, batch, speed, pieces and a feed in disorder agree with each other and with the reference answers" {
	REPLAY=6 run "$WEIR_ROOT/examples/shop/run.sh"
	assert_success
	refute_output --partial WRONG
	assert_equal "$(grep -c '^   ok ' <<< "$output")" 23
	assert_output --partial "kill -9"
	assert_output --regexp 'median [0-9]+ ms, p99 [0-9]+ ms'
	# 60 ms on a machine that does nothing else; here others run
	p99=$(sed -n 's/.*p99 \([0-9]*\) ms.*/\1/p' <<< "$output")
	((p99 < 1000))
	assert_output --partial "All equal."
}

@test "shop: a reference answer that differs by a cent ends it with status 1" {
	cp -r "$WEIR_ROOT/examples/shop" shop
	sed -i '2s/58960.79/58960.78/' shop/expected/daily.csv
	REPLAY=3 LATENCY=1 PIECES=3 run shop/run.sh
	assert_failure 1
	assert_output --partial "WRONG the day: "
}

@test "shop: SCALE=2 doubles lines, orders and GMV" {
	REPLAY=3 LATENCY=1 SCALE=2 PIECES=5 run "$WEIR_ROOT/examples/shop/run.sh"
	assert_success
	assert_output --partial "ok    lines, orders and GMV are 2 times the reference"
}
