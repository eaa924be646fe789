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

# For GNU make and BSD make.  Every target first runs common/configure.sh,
# which probes the system and writes $(BUILD)/rules.mk: one explicit rule
# for each object, program and test, from the lists below.  A test program
# needs no entry here, its head has a comment "links: FILE.c ..." (where
# @COMMON@, @CHILD@, @DIALECT@ and @SESSION@, which has @DIALECT@ in it, are
# the lists below) and if need be "pkgs:" and "flags:" for the link; a .c of
# regress/ without "links:" is no program.

# What each program is made of.  @OS@ becomes linux, openbsd or none.

COMMON_SRCS =	common/blob.c common/chan.c common/log.c common/net.c \
		common/util.c \
		proto/imsg.c proto/msg.c proto/msg_conf.c proto/msg_ctl.c \
		proto/msg_dial.c proto/msg_front.c proto/msg_grant.c \
		proto/msg_worker.c \
		proto/tables.c \
		proto/wire.c

TOKEN_SRCS =	gatewayd/token.c gatewayd/token_cache.c gatewayd/token_key.c \
		proto/base64.c proto/jsonscan.c

CHILD_SRCS =	common/child.c common/priv.c common/sandbox_@OS@.c

GATEWAYD_SRCS =	$(COMMON_SRCS) $(CHILD_SRCS) \
		common/notify.c common/paths.c common/proc.c \
		gatewayd/asset_open.c \
		gatewayd/audit.c gatewayd/broker.c gatewayd/conf_host.c \
		gatewayd/conf_lex.c gatewayd/conf_set.c gatewayd/config.c \
		gatewayd/confpush.c gatewayd/control.c gatewayd/crash.c \
		gatewayd/ctl.c \
		gatewayd/dial.c gatewayd/dialer.c gatewayd/dialer_conf.c \
		gatewayd/door.c gatewayd/egress.c gatewayd/errand.c \
		gatewayd/gatewayd.c gatewayd/kid.c \
		gatewayd/listener.c gatewayd/lookup.c gatewayd/metrics.c \
		gatewayd/own.c gatewayd/parent.c \
		gatewayd/parse.y gatewayd/printconf.c gatewayd/pty.c \
		gatewayd/rate.c gatewayd/recheck.c gatewayd/reload.c \
		gatewayd/resolv.c gatewayd/scrape.c gatewayd/session_table.c \
		gatewayd/shell.c gatewayd/slot.c gatewayd/staging.c \
		gatewayd/terminal.c gatewayd/weigh.c gatewayd/worker.c \
		proto/base64.c proto/hostkey.c proto/http.c proto/record.c \
		proto/utf8.c

FRONTEND_SRCS =	$(COMMON_SRCS) $(CHILD_SRCS) $(TOKEN_SRCS) \
		gatewayd/accept.c gatewayd/api_ssh.c \
		gatewayd/api_terminal.c gatewayd/api_tty.c gatewayd/ask.c \
		gatewayd/asset.c \
		gatewayd/body.c gatewayd/client.c gatewayd/crowd.c \
		gatewayd/front_conf.c gatewayd/frontend.c \
		gatewayd/launch_body.c gatewayd/link.c \
		gatewayd/op.c gatewayd/op_list.c gatewayd/op_step.c \
		gatewayd/page.c gatewayd/pass.c gatewayd/rate.c \
		gatewayd/reply.c gatewayd/request.c gatewayd/route.c \
		gatewayd/staging.c \
		proto/http.c proto/record.c proto/signames.c proto/utf8.c \
		proto/ws.c

CATALOG_SRCS =	$(COMMON_SRCS) $(CHILD_SRCS) $(TOKEN_SRCS) \
		gatewayd/catalog.c gatewayd/catalog_conf.c \
		gatewayd/catalog_static.c gatewayd/compose.c \
		gatewayd/known_hosts.c gatewayd/learned.c gatewayd/staging.c \
		gatewayd/ticket.c \
		proto/hostkey.c proto/record.c

SCREEN_SRCS =	proto/utf8.c sessiond/screen.c sessiond/screen_cells.c \
		sessiond/screen_csi.c sessiond/screen_mode.c \
		sessiond/screen_paint.c sessiond/screen_put.c \
		sessiond/screen_text.c

DIALECT_SRCS =	proto/base64.c proto/jsonscan.c proto/jsontext.c \
		proto/signames.c proto/sse.c proto/ws.c \
		sessiond/dialect.c sessiond/dialect_ssh.c \
		sessiond/dialect_terminal.c sessiond/dialect_terminal_sse.c \
		sessiond/dialect_tty.c sessiond/message.c sessiond/sseconn.c \
		sessiond/terminal_last.c sessiond/typed.c sessiond/wsconn.c

