/*
 * Copyright (c) 2026 The gatewayd authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/*
 * The grammar of gatewayd.conf(5).
 *
 * Every rule checks its values where it reads them and goes on with the next
 * line, so that one run finds all errors.  Statements end at a newline or at
 * the brace that closes their block.  After a syntax error the rest of the
 * statement is skipped by lex_recover(), with the block that belongs to it:
 * a block that nobody knows is one error.  Token texts belong to the lexer;
 * what is kept is copied.  yacc wants globals, hence the one static struct,
 * which is empty between two calls.
 */

%{
#include "compat.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_lex.h"
#include "conf_load.h"
#include "conf_set.h"
#include "msg_conf.h"
#include "msg_dial.h"

static struct parse	 p;

void		 yyerror(const char *);
int		 yylex(void);
int		 yyparse(void);

static int	 keyword_of(const char *);
static int	 keyword_cmp(const void *, const void *);
%}

%token	ACCEPTNEW AGE ALLOW API AUDIT AUTH CATALOG CHANNEL CHECKING CONNECT
%token	CONTROL DENY DETACHED DIALER DIALS EGRESS ENV ES256 EXPIRY FILENAME
%token	FRONTENDS GB GRACE HANDSHAKE HOST HOSTS HS256 IDLE INCLUDE ISSUER JSON
%token	JWT KB KEY KID KNOWN LEARNED LIMIT LISTEN MAX MB MEMORY METRICS MODE
%token	NO OFF ON ORIGIN OWNER PAGE PASSPHRASE PASSWORD PER PING POCKETENV
%token	PORT PRINCIPAL PROXY PTY RECHECK REPLAY REQUEST REQUESTS RESOLVE
%token	RESOLVER RS256 SANDBOX SEAL SEALED SECRET SECRETS SESSION SESSIONS
%token	SOCKET SSH STALLED STATIC TERMINAL TEXT TIMEOUT TTY UIDS UNCLAIMED
%token	UNLOCKED USER VIEWERS WORKER YES
%token	BROKEN

%union {
	struct {
		const char	*text;
		int64_t		 number;
	} w;
	int64_t			 number;
	int			 flag;
}

%token	<w>		STRING NUMBER
%type	<w>		word
%type	<number>	port size unit apiname
%type	<flag>		yesno onoff auditform allowdeny checking

%%

lines		: line
		| lines '\n' line
		;

line		: /* empty */
		| INCLUDE word {
			lex_include(&p.lex, $2.text);
		}
		| STRING '=' word {
			lex_set_macro(&p.lex, $1.text, $3.text);
		}
		| process
		| network
		| limit
		| timeout
		| behaviour
		| api
		| sandbox
		| error {
			yyerrok;
			if (lex_recover(&p.lex, yychar))
				yyclearin;
		}
		;

word		: STRING
		| NUMBER
		;

process		: FRONTENDS NUMBER {
			set_number(&p, ONCE_FRONTENDS, "frontends",
			    &p.conf->frontends, $2.number, 1,
			    CONF_FRONTENDS_MAX);
		}
		| USER word {
			set_user(&p, ONCE_USER, "user", &p.conf->user, $2.text);
		}
		| USER CATALOG word {
			set_user(&p, ONCE_USER_CATALOG, "user catalog",
			    &p.conf->user_catalog, $3.text);
		}
		| USER DIALER word {
			set_user(&p, ONCE_USER_DIALER, "user dialer",
			    &p.conf->user_dialer, $3.text);
		}
		| USER CONTROL word {
			set_user(&p, ONCE_USER_CONTROL, "user control",
			    &p.conf->user_control, $3.text);
		}
		| WORKER UIDS word {
			set_uids(&p, $3.text);
		}
		;

network		: LISTEN ON word port {
			set_listen(&p, $3.text, $4);
		}
		| METRICS ON word port {
			set_metrics(&p, $3.text, $4);
		}
		| CONTROL SOCKET word {
			set_control(&p, $3.text);
		}
		| PROXY word {
			set_proxy(&p, $2.text);
		}
		| EGRESS allowdeny word port {
			set_egress(&p, $2, $3.text, $4);
		}
		| RESOLVER word port {
			set_resolver(&p, $2.text, $3);
		}
		;

