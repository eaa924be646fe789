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

# What other programs read: manuals, units, scripts, the files of systemd.

cd "$(dirname "$0")/../.." || exit 1
. regress/build/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for page in man/*.[1-9]; do
	[ -f "$page" ] || continue
	silent "mandoc $page" mandoc -Tlint -Wwarning "$page"
done

for s in common/configure.sh etc/*.sh regress/*.sh regress/*/*.sh \
    regress/run regress/bench/run .ci/run; do
	[ -f "$s" ] || continue
	silent "sh -n $s" sh -n "$s"
done

# What an operator writes and reads is in the manuals.  undocumented PAGE:
# the lines of standard input that it does not have.
undocumented() {
	while read -r word; do
		grep -qw -- "$word" "$1" || echo "$word"
	done
}
empty "each keyword is in gatewayd.conf(5)" "$(
    sed -n 's/^	{ "\([a-z0-9-]*\)",.*/\1/p' gatewayd/parse.y |
    undocumented man/gatewayd.conf.5)"
empty "each metric is in gatewayd(8)" "$(
    sed -n 's/.*METRIC_[A-Z]*, "\([a-z_]*\)".*/gatewayd_\1/p' \
    gatewayd/ctl.c | undocumented man/gatewayd.8)"
empty "each word of a log line's reason is in gatewayd(8)" "$(
    grep -ohE '\[(LEAVE|DENY|END)_[A-Z_]*\] = "[a-z_ ]*"' gatewayd/audit.c \
    gatewayd/worker.c | cut -d '"' -f 2 | undocumented man/gatewayd.8)"

# The unit names programs that are not installed here; stand-ins are.
mkdir -p "$tmp/bin"
printf '#!/bin/sh\n' >"$tmp/bin/gatewayd"
cp "$tmp/bin/gatewayd" "$tmp/bin/gatewayctl"
chmod 755 "$tmp/bin/gatewayd" "$tmp/bin/gatewayctl"
if command -v systemd-analyze >/dev/null 2>&1; then
	sed "s|/usr/local/sbin|$tmp/bin|g; /^Documentation=/d" \
	    etc/gatewayd.service >"$tmp/gatewayd.service"
	chmod 644 "$tmp/gatewayd.service"
	silent "systemd-analyze verify" \
	    systemd-analyze verify --man=no "$tmp/gatewayd.service"
	mkdir -p "$tmp/gatewayd.service.d"
	cp etc/gatewayd-nopty.conf "$tmp/gatewayd.service.d/nopty.conf"
	chmod 644 "$tmp/gatewayd.service.d/nopty.conf"
	silent "systemd-analyze verify with the drop-in" \
	    env SYSTEMD_UNIT_PATH="$tmp:" \
	    systemd-analyze verify --man=no "$tmp/gatewayd.service"
else
	skip "systemd-analyze verify" "no systemd-analyze"
fi

# One reason for each wall the drop-in puts up.
empty "every line of the drop-in has its reason" "$(awk '
	/^#/			{ reason = 1; next }
	/^[A-Za-z]/ && !reason	{ print FILENAME ":" FNR ": " $0 }
				{ reason = 0 }' etc/gatewayd-nopty.conf)"

# A login shell inherits these for good, so the unit must not have them.
empty "nothing in the unit that a shell would inherit" "$(grep -nE \
    "$(echo '^(NoNewPrivileges|CapabilityBoundingSet|AmbientCap|Protect' \
    '|Private|Restrict|SystemCall|LimitCORE|MemoryDeny|LockPersonality' \
    '|ReadOnly|Inaccessible|UMask|Environment)' | tr -d ' ')" \
    etc/gatewayd.service)"

if command -v systemd-sysusers >/dev/null 2>&1; then
	mkdir -p "$tmp/root/etc"
	out=$(systemd-sysusers --root="$tmp/root" \
	    "$PWD/etc/gatewayd.sysusers" 2>&1)
	rc=$?
	for u in _gatewayd _gwcatalog _gwdialer _gwcontrol; do
		grep -q "^$u:" "$tmp/root/etc/passwd" || rc=1
	done
	result $rc "sysusers makes the four accounts" "$out"
	out=$(systemd-tmpfiles --root="$tmp/root" --create \
	    "$PWD/etc/gatewayd.tmpfiles" 2>&1)
	result $? "tmpfiles makes the directory" "$out"
else
	skip "sysusers" "no systemd-sysusers"
	skip "tmpfiles" "no systemd-tmpfiles"
fi

plan
