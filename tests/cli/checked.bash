# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Checked streams written down by hand. `checked < draft` gives barrier, stop and end lines their n and crc (unless the draft
# states them), over the lines of data before them.

checked() {
	LC_ALL=C gawk '
	BEGIN {
		for (i = 0; i < 256; i++) {
			code[sprintf("%c", i)] = i
			c = i
			for (bit = 0; bit < 8; bit++)
				c = and(c, 1) ? xor(rshift(c, 1), 0x82f63b78) : rshift(c, 1)
			table[i] = c
		}
	}
	function sum(text, i, n) {
		crc = xor(crc, 0xffffffff)
		n = length(text)
		for (i = 1; i <= n; i++)
			crc = xor(rshift(crc, 8), table[xor(and(crc, 255), code[substr(text, i, 1)])])
		crc = xor(crc, 0xffffffff)
	}
	/^#!weir (barrier|stop|end) / {
		if (!/ n=/)
			$0 = $0 " n=" lines + 0
		if (!/ crc=/)
			$0 = $0 sprintf(" crc=%08x", crc)
		lines = crc = 0
		print
		next
	}
	/^{"@weir":"(barrier|stop|end)",/ {
		sub(/}$/, sprintf(",\"n\":%d,\"crc\":\"%08x\"}", lines, crc))
		lines = crc = 0
		print
		next
	}
	!/^(#!weir |{"@weir":)/ { lines++; sum($0 "\n") }
	{ print }'
}
