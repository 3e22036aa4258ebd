# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What every bats file loads first: `load ../lib`. Each test runs in a directory of its own, with the
# tools on PATH. WEIR_BIN names the directory they are taken from (bin, or that of a sanitizer build).

bats_require_minimum_version 1.5.0

WEIR_ROOT=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd -P)
WEIR_BIN=$(realpath -m "${WEIR_BIN:-$WEIR_ROOT/bin}")
: "${BATS_TEST_TIMEOUT=300}"            # seconds
export WEIR_ROOT WEIR_BIN BATS_TEST_TIMEOUT
export PATH=$WEIR_BIN:$PATH LC_ALL=C TZ=UTC

BATS_LIB_PATH=${BATS_LIB_PATH:+$BATS_LIB_PATH:}/usr/lib/bats:/usr/share/bats:/usr/local/lib/bats
bats_load_library bats-support
bats_load_library bats-assert

# Redefine it at will, but begin with `cd "$BATS_TEST_TMPDIR"`.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# Is this the build without sanitizers? Preloaded libraries and memory limits need it.
is_plain_build() {
	[[ $WEIR_BIN == "$WEIR_ROOT/bin" ]]
}

need() {        # command... -- skips the test when one is not installed
	local command

	for command; do
		command -v "$command" > /dev/null || skip "$command is not installed"
	done
}

# Waits until a condition holds, 30 s at most: `until_true test -s out`. Never a bare sleep.
until_true() {
	local tries

	for ((tries = 0; tries < 1500; tries++)); do
		"$@" && return
		sleep 0.02
	done
	echo "waited in vain for: $*" >&2
	return 1
}

# Is the process one of our tools (no more the shell that started it), asleep and waiting for something?
is_waiting() {  # pid
	[[ $(readlink "/proc/$1/exe") == "$WEIR_BIN"/* && $(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat") == S ]] 2> /dev/null
}

# The same, or already gone.
is_waiting_or_gone() {  # pid
	is_waiting "$1" || [[ -z $(readlink "/proc/$1/exe") ]]
}

# Runs a command whose output must be that of another: `same_output 'tool a' 'tool b'`.
same_output() {
	diff <(bash -c "$1" 2>&1; echo "status $?") <(bash -c "$2" 2>&1; echo "status $?")
}

# Preloads a library of tests/fault around a command: `shim shortio tool args`.
shim() {        # name command...
	LD_PRELOAD="$WEIR_ROOT/build/tests/fault/$1.so" "${@:2}"
}