SESSION_SRCS =	$(SCREEN_SRCS) $(DIALECT_SRCS) \
		sessiond/frame.c sessiond/gather.c sessiond/input.c \
		sessiond/ring.c sessiond/session.c \
		sessiond/session_flow.c sessiond/session_screen.c \
		sessiond/session_yield.c sessiond/viewer.c

WORKER_SRCS =	$(COMMON_SRCS) $(CHILD_SRCS) $(SESSION_SRCS) \
		proto/record.c sessiond/front.c sessiond/front_call.c \
		sessiond/front_open.c sessiond/grant.c sessiond/launch_opt.c \
		sessiond/opened.c sessiond/place.c sessiond/report.c \
		sessiond/secrets.c sessiond/sessiond.c

SESSIOND_SRCS =	$(WORKER_SRCS) \
		sessiond/driver_pty.c sessiond/launch.c \
		sessiond/upstream_pty.c

NET_SRCS =	$(WORKER_SRCS) \
		proto/hostkey.c \
		sessiond/command.c sessiond/driver_ssh.c \
		sessiond/keystream.c sessiond/ssh_auth.c \
		sessiond/ssh_dial.c sessiond/ssh_files.c \
		sessiond/ssh_hostkey.c sessiond/ssh_memory.c \
		sessiond/ssh_pump.c sessiond/ssh_shell.c \
		sessiond/ssh_transport.c sessiond/sshkey.c \
		sessiond/upstream_ssh.c

CTL_SRCS =	$(TOKEN_SRCS) \
		common/paths.c common/util.c \
		gatewayctl/attach.c gatewayctl/attach_buf.c \
		gatewayctl/attach_conn.c gatewayctl/attach_escape.c \
		gatewayctl/attach_http.c gatewayctl/attach_modes.c \
		gatewayctl/attach_tty.c \
		gatewayctl/attach_url.c gatewayctl/attach_ws.c \
		gatewayctl/control.c gatewayctl/file.c gatewayctl/gatewayctl.c \
		gatewayctl/keygen.c gatewayctl/mint.c gatewayctl/seal.c \
		gatewayctl/show.c \
		proto/http.c proto/http_response.c proto/imsg.c \
		proto/msg.c proto/msg_conf.c proto/msg_ctl.c \
		proto/msg_dial.c proto/msg_front.c proto/msg_grant.c \
		proto/msg_worker.c \
		proto/signames.c proto/tables.c \
		proto/utf8.c \
		proto/wire.c \
		proto/ws.c

MKFILTER_SRCS =	common/mkfilter.c

# What each program links, as pkg-config names; regress compares the result
# with what a process may map.  ":static" takes the archive where there is
# one: workers are many, and so are keepers of shells, which are gatewayd; each
# shared library costs each of them 8 KiB and more.

GATEWAYD_PKGS =	libevent_extra:static libevent_core:static libbsd:static \
		libmd:static
FRONTEND_PKGS =	libevent_core libbsd libmd:static json-c libjwt libcrypto
CATALOG_PKGS =	libevent_core libbsd libmd:static json-c libjwt libcrypto
SESSIOND_PKGS =	libevent_core:static libsodium:static json-c:static \
		vterm:static libbsd:static libmd:static
NET_PKGS =	$(SESSIOND_PKGS) libssh2 libcrypto
MKFILTER_PKGS =	libseccomp libbsd libmd
CTL_PKGS =	libbsd libmd:static libsodium libjwt json-c libssl libcrypto

VERSION =	0.1

# To be set by whoever builds.

BUILD =		build
CC =		cc
CFLAGS =	-O2 -g
LDFLAGS =
YACC =		byacc
PKG_CONFIG =	pkg-config
WERROR =	-Werror
SAN =
PREFIX =	/usr/local
SYSCONFDIR =	/etc
SBINDIR =	$(PREFIX)/sbin
LIBEXECDIR =	$(PREFIX)/libexec/gatewayd
WEBDIR =	$(PREFIX)/share/gatewayd/web
MANDIR =	$(PREFIX)/share/man
UNITDIR =	$(PREFIX)/lib/systemd/system
SYSUSERSDIR =	$(PREFIX)/lib/sysusers.d
TMPFILESDIR =	$(PREFIX)/lib/tmpfiles.d
EXAMPLEDIR =	$(PREFIX)/share/examples/gatewayd
DESTDIR =