allowdeny	: ALLOW			{ $$ = 1; }
		| DENY			{ $$ = 0; }
		;

port		: /* empty */		{ $$ = -1; }
		| PORT NUMBER		{ $$ = $2.number; }
		;

limit		: LIMIT SESSIONS PER SANDBOX NUMBER {
			set_number(&p, ONCE_SESSIONS_SANDBOX,
			    "limit sessions per sandbox",
			    &p.conf->sessions_sandbox, $5.number, 1, 1024);
		}
		| LIMIT SESSIONS PER PRINCIPAL NUMBER {
			set_number(&p, ONCE_SESSIONS_PRINCIPAL,
			    "limit sessions per principal",
			    &p.conf->sessions_principal, $5.number, 1, 65536);
		}
		| LIMIT VIEWERS PER SESSION NUMBER {
			set_number(&p, ONCE_VIEWERS,
			    "limit viewers per session",
			    &p.conf->viewers_session, $5.number, 1, 1024);
		}
		| LIMIT REQUESTS NUMBER PER NUMBER {
			set_requests(&p, $3.number, $5.number);
		}
		| LIMIT MEMORY PER WORKER size {
			if (set_bytes(&p, ONCE_MEMORY,
			    "limit memory per worker", $5, 16 * MIB, 65536 *
			    MIB))
				p.conf->worker_memory = (uint64_t)$5;
		}
		| LIMIT DIALS PER WORKER NUMBER {
			set_number(&p, ONCE_DIALS, "limit dials per worker",
			    &p.conf->dials_worker, $5.number, 1, 10000);
		}
		;

size		: NUMBER unit {
			/* Far out of every range rather than overflown. */
			$$ = $1.number > INT64_MAX / $2 ? INT64_MAX :
			    $1.number * $2;
		}
		;

unit		: KB			{ $$ = KIB; }
		| MB			{ $$ = MIB; }
		| GB			{ $$ = GIB; }
		;

timeout		: TIMEOUT REQUEST NUMBER {
			set_number(&p, ONCE_REQUEST, "timeout request",
			    &p.conf->timeout_request, $3.number, 1, 600);
		}
		| TIMEOUT RESOLVE NUMBER {
			set_number(&p, ONCE_RESOLVE, "timeout resolve",
			    &p.conf->timeout_resolve, $3.number, 1, 600);
		}
		| TIMEOUT CONNECT NUMBER {
			set_number(&p, ONCE_CONNECT, "timeout connect",
			    &p.conf->timeout_connect, $3.number, 1, 600);
		}
		| TIMEOUT HANDSHAKE NUMBER {
			set_number(&p, ONCE_HANDSHAKE, "timeout handshake",
			    &p.conf->timeout_handshake, $3.number, 1, 600);
		}
		| TIMEOUT CHANNEL NUMBER {
			set_number(&p, ONCE_CHANNEL, "timeout channel",
			    &p.conf->timeout_channel, $3.number, 1, 600);
		}
		| TIMEOUT PING NUMBER {
			set_number(&p, ONCE_PING, "timeout ping",
			    &p.conf->timeout_ping, $3.number, 1, 3600);
		}
		| TIMEOUT STALLED NUMBER {
			set_number(&p, ONCE_STALLED, "timeout stalled",
			    &p.conf->timeout_stalled, $3.number, 1, 3600);
		}
		| TIMEOUT IDLE NUMBER {
			set_number(&p, ONCE_IDLE, "timeout idle",
			    &p.conf->timeout_idle, $3.number, 1, YEAR);
		}
		| TIMEOUT IDLE SSH NUMBER {
			set_number(&p, ONCE_IDLE_SSH, "timeout idle ssh",
			    &p.conf->idle_ssh, $4.number, 1, YEAR);
		}
		| TIMEOUT IDLE TTY NUMBER {
			set_number(&p, ONCE_IDLE_TTY, "timeout idle tty",
			    &p.conf->idle_tty, $4.number, 1, YEAR);
		}
		| TIMEOUT IDLE TERMINAL NUMBER {
			set_number(&p, ONCE_IDLE_TERMINAL,
			    "timeout idle terminal", &p.conf->idle_terminal,
			    $4.number, 1, YEAR);
		}
		| TIMEOUT DETACHED SSH NUMBER {
			set_number(&p, ONCE_DETACHED_SSH,
			    "timeout detached ssh", &p.conf->detached_ssh,
			    $4.number, 1, YEAR);
		}
		| TIMEOUT DETACHED TTY NUMBER {
			set_number(&p, ONCE_DETACHED_TTY,
			    "timeout detached tty", &p.conf->detached_tty,
			    $4.number, 1, YEAR);
		}
		| TIMEOUT DETACHED TERMINAL NUMBER {
			set_number(&p, ONCE_DETACHED_TERMINAL,
			    "timeout detached terminal",
			    &p.conf->detached_terminal, $4.number, 1, YEAR);
		}
		| RECHECK NUMBER {
			set_number(&p, ONCE_RECHECK, "recheck",
			    &p.conf->recheck, $2.number, 1, 3600);
		}
		;

