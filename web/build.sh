#!/bin/sh
# Copyright (c) 2026 The gatewayd authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.

# Put together what the daemon serves as its page, in $BUILD/web: what is
# here, and xterm.js with its addons from npm, exactly as locked.  Nothing is
# bundled or translated.  gatewayd/asset_open.c has the same names.

set -eu
cd "$(dirname "$0")/.."
: "${BUILD:=build}"

OURS="index.html page.css icon.svg page.js api.js attach.js screen.js
    sessions.js settings.js socket.js"
ADDONS="fit unicode11 web-links webgl"
MODULES=web/node_modules

die() {
	echo "web: $*" >&2
	exit 1
}

# put SOURCE NAME: without the pointer to a source map that nobody serves.
put() {
	sed '/^\/\/# sourceMappingURL=/d' "$1" >"$new/$2"
}

if ! cmp -s web/package-lock.json $MODULES/.installed; then
	command -v npm >/dev/null 2>&1 || die "there is no npm"
	out=$(cd web && npm ci --no-audit --no-fund --loglevel=error \
	    2>&1 </dev/null) || {
		echo "$out" >&2
		die "npm ci failed in web/: is the registry in reach?"
	}
	cp web/package-lock.json $MODULES/.installed
fi

mkdir -p "$BUILD"
new=$BUILD/web.new
rm -rf "$new"
mkdir "$new"
for f in $OURS; do
	cp "web/$f" "$new/$f"
done
put $MODULES/@xterm/xterm/lib/xterm.mjs xterm.mjs
put $MODULES/@xterm/xterm/css/xterm.css xterm.css
for a in $ADDONS; do
	put $MODULES/@xterm/addon-$a/lib/addon-$a.mjs addon-$a.mjs
done
for p in xterm $(echo " $ADDONS" | sed 's/ \([^ ]\)/ addon-\1/g'); do
	printf '@xterm/%s\n\n' "$p"
	cat "$MODULES/@xterm/$p/LICENSE"
	echo
done >"$new/licenses.txt"
chmod 755 "$new"
chmod 644 "$new"/*
rm -rf "$BUILD/web"
mv "$new" "$BUILD/web"
