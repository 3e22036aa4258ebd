# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Pipelines whose members are killed at random, under run-pipeline, while their log is written. The caller compares what came out with
# the output of a run that nothing happened to.
#
#	feed log pieces/*                       appends to `log`, piece by piece, in the background
#	torture 30 1 event-log cat --follow ... '|' ... '|' event-log append copy
#
# A kill is one of: a member; all members at once; their supervisor, which takes them along; the old pipeline when the next
# one runs already; and the sink, while the others sleep to wake up beside the next pipeline.

children() {    # pid
	cat /proc/[0-9]*/stat 2> /dev/null | sed -n "s/^\([0-9]*\) (.*) [^Z] $1 .*/\1/p"
}

nap() {         # at most so many hundredths of a second; when, is what is random here, and nothing waits for it
	sleep "$(printf '0.%02d' $((RANDOM % $1)))"
}

# It is run-pipeline when this returns: a shell with traps may lose what is sent to it between fork and exec.
launch() {      # words... -- as $runner
	run-pipeline --delay 1ms --max-delay 40ms --grace 500ms -- "$@" >> pipeline.out 2>> pipeline.log 3>&- &
	runner=$!
	until [[ $(< "/proc/$runner/comm") == run-pipeline ]]; do :; done
}

# Only SIGKILL may be sent to what may be gone.
strike() {      # words... -- one kill, when there is something to kill
	local old=$runner victims

	mapfile -t victims < <(children "$runner")
	((${#victims[@]})) || return 1
	case $((RANDOM % 8)) in
	0) kill -9 "${victims[@]}" 2> /dev/null ;;
	1)
		kill -9 "$old"
		launch "$@" ;;
	2)
		launch "$@"
		nap 5
		kill -9 "$old" ;;
	3)
		kill -STOP "$old" "${victims[@]}" 2> /dev/null
		kill -9 "${victims[-1]}" 2> /dev/null
		launch "$@"
		nap 10
		kill -CONT "${victims[@]}" "$old" 2> /dev/null
		nap 10
		kill -9 "$old" ;;
	*) kill -9 "${victims[RANDOM % ${#victims[@]}]}" 2> /dev/null ;;
	esac
	[[ $old == "$runner" ]] || wait "$old" 2> /dev/null
	return 0
}

torture() {     # kills seed words...
	local kills=$1 done=0 status

	RANDOM=$2
	shift 2
	: > pipeline.log
	launch "$@"
	while ((done < kills)); do
		nap 20
		kill -0 "$runner" 2> /dev/null || break
		strike "$@" && ((++done))
	done
	wait "$feeder"
	kill -TERM "$runner" 2> /dev/null || true     # it may have ended by itself, which is told below
	status=0
	wait "$runner" || status=$?
	((done == kills)) || { echo "ended by itself after $done kills, status $status:"; tail -n 20 pipeline.log; return 1; }
	# 75: it was waiting for a restart, or a member that was killed last; 143: it had not begun
	((status == 0 || status == 75 || status == 143)) || { echo "status $status:"; tail -n 20 pipeline.log; return 1; }
}

feed() {        # log piece...
	local piece

	for piece in "${@:2}"; do
		event-log append --sync none --wait 10s "$1" "$piece" || return
		sleep 0.05
	done 3>&- &
	# shellcheck disable=SC2034 # for torture
	feeder=$!
}
