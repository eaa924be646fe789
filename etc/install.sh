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

# Copy what "make install" has linked, with the manuals and the files of
# etc/, below DESTDIR.  Run by make, which passes every directory.  Nothing
# an operator may have changed is written over.

set -eu
umask 022

# put MODE SOURCE TARGET
put() {
	mkdir -p "$DESTDIR$(dirname "$3")"
	install -m "$1" "$2" "$DESTDIR$3"
}

# place SOURCE TARGET: a text that names the directories of this machine.
place() {
	sed -e "s|/usr/local/sbin|$SBINDIR|g" \
	    -e "s|/usr/local/lib/systemd/system|$UNITDIR|g" \
	    -e "s|/usr/local/share/examples/gatewayd|$EXAMPLEDIR|g" \
	    -e "s|/usr/local/share/gatewayd/web|$WEBDIR|g" \
	    -e "s|/etc/gatewayd|$SYSCONFDIR/gatewayd|g" "$1" >"$BUILD/placed"
	put 644 "$BUILD/placed" "$2"
	rm -f "$BUILD/placed"
}

for p in gatewayd gatewayctl; do
	put 755 "$BUILD/install/$p" "$SBINDIR/$p"
done
for p in gatewayd-frontend gatewayd-catalog sessiond sessiond-net; do
	put 755 "$BUILD/install/$p" "$LIBEXECDIR/$p"
done

# The page is made by "make web", which needs npm; all else works without.
if [ -f "$BUILD/web/index.html" ]; then
	for f in "$BUILD"/web/*; do
		put 644 "$f" "$WEBDIR/$(basename "$f")"
	done
else
	echo "install: no browser terminal, \"make web\" was not run" >&2
fi

for page in man/*.[1-9]; do
	[ -f "$page" ] || continue
	place "$page" "$MANDIR/man${page##*.}/$(basename "$page")"
done

place etc/gatewayd.conf "$EXAMPLEDIR/gatewayd.conf"
place etc/gatewayd-nopty.conf "$EXAMPLEDIR/gatewayd-nopty.conf"

# The configuration names secrets and their owners: for root only.
mkdir -p "$DESTDIR$SYSCONFDIR/gatewayd"
chmod 700 "$DESTDIR$SYSCONFDIR/gatewayd"

# So are the keys of hosts that it has met.
mkdir -p "$DESTDIR/var/lib/gatewayd"
chmod 700 "$DESTDIR/var/lib/gatewayd"

case $(uname -s) in
OpenBSD)
	place etc/rc.d/gatewayd /etc/rc.d/gatewayd
	chmod 555 "$DESTDIR/etc/rc.d/gatewayd"
	;;
*)
	place etc/gatewayd.service "$UNITDIR/gatewayd.service"
	put 644 etc/gatewayd.sysusers "$SYSUSERSDIR/gatewayd.conf"
	put 644 etc/gatewayd.tmpfiles "$TMPFILESDIR/gatewayd.conf"
	;;
esac