T =
SUITE =

PROGRAMS =	gatewayd gatewayd-frontend gatewayd-catalog sessiond \
		sessiond-net gatewayctl
RULES =		$(BUILD)/rules.mk

all: configure
	@$(MAKE) -f $(RULES) all

# One program.
$(PROGRAMS): configure
	@$(MAKE) -f $(RULES) $(BUILD)/$@

# Every program and test program; those of T=unit and the like; then to run
# T=test_utf8, say, or all of unit.
tests: configure
	@$(MAKE) -f $(RULES) all tests

tests-in: configure
	@$(MAKE) -f $(RULES) tests-$(T)

check: configure
	@$(MAKE) -f $(RULES) run-$(T)

unit: configure
	@$(MAKE) -f $(RULES) run-unit

fuzzers: configure
	@$(MAKE) -f $(RULES) tests-fuzz

# The files of the browser terminal, from npm; the programs need no node.
web:
	@BUILD="$(BUILD)" sh web/build.sh

configure:
	@BUILD="$(BUILD)" CC="$(CC)" CFLAGS="$(CFLAGS)" \
	    LDFLAGS="$(LDFLAGS)" YACC="$(YACC)" PKG_CONFIG="$(PKG_CONFIG)" \
	    WERROR="$(WERROR)" SAN="$(SAN)" SBINDIR="$(SBINDIR)" \
	    LIBEXECDIR="$(LIBEXECDIR)" WEBDIR="$(WEBDIR)" \
	    SYSCONFDIR="$(SYSCONFDIR)" \
	    COMMON_SRCS="$(COMMON_SRCS)" CHILD_SRCS="$(CHILD_SRCS)" \
	    DIALECT_SRCS="$(DIALECT_SRCS)" \
	    SESSION_SRCS="$(SESSION_SRCS)" \
	    sh common/configure.sh \
	    "gatewayd|$(GATEWAYD_PKGS)|$(GATEWAYD_SRCS)" \
	    "gatewayd-frontend|$(FRONTEND_PKGS)|$(FRONTEND_SRCS)" \
	    "gatewayd-catalog|$(CATALOG_PKGS)|$(CATALOG_SRCS)" \
	    "sessiond|$(SESSIOND_PKGS)|$(SESSIOND_SRCS)" \
	    "sessiond-net|$(NET_PKGS)|$(NET_SRCS)" \
	    "gatewayctl|$(CTL_PKGS)|$(CTL_SRCS)" \
	    "mkfilter|$(MKFILTER_PKGS)|$(MKFILTER_SRCS)"

# The programs again, linked to find each other where they are installed.
install: configure
	@if [ -n "$(SAN)" ]; then \
		echo "install: not a build with SAN, it is for tests" >&2; \
		exit 1; \
	fi
	@$(MAKE) -f $(RULES) install-programs
	@BUILD="$(BUILD)" DESTDIR="$(DESTDIR)" SBINDIR="$(SBINDIR)" \
	    LIBEXECDIR="$(LIBEXECDIR)" WEBDIR="$(WEBDIR)" \
	    SYSCONFDIR="$(SYSCONFDIR)" \
	    MANDIR="$(MANDIR)" EXAMPLEDIR="$(EXAMPLEDIR)" UNITDIR="$(UNITDIR)" \
	    SYSUSERSDIR="$(SYSUSERSDIR)" TMPFILESDIR="$(TMPFILESDIR)" \
	    sh etc/install.sh

# Shells on this machine, through the real daemon.
run:
	@BUILD="$(BUILD)" sh regress/packages.sh run
	@$(MAKE) all
	@$(MAKE) web || echo "run: going on without the page" >&2
	@BUILD="$(BUILD)" sh etc/demo.sh

# SUITE="unit e2e" runs these only; T is a number of seconds for fuzz.
regress:
	@MAKE="$(MAKE)" BUILD="$(BUILD)" sh regress/run $(SUITE)

fuzz:
	@MAKE="$(MAKE)" BUILD="$(BUILD)" T="$(T)" sh regress/run fuzz

bench: configure
	@$(MAKE) -f $(RULES) all tests
	@BUILD="$(BUILD)" sh regress/bench/run

lint:
	@sh regress/build/test_lint.sh

dist:
	git archive --prefix=gatewayd-$(VERSION)/ \
	    -o gatewayd-$(VERSION).tar.gz HEAD

clean:
	rm -rf "$(BUILD)"

.PHONY: all tests tests-in check unit fuzzers web configure install run \
	regress fuzz bench lint dist clean $(PROGRAMS)
