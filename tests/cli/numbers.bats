# SPDX-License-Identifier: MIT
# Exact arithmetic: no float decides a printed digit. The long constants were computed with fractions of
# whole numbers (Python's fractions.Fraction and math.isqrt), rounded once, half to even.

load ../lib
load cases

# One row over a column v.
agg() {         # measures... -- values...
	local args=()

	while [[ $1 != -- ]]; do
		args+=("$1")
		shift
	done
	shift
	{ echo v; printf '%s\n' "$@"; } > in
	try window-agg -w none "${args[@]}" in
	tail -n +2 out
}

# Its result must be that line, from one pass, and the same merged from single records in reverse order.
exact() {       # name wanted measures... -- values...
	local name=$1 wanted=$2 args=()

	shift 2
	equal "$name" "$wanted" "$(agg "$@"; cat err)"
	while [[ $1 != -- ]]; do
		args+=("$1")
		shift
	done
	shift
	# what is not part of the states does not travel, and many take long
	[[ " ${args[*]} " == *' -d '* || " ${args[*]} " == *' --digits '* || $# -gt 20 ]] && return
	for ((i = $#; i > 0; i--)); do
		printf 'v\n%s\n' "${!i}" | window-agg -w none -e partial "${args[@]}"
	done > partials
	equal "$name, merged" "$wanted" "$(merge-views < partials 2>&1 | tail -n +2)"
}

@test "numbers: 0.1 + 0.2 is 0.3" {
	exact "sum" 0.3 -m 's=sum(v)' -- 0.1 0.2
	exact "per record" 0.3 -m 's=sum(v + 0.2)' -- 0.1
	exact "ten times" 1.0 -m 's=sum(v)' -- 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1
	exact "large and small" 10000000000000000.1 -m 's=sum(v)' -- 10000000000000000 0.1
	exact "comparison" 1 -m 's=count() where v + 0.2 == 0.3' -- 0.1
}

@test "numbers: sums beyond 2^63 and 2^127 are exact in any order" {
	exact "2^63" 9223372036854775808 -m 's=sum(v)' -- 9223372036854775807 1
	exact "-2^63 - 1" -9223372036854775809 -m 's=sum(v)' -- -9223372036854775808 -1
	exact "2^64" 18446744073709551616 -m 's=sum(v)' -- 18446744073709551615 1
	exact "more digits than a record may have" 199999999999999999999.999999999999999998 -m 's=sum(v)' -- \
		99999999999999999999.999999999999999999 99999999999999999999.999999999999999999
	# 2^127 is 1.70e38 units of 10^-18: past it after two of these, there and back again in every order
	mapfile -t nines < <(for i in {1..1000}; do echo 99999999999999999999.999999999999999999; done)
	exact "a thousand of them" 99999999999999999999999.999999999999999000 -m 's=sum(v)' -- "${nines[@]:0:1000}"
	{ echo v; printf '%s\n' "${nines[@]}"; printf -- '-%s\n' "${nines[@]}"; echo 0.5; } > there
	{ head -n 1 there; tail -n +2 there | tac; } > back
	{ head -n 1 there; tail -n +2 there | awk '{ print (NR * 733) % 2003 "\t" $0 }' | sort -n | cut -f2; } > mixed
	for order in there back mixed; do
		gives "$order" $'s\n0.500000000000000000' window-agg -w none -m 's=sum(v)' "$order"
	done
	exact "products" 1524157875323883675.019051998750190521 -m 's=sum(v * v)' -- 1234567890.123456789
}

@test "numbers: more than 20 integer or 18 fraction digits, NaN, infinities and 1e400 are bad records" {
	for v in 100000000000000000000 -100000000000000000000 1e20 0.0000000000000000001 1e-19 1.0000000000000000001 NaN nan Inf -inf infinity \
		1e400 -1e400 1e-400 0x10 1,5 '1 ' ' 1' 1_000 ++1 - . e5 1e 1e+ 1.2.3 --1 '1e5.5' ٣; do
		printf 'v\n"%s"\n' "$v" > in
		refuses "$v" 65 "window-agg: in:2: v: \"$(printf %s "$v")\": *" window-agg -w none -m 's=sum(v)' in
		for kind in 'avg(v)' 'var_pop(v)' 'stddev_samp(v)' 'approx_quantile(v, 0.5)'; do
			try window-agg -w none -m "s=$kind" in
			[[ $status -eq 65 ]] || failed "$v in $kind" "status $status, $(< out)"
		done
		try window-agg -w none -m 's=sum(v + 1)' in
		[[ $status -eq 65 ]] || failed "$v + 1" "status $status, $(< out)"
	done
	for v in 99999999999999999999 -99999999999999999999.999999999999999999 0.000000000000000001 1e19 1e-18 00000000000000000000000001 +5 .5 5. 1E3; do
		printf 'v\n%s\n' "$v" > in
		try window-agg -w none -m 's=sum(v)' in
		[[ $status -eq 0 && ! -s err ]] || failed "$v" "$(< err)"
	done
	exact "exponents move the point" 1250.05 -m 's=sum(v)' -- 1.25e3 5e-2
	printf 'v\n1\nnan\n2\n1e400\n3\n' > in
	try window-agg -w none -m 'n=count()' -m 's=sum(v)' --rejects rejects --stats in
	equal "skipped when told so" $'n,s\n3,6' "$(< out)"
	balanced "skipped" err
	equal "with the reasons" '{"file":"in","line":3,"reason":"v: \"nan\": not a number","raw":"nan"}
{"file":"in","line":5,"reason":"v: \"1e400\": more than 20 integer digits","raw":"1e400"}' "$(< rejects)"
	printf 'v\n99999999999999999999\n' > in
	refuses "a result of more than 20 digits" 65 'window-agg: in:2: *more than 20 integer digits*' window-agg -w none -m 's=sum(v * 2)' in
}

@test "numbers: averages, variances and deviations to the last digit" {
	m=(-m 'a=avg(v)' -m 'b=var_pop(v)' -m 'c=var_samp(v)' -m 'd=stddev_pop(v)' -m 'e=stddev_samp(v)')
	mixed=(1 2 2.5 -7.25 1000000.001 0.333333333333333333)
	wide=(99999999999999999999.999999999999999999 -99999999999999999999.999999999999999999 0.000000000000000001 12345678901234567890.123456789012345678)
	ids=(9007199254740993 9007199254740994 9007199254740995)
	exact "mixed" 166666.430722,138888967880.968636,166666761457.162363,372678.102229,408248.406558 "${m[@]}" -- "${mixed[@]}"
	exact "mixed, 0 digits" 166666,138888967881,166666761457,372678,408248 "${m[@]}" --digits 0 -- "${mixed[@]}"
	exact "mixed, 18 digits" 166666.430722222222222222,138888967880.968635941358043210,166666761457.162363129629651852,372678.102228945879799696,408248.406558019970344040 \
		"${m[@]}" --digits 18 -- "${mixed[@]}"
	exact "wide" 3086419725308641972.530864,5028577960162322818907178784179812528541.175126,6704770613549763758542905045573083371388.233501,70912466888145435741.191568,81882663693542381966.386886 \
		"${m[@]}" -- "${wide[@]}"
	exact "wide, 0 digits" 3086419725308641973,5028577960162322818907178784179812528541,6704770613549763758542905045573083371388,70912466888145435741,81882663693542381966 \
		"${m[@]}" --digits 0 -- "${wide[@]}"
	exact "wide, 18 digits" 3086419725308641972.530864197253086420,5028577960162322818907178784179812528541.175125803726566078,6704770613549763758542905045573083371388.233501071635421437,70912466888145435741.191568181176857522,81882663693542381966.386886207910686673 \
		"${m[@]}" --digits 18 -- "${wide[@]}"
	exact "where doubles lose all" 9007199254740994.000000,0.666667,1.000000,0.816497,1.000000 "${m[@]}" -- "${ids[@]}"
	exact "half to even, down" 2,0,0,0,1 "${m[@]}" --digits 0 -- 1 2
	exact "half to even" 1.5,0.2,0.5,0.5,0.7 "${m[@]}" --digits 1 -- 1 2
	exact "of one" 5.000000,0.000000,,0.000000, "${m[@]}" -- 5
	equal "of none" ,,,, "$(agg "${m[@]}" -- '""')"
	exact "-0.0000001 rounds to no minus nothing" 0.000000 -m 'a=avg(v)' -- -0.0000001
}

@test "numbers: 19-digit ids come through unharmed" {
	a=9223372036854775807 b=9223372036854775806 c=1234567890123456789
	printf 'k,v\n%s,1\n%s,2\n%s,3\n' $a $b $a > in
	gives "as keys" $'k,n\n'"$b,1"$'\n'"$a,2" window-agg -w none -g k -m 'n=count()' in
	exact "min, max, distinct" "$c,$a,3" -m 'a=min(v)' -m 'b=max(v)' -m 'c=count_distinct(v)' -- $a $b $c
	exact "20 digits" 18446744073709551614,18446744073709551615,2 -m 'a=min(v)' -m 'b=max(v)' -m 'c=count_distinct(v)' -- \
		18446744073709551615 18446744073709551614
	printf '{"id":%s,"v":%s}\n' $a $a $b $b $c $c > in.ndjson
	gives "NDJSON" "{\"id\":\"$c\",\"lo\":$c,\"hi\":$c,\"s\":$c,\"d\":1}
{\"id\":\"$b\",\"lo\":$b,\"hi\":$b,\"s\":$b,\"d\":1}
{\"id\":\"$a\",\"lo\":$a,\"hi\":$a,\"s\":$a,\"d\":1}" window-agg -w none -g id -m 'lo=min(v)' -m 'hi=max(v)' -m 's=sum(v)' -m 'd=count_distinct(v)' in.ndjson
	gives "condition" $'{"n":1}' window-agg -w none --where "id == $b" -m 'n=count()' in.ndjson
	gives "dedupe" "$(cat in.ndjson)" dedupe --key id in.ndjson
	gives "order" $'{"n":2}' window-agg -w none --where "id > $c" -m 'n=count()' in.ndjson
}

@test "numbers: the largest scale is kept, of 1.5 and 1.50 the smallest is 1.50, zero has no sign" {
	exact "12.50 + 1" 13.50 -m 's=sum(v)' -- 12.50 1
	exact "1 + 12.50" 13.50 -m 's=sum(v)' -- 1 12.50
	exact "min and max" 1.50,1.50 -m 'a=min(v)' -m 'b=max(v)' -- 1.5 1.50
	exact "the other way round" 1.50,1.50 -m 'a=min(v)' -m 'b=max(v)' -- 1.50 1.5
	exact "a sum that cancels" 0.00 -m 's=sum(v)' -- -1.25 1.25
	exact "-0" 0.00,0.00,0.00 -m 's=sum(v)' -m 'a=min(v)' -m 'b=max(v)' -- -0 0 -0.00
	exact "distinct goes by text" 3 -m 'd=count_distinct(v)' -- 1 1.0 1.00
	exact "unless number() says otherwise" 1 -m 'd=count_distinct(number(v))' -- 1 1.0 1.00
	exact "of nothing" 0,0,,, -m 'n=count(v)' -m 's=sum(v)' -m 'a=avg(v)' -m 'b=min(v)' -m 'c=max(v)' -- '""' '""'
	exact "numbers before text" 9,b -m 'a=min(v)' -m 'b=max(v)' -- b 10 9 a
	exact "numbers by value" 9,10 -m 'a=min(v)' -m 'b=max(v)' -- 10 9
}

@test "numbers: division by zero is null, digits are what --digits says" {
	exact "derive" 6,3,2.000000, -m 's=sum(v)' -m 'n=count()' -d 'q=s/n' -d 'z=s/(n-3)' -- 1 2 3
	exact "per record" 3,0,1.50 -m 'n=count()' -m 'c=count(v/0)' -m 's=sum(v/4)' -- 1 2 3
	exact "a third at 18 digits" 0.333333333333333333 -m 's=sum(v/3)' -- 1
	exact "rounded half to even at the 18th" 0.000000000000000002 -m 's=sum(v/2)' -- 0.000000000000000003
	equal "a derived value is rounded once, at the end" 2,0,6 "$(agg -m 'a=avg(v)' -m 'b=var_pop(v)' -d 'x=a/b' --digits 0 -- 1 2)"
	equal "0 digits" 2 "$(agg -m 'a=avg(v)' --digits 0 -- 1 2)"
	equal "18 digits" 1.500000000000000000 "$(agg -m 'a=avg(v)' --digits 18 -- 1 2)"
	refuses "19 digits" 64 'window-agg: *digits*' window-agg -w none -m 'a=avg(v)' --digits 19 /dev/null
	refuses "-1 digits" 64 'window-agg: *digits*' window-agg -w none -m 'a=avg(v)' --digits -1 /dev/null
}
