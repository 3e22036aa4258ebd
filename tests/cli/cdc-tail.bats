# SPDX-License-Identifier: MIT
# cdc-tail: its command line. What it captures is in cdc-file.bats, cdc-sqlite.bats, cdc-postgres.bats and cdc-diff.bats.

load ../lib
load ../battery
load cases

@test "cdc-tail: conventions of the command line" {
	battery_basics cdc-tail
}

@test "what cannot be is refused" {
	printf '%s\n' id,v 1,a > a.csv
	refuses "no source" 64 'cdc-tail: the source is missing' cdc-tail
	refuses "two" 64 'cdc-tail: one source at a time' cdc-tail file:a file:b
	refuses "no scheme" 64 'cdc-tail: a.csv: a source is written scheme:place*' cdc-tail a.csv
	refuses "no place" 64 'cdc-tail: file:: a source is written scheme:place*' cdc-tail file:
	refuses "unknown" 64 'cdc-tail: ftp: no such kind of source*' cdc-tail ftp:x
	refuses "a table" 64 'cdc-tail: files: no --table*' cdc-tail file:a.csv --table t
	refuses "columns" 64 'cdc-tail: files: no --columns*' cdc-tail file:a.csv --columns id
	refuses "install" 64 'cdc-tail: file: there is nothing to install*' cdc-tail file:a.csv --install
	refuses "two actions" 64 'cdc-tail: --dry-run, --install, --remove and --status: one*' cdc-tail file:a.csv --install --status
	refuses "no file" 74 'cdc-tail: none.csv: no such file' cdc-tail file:none.csv --no-follow
	refuses "two positions" 64 'cdc-tail: --resume-from says where to begin*' cdc-tail file:a.csv --resume-from log --from x
	refuses "epochs of a plain stream" 64 'cdc-tail: --epoch-...: for checked streams*' cdc-tail file:a.csv --epoch-records 1
	refuses "a position of another source" 78 'cdc-tail: a.csv: "7@00000000" is no position in a file*' cdc-tail file:a.csv --checked --from 7@00000000
	refuses "a long record" 65 'cdc-tail: a.csv: offset 5: a record longer than 16 bytes*' \
		bash -c 'printf "id,v\n1,%040d" 0 > a.csv; cdc-tail file:a.csv --no-follow --max-record 16 --checked'
}