behaviour	: PAGE onoff {
			if (set_once(&p, ONCE_PAGE, "page"))
				p.conf->page = $2;
		}
		| SEAL KEY FILENAME word {
			set_seal_key(&p, $4.text);
		}
		| HOST KEY CHECKING checking {
			set_checking(&p, (uint8_t)$4);
		}
		| KNOWN HOSTS word {
			set_hosts_file(&p, ONCE_KNOWN, "known hosts",
			    &p.conf->known_hosts, $3.text);
		}
		| LEARNED HOSTS word {
			set_hosts_file(&p, ONCE_LEARNED, "learned hosts",
			    &p.conf->learned_hosts, $3.text);
		}
		| CATALOG STATIC {
			(void)set_once(&p, ONCE_CATALOG, "catalog");
		}
		| REPLAY size {
			if (set_bytes(&p, ONCE_REPLAY, "replay", $2, 4 * KIB,
			    64 * MIB))
				p.conf->replay = (uint32_t)$2;
		}
		| SECRETS UNLOCKED yesno {
			if (set_once(&p, ONCE_UNLOCKED, "secrets unlocked"))
				p.conf->secrets_unlocked = $3;
		}
		| AUDIT auditform {
			if (set_once(&p, ONCE_AUDIT, "audit"))
				p.conf->audit_json = $2;
		}
		;

yesno		: YES			{ $$ = 1; }
		| NO			{ $$ = 0; }
		;

checking	: YES			{ $$ = HOSTCHECK_YES; }
		| ACCEPTNEW		{ $$ = HOSTCHECK_ACCEPT_NEW; }
		| NO			{ $$ = HOSTCHECK_NO; }
		;

onoff		: ON			{ $$ = 1; }
		| OFF			{ $$ = 0; }
		;

auditform	: TEXT			{ $$ = 0; }
		| JSON			{ $$ = 1; }
		;

api		: API apiname '{' {
			if (set_api(&p, (int)$2) == -1)
				YYABORT;
		} apilines '}' {
			set_api_end(&p);
		}
		;

apiname		: POCKETENV		{ $$ = API_POCKETENV; }
		| TERMINAL		{ $$ = API_TERMINAL; }
		;

apilines	: apiline
		| apilines '\n' apiline
		;

apiline		: /* empty */
		| AUTH JWT {
			p.issuer = p.kid = NULL;
		} auth
		| AUTH EXPIRY GRACE NUMBER {
			set_number(&p, ONCE_GRACE, "auth expiry grace",
			    &p.api->expiry_grace, $4.number, 0, YEAR);
		}
		| AUTH MAX AGE NUMBER {
			set_number(&p, ONCE_AGE, "auth max age",
			    &p.api->max_age, $4.number, 1, 10 * YEAR);
		}
		| ORIGIN word {
			set_origin(&p, $2.text);
		}
		| UNCLAIMED yesno {
			if (set_once(&p, ONCE_UNCLAIMED, "unclaimed"))
				p.api->unclaimed = $2;
		}
		| error {
			yyerrok;
			if (lex_recover(&p.lex, yychar))
				yyclearin;
		}
		;

