# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What servers of our own need.

# A certificate for 127.0.0.1, signed by an authority of our own.
make_certificate() {    # directory
	(
		cd "$1" || exit
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=weir-test-ca -keyout ca-key.pem -out ca.pem
		openssl req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout key.pem -out request.pem
		openssl x509 -req -in request.pem -days 2 -CA ca.pem -CAkey ca-key.pem -CAcreateserial -extfile <(echo subjectAltName=IP:127.0.0.1) -out cert.pem
		chmod 644 -- *.pem
	) > "$1/openssl.log" 2>&1 || { cat "$1/openssl.log"; return 1; }
}

free_port() {
	local port

	for ((port = 20000 + RANDOM % 20000; ; port++)); do
		(: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
	done
	echo "$port"
}

# Whoever started it may not ask for its status.
is_gone() {     # pid
	[[ -z $1 || ! -e /proc/$1/stat || $(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat") == Z ]] 2> /dev/null
}
