# SPDX-License-Identifier: MIT
# The preloaded libraries do what the fault tests rely on.

load ../lib

@test "shortio: a read brings one byte, after EINTR" {
	run bash -c 'printf abc | LD_PRELOAD=$0 dd bs=3 count=1 status=none' "$WEIR_ROOT/build/tests/fault/shortio.so"
	assert_success
	assert_output a
}

@test "shortio: a program that repeats what was cut short loses nothing" {
	seq 500 > in
	shim shortio dd bs=100 status=none < in > out
	cmp in out
}

# Some allocations of sort (for messages in other languages) are ones it can do without.
@test "failmalloc: the n-th allocation fails and leaves its mark" {
	local n failures=0

	for n in {1..20}; do
		rm -f mark
		FAIL_MALLOC=$n FAIL_MALLOC_MARK=$PWD/mark shim failmalloc sort /dev/null 2>> err || ((++failures))
		[[ -e mark ]] || break
	done
	((n > failures && failures > 0))
	[[ $(grep -c 'memory' err) -eq $failures ]]
}

@test "failmalloc: no mark when there are fewer allocations" {
	FAIL_MALLOC=1000000 FAIL_MALLOC_MARK=$PWD/mark run shim failmalloc sort /dev/null
	assert_success
	[[ ! -e mark ]]
}