auth		: HS256 SECRET FILENAME word authopts {
			set_auth(&p, CONF_HS256, $4.text);
		}
		| ES256 KEY FILENAME word authopts {
			set_auth(&p, CONF_ES256, $4.text);
		}
		| RS256 KEY FILENAME word authopts {
			set_auth(&p, CONF_RS256, $4.text);
		}
		;

authopts	: /* empty */
		| authopts ISSUER word {
			set_auth_text(&p, &p.issuer, "issuer", $3.text,
			    ISSUER_MAX);
		}
		| authopts KID word {
			set_auth_text(&p, &p.kid, "kid", $3.text, KID_MAX);
		}
		;

sandbox		: SANDBOX word '{' {
			if (set_sandbox(&p, $2.text) == -1)
				YYABORT;
		} sandboxlines '}' {
			set_sandbox_end(&p);
		}
		;

sandboxlines	: sandboxline
		| sandboxlines '\n' sandboxline
		;

sandboxline	: /* empty */
		| OWNER word {
			set_owner(&p, $2.text);
		}
		| PTY {
			(void)set_once(&p, ONCE_PTY, "pty");
			p.args = 0;
		} args
		| USER word {
			set_sandbox_user(&p, $2.text);
		}
		| SSH word port USER word {
			set_ssh(&p, $2.text, $3, $5.text);
		}
		| HOST KEY word {
			set_host_key(&p, NULL, $3.text);
		}
		| HOST KEY word word {
			set_host_key(&p, $3.text, $4.text);
		}
		| KEY SEALED word {
			set_key_sealed(&p, $3.text);
		}
		| KEY FILENAME word {
			set_key_file(&p, $3.text);
		}
		| PASSPHRASE SEALED word {
			set_passphrase(&p, $3.text);
		}
		| PASSWORD SEALED word {
			set_password(&p, $3.text);
		}
		| FILENAME word MODE word SEALED word {
			set_file(&p, $2.text, $4.text, $6.text);
		}
		| ENV word word {
			set_env(&p, $2.text, $3.text);
		}
		| SECRET word SEALED word {
			set_secret(&p, $2.text, $4.text);
		}
		| error {
			yyerrok;
			if (lex_recover(&p.lex, yychar))
				yyclearin;
		}
		;

args		: word {
			set_arg(&p, $1.text);
		}
		| args word {
			set_arg(&p, $2.text);
		}
		;

%%

struct keyword {
	const char	*name;
	int		 token;
};

/* Sorted by name, for bsearch(3). */
static const struct keyword keywords[] = {
	{ "accept-new",	ACCEPTNEW },
	{ "age",	AGE },
	{ "allow",	ALLOW },
	{ "api",	API },
	{ "audit",	AUDIT },
	{ "auth",	AUTH },
	{ "catalog",	CATALOG },
	{ "channel",	CHANNEL },
	{ "checking",	CHECKING },
	{ "connect",	CONNECT },
	{ "control",	CONTROL },
	{ "deny",	DENY },
	{ "detached",	DETACHED },
	{ "dialer",	DIALER },
	{ "dials",	DIALS },
	{ "egress",	EGRESS },
	{ "env",	ENV },
	{ "es256",	ES256 },
	{ "expiry",	EXPIRY },
	{ "file",	FILENAME },
	{ "frontends",	FRONTENDS },
	{ "gb",		GB },
	{ "grace",	GRACE },
	{ "handshake",	HANDSHAKE },
	{ "host",	HOST },
	{ "hosts",	HOSTS },
	{ "hs256",	HS256 },
	{ "idle",	IDLE },
	{ "include",	INCLUDE },
	{ "issuer",	ISSUER },
	{ "json",	JSON },
	{ "jwt",	JWT },
	{ "kb",		KB },
	{ "key",	KEY },
	{ "kid",	KID },
	{ "known",	KNOWN },
	{ "learned",	LEARNED },
	{ "limit",	LIMIT },
	{ "listen",	LISTEN },
	{ "max",	MAX },
	{ "mb",		MB },
	{ "memory",	MEMORY },
	{ "metrics",	METRICS },
	{ "mode",	MODE },
	{ "no",		NO },
	{ "off",	OFF },
	{ "on",		ON },
	{ "origin",	ORIGIN },
	{ "owner",	OWNER },
	{ "page",	PAGE },
	{ "passphrase",	PASSPHRASE },
	{ "password",	PASSWORD },
	{ "per",	PER },
	{ "ping",	PING },
	{ "pocketenv",	POCKETENV },
	{ "port",	PORT },
	{ "principal",	PRINCIPAL },
	{ "proxy",	PROXY },
	{ "pty",	PTY },
	{ "recheck",	RECHECK },
	{ "replay",	REPLAY },
	{ "request",	REQUEST },
	{ "requests",	REQUESTS },
	{ "resolve",	RESOLVE },
	{ "resolver",	RESOLVER },
	{ "rs256",	RS256 },
	{ "sandbox",	SANDBOX },
	{ "seal",	SEAL },
	{ "sealed",	SEALED },
	{ "secret",	SECRET },
	{ "secrets",	SECRETS },
	{ "session",	SESSION },
	{ "sessions",	SESSIONS },
	{ "socket",	SOCKET },
	{ "ssh",	SSH },
	{ "stalled",	STALLED },
	{ "static",	STATIC },
	{ "terminal",	TERMINAL },
	{ "text",	TEXT },
	{ "timeout",	TIMEOUT },
	{ "tty",	TTY },
	{ "uids",	UIDS },
	{ "unclaimed",	UNCLAIMED },
	{ "unlocked",	UNLOCKED },
	{ "user",	USER },
	{ "viewers",	VIEWERS },
	{ "worker",	WORKER },
	{ "yes",	YES }
};

static int
keyword_of(const char *word)
{
	const struct keyword	*kw;

	kw = bsearch(word, keywords, nitems(keywords), sizeof(keywords[0]),
	    keyword_cmp);
	return (kw == NULL ? -1 : kw->token);
}

static int
keyword_cmp(const void *word, const void *kw)
{
	return (strcmp(word, ((const struct keyword *)kw)->name));
}

int
yylex(void)
{
	int	 token;

	token = lex_next(&p.lex, &yylval.w.text, &yylval.w.number);
	switch (token) {
	case LEX_STRING:
		return (STRING);
	case LEX_NUMBER:
		return (NUMBER);
	case LEX_BROKEN:
		return (BROKEN);
	default:
		return (token);
	}
}

void
yyerror(const char *msg)
{
	lex_syntax(&p.lex, msg);
}

struct config *
config_parse_stream(FILE *stream, const char *name,
    const struct config_how *how)
{
	struct config	*conf;

	memset(&p, 0, sizeof(p));
	if (lex_start(&p.lex, stream, name, how, keyword_of) == -1 ||
	    (p.conf = config_new()) == NULL ||
	    config_defaults(p.conf) == -1) {
		p.lex.errors++;
		config_report(how, "%s: out of memory", name);
	} else {
		if (yyparse() != 0 && p.lex.errors == 0)
			lex_fail(&p.lex, "cannot go on");
		if (ferror(stream))
			lex_fail(&p.lex, "cannot be read");
		set_end(&p, name);
	}
	conf = p.conf;
	if (p.lex.errors > 0) {
		config_free(conf);
		conf = NULL;
	}
	lex_stop(&p.lex);
	memset(&p, 0, sizeof(p));
	return (conf);
}

struct config *
config_parse(const char *path, const struct config_how *how)
{
	struct config	*conf;
	const char	*why;
	FILE		*stream;

	if ((stream = lex_open(path, &why)) == NULL) {
		config_report(how, "%s %s%s%s", path, why,
		    errno == 0 ? "" : ": ", errno == 0 ? "" : strerror(errno));
		return (NULL);
	}
	conf = config_parse_stream(stream, path, how);
	(void)fclose(stream);
	return (conf);
}
