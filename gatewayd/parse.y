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
 * The grammar of gatewayd.conf(5), and its reader.
 *
 * Every rule checks its values where it reads them and goes on with the next
 * line, so that one run finds all errors.  Statements end at a newline or at
 * the brace that closes their block.  After a syntax error the rest of the
 * statement is skipped by conf_recover(), with the block that belongs to it:
 * a block that nobody knows is one error.
 *
 * Token texts live in a pool until the parse ends, so no rule has to free
 * what it did not use; what is kept is copied.  yacc wants globals, hence
 * the one static struct, which is empty between two calls.
 */

%{
#include "compat.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "conf_load.h"
#include "msg_conf.h"

#define FILE_DEPTH_MAX	16	/* includes in includes */
#define INCLUDES_MAX	1024	/* in one parse, against files in a circle */
#define FILE_SIZE_MAX	(64 * 1024 * 1024)
#define QUOTE_MAX	64	/* bytes of the file shown in a message */
#define WORD_MAX	(CONF_SEALED_MAX + 1)
#define SESSION_ROOM	(8 * MIB)	/* the least a worker with one needs */

#define KIB		((int64_t)1024)
#define MIB		(KIB * 1024)
#define GIB		(MIB * 1024)
#define YEAR		(365 * 86400)	/* seconds */

/* One configuration file under way. */
struct file {
	TAILQ_ENTRY(file)	 entry;
	FILE			*stream;
	char			*name;		/* for messages, and include */
	int			 line;
	int			 pushed;	/* one char, EOF when none */
	int			 depth;		/* open braces */
	int			 opened;	/* line of the first of them */
	int			 ended;		/* its last newline was given */
};
TAILQ_HEAD(files, file);

/* What may be said only once, in the file or in one block. */
enum once {
	ONCE_METRICS, ONCE_CONTROL, ONCE_FRONTENDS, ONCE_USER,
	ONCE_USER_CATALOG, ONCE_USER_DIALER, ONCE_USER_CONTROL, ONCE_UIDS,
	ONCE_PAGE, ONCE_CATALOG, ONCE_SESSIONS_SANDBOX,
	ONCE_SESSIONS_PRINCIPAL, ONCE_VIEWERS, ONCE_REQUESTS, ONCE_MEMORY,
	ONCE_REQUEST, ONCE_CHANNEL, ONCE_PING, ONCE_STALLED, ONCE_IDLE,
	ONCE_DETACHED_SSH, ONCE_RECHECK, ONCE_REPLAY, ONCE_UNLOCKED,
	ONCE_AUDIT,
	ONCE_GRACE, ONCE_AGE, ONCE_UNCLAIMED,		/* api */
	ONCE_PTY, ONCE_SANDBOX_USER,			/* sandbox */
	ONCE_OWNER, ONCE_AUTH	/* repeatable; noted to see that it was */
};
#define ONCE_BIT(o)	((uint64_t)1 << (o))
#define ONCE_API	(ONCE_BIT(ONCE_GRACE) | ONCE_BIT(ONCE_AGE) | \
			    ONCE_BIT(ONCE_UNCLAIMED) | ONCE_BIT(ONCE_AUTH))
#define ONCE_SANDBOX	(ONCE_BIT(ONCE_PTY) | ONCE_BIT(ONCE_OWNER) | \
			    ONCE_BIT(ONCE_SANDBOX_USER))

static struct parser {
	const struct config_how	*how;
	struct config		*conf;
	struct files		 files;		/* the last is being read */
	int			 depth;		/* files open */
	int			 includes;	/* files so far */
	struct config_macros	 macros;	/* of the files */
	const char		*expansion;	/* the rest of one, or NULL */
	struct config_strs	 pool;		/* token texts */
	char			*buf;		/* the word being read */
	size_t			 buflen;
	int			 errors;
	int			 syntax;	/* statements skipped */
	uint64_t		 seen;		/* ONCE_BIT()s */

	/* For messages: where we are in the statement. */
	int			 line;		/* of the last token */
	int			 words;		/* so far, the last included */
	int			 fresh;		/* next starts a statement */
	int			 unknown;	/* first word is no keyword */
	int			 failed;	/* token was reported already */
	int			 bare;		/* last word was not quoted */
	int			 keyword;	/* last word was one */
	const char		*first;		/* word of the statement */
	const char		*before;	/* the word before the last */
	const char		*word;		/* the last */
	const char		*symbol;	/* last token, if no word */

	/* The block that is open. */
	struct config_api	*api;
	struct config_sandbox	*sb;
	int			 block;		/* its line */
	int			 block_syntax;	/* p.syntax before it */
	int			 sandboxes;	/* so far */
	int			 args;		/* of pty */
	int			 envs;		/* env and secret lines */
	size_t			 env_bytes;	/* of them, as in the shell */
	const char		*issuer;
	const char		*kid;
	const char		*secret_of;	/* first sandbox with one */
} p;

void		 yyerror(const char *);
int		 yylex(void);
int		 yyparse(void);

static void	 report(int, const char *, const char *, va_list)
		    PRINTFLIKE(3, 0);
static void	 fail(const char *, ...) PRINTFLIKE(1, 2);
static void	 fail_at(int, const char *, ...) PRINTFLIKE(2, 3);
static void	 warning_at(int, const char *, ...) PRINTFLIKE(2, 3);
static void	 out_of_memory(void);
static int	 conf_recover(int);
static int	 lgetc(void);
static void	 lungetc(int);
static void	 skip_comment(void);
static int	 lex_end(struct file *);
static int	 lex_joined(struct file *);
static int	 lex_symbol(struct file *, int);
static int	 symbol(int, const char *);
static int	 broken(void);
static int	 is_word(int);
static int	 lex_word(int);
static int	 keyword_cmp(const void *, const void *);
static int	 lex_string(struct file *, int);
static int	 lex_macro(void);
static const struct config_macro
		*macro_find(const struct config_macros *, const char *);
static void	 buf_add(int);
static int	 word_keep(void);
static int	 once(enum once, const char *);
static int	 in_range(const char *, int64_t, int64_t, int64_t);
static void	 set_number(enum once, const char *, uint32_t *, int64_t,
		    uint32_t, uint32_t);
static int	 set_bytes(enum once, const char *, int64_t, int64_t,
		    int64_t);
static int64_t	 unit_of(int64_t);
static const char
		*unit_name(int64_t);
static void	 set_string(char **, const char *);
static void	 set_user(enum once, const char *, char **, const char *);
static int	 is_path(const char *, const char *);
static void	 str_add(struct config_strs *, const char *, const char *,
		    size_t);
static void	 str_append(struct config_strs *, const char *);
static struct config_listen
		*listen_new(const char *, int64_t, uint16_t);
static int	 listen_known(const struct config_listen *);
static void	 listen_add(const char *, int64_t);
static void	 metrics_set(const char *, int64_t);
static void	 control_set(const char *);
static void	 proxy_add(const char *);
static void	 uids_set(const char *);
static int	 api_open(int, const char *);
static void	 api_close(void);
static void	 auth_text(const char **, const char *, const char *, size_t);
static int	 same(const char *, const char *);
static void	 auth_add(enum config_alg, const char *);
static void	 origin_add(const char *);
static int	 sandbox_open(const char *);
static void	 sandbox_close(void);
static void	 owner_add(const char *);
static void	 arg_add(const char *);
static void	 env_add(struct config_envs *, const char *, const char *,
		    size_t);
static int	 env_known(const struct config_envs *, const char *);
static void	 secret_add(const char *, const char *);
static void	 macro_set(const char *, const char *);
static void	 include(const char *);
static int	 file_is_open(FILE *);
static FILE	*file_open(const char *, const char **);
static int	 file_push(FILE *, const char *);
static void	 file_pop(void);
static void	 check_whole(const char *);
%}

%token	AGE API AUDIT AUTH CATALOG CHANNEL CONTROL DETACHED DIALER ENV ES256
%token	EXPIRY FILENAME FRONTENDS GB GRACE HS256 IDLE INCLUDE ISSUER JSON JWT
%token	KB KEY KID LIMIT LISTEN MAX MB MEMORY METRICS NO OFF ON ORIGIN OWNER
%token	PAGE PER PING POCKETENV PORT PRINCIPAL PROXY PTY RECHECK REPLAY
%token	REQUEST REQUESTS RS256 SANDBOX SEAL SEALED SECRET SECRETS SESSION
%token	SESSIONS SOCKET SSH STALLED STATIC TEXT TIMEOUT UIDS UNCLAIMED
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
%type	<number>	port size unit
%type	<flag>		yesno onoff auditform

%%

lines		: line
		| lines '\n' line
		;

line		: /* empty */
		| INCLUDE word {
			include($2.text);
		}
		| STRING '=' word {
			macro_set($1.text, $3.text);
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
			if (conf_recover(yychar))
				yyclearin;
		}
		;

word		: STRING
		| NUMBER
		;

process		: FRONTENDS NUMBER {
			set_number(ONCE_FRONTENDS, "frontends",
			    &p.conf->frontends, $2.number, 1,
			    CONF_FRONTENDS_MAX);
		}
		| USER word {
			set_user(ONCE_USER, "user", &p.conf->user, $2.text);
		}
		| USER CATALOG word {
			set_user(ONCE_USER_CATALOG, "user catalog",
			    &p.conf->user_catalog, $3.text);
		}
		| USER DIALER word {
			set_user(ONCE_USER_DIALER, "user dialer",
			    &p.conf->user_dialer, $3.text);
		}
		| USER CONTROL word {
			set_user(ONCE_USER_CONTROL, "user control",
			    &p.conf->user_control, $3.text);
		}
		| WORKER UIDS word {
			uids_set($3.text);
		}
		;

network		: LISTEN ON word port {
			listen_add($3.text, $4);
		}
		| METRICS ON word port {
			metrics_set($3.text, $4);
		}
		| CONTROL SOCKET word {
			control_set($3.text);
		}
		| PROXY word {
			proxy_add($2.text);
		}
		;

port		: /* empty */		{ $$ = -1; }
		| PORT NUMBER		{ $$ = $2.number; }
		;

limit		: LIMIT SESSIONS PER SANDBOX NUMBER {
			set_number(ONCE_SESSIONS_SANDBOX,
			    "limit sessions per sandbox",
			    &p.conf->sessions_sandbox, $5.number, 1, 1024);
		}
		| LIMIT SESSIONS PER PRINCIPAL NUMBER {
			set_number(ONCE_SESSIONS_PRINCIPAL,
			    "limit sessions per principal",
			    &p.conf->sessions_principal, $5.number, 1, 65536);
		}
		| LIMIT VIEWERS PER SESSION NUMBER {
			set_number(ONCE_VIEWERS, "limit viewers per session",
			    &p.conf->viewers_session, $5.number, 1, 1024);
		}
		| LIMIT REQUESTS NUMBER PER NUMBER {
			set_number(ONCE_REQUESTS, "limit requests",
			    &p.conf->requests, $3.number, 1, 1000000);
			if (in_range("the time of limit requests", $5.number,
			    1, 3600))
				p.conf->requests_window = (uint32_t)$5.number;
		}
		| LIMIT MEMORY PER WORKER size {
			if (set_bytes(ONCE_MEMORY, "limit memory per worker",
			    $5, 16 * MIB, 65536 * MIB))
				p.conf->worker_memory = (uint64_t)$5;
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
			set_number(ONCE_REQUEST, "timeout request",
			    &p.conf->timeout_request, $3.number, 1, 600);
		}
		| TIMEOUT CHANNEL NUMBER {
			set_number(ONCE_CHANNEL, "timeout channel",
			    &p.conf->timeout_channel, $3.number, 1, 600);
		}
		| TIMEOUT PING NUMBER {
			set_number(ONCE_PING, "timeout ping",
			    &p.conf->timeout_ping, $3.number, 1, 3600);
		}
		| TIMEOUT STALLED NUMBER {
			set_number(ONCE_STALLED, "timeout stalled",
			    &p.conf->timeout_stalled, $3.number, 1, 3600);
		}
		| TIMEOUT IDLE NUMBER {
			set_number(ONCE_IDLE, "timeout idle",
			    &p.conf->timeout_idle, $3.number, 1, YEAR);
		}
		| TIMEOUT DETACHED SSH NUMBER {
			set_number(ONCE_DETACHED_SSH, "timeout detached ssh",
			    &p.conf->detached_ssh, $4.number, 1, YEAR);
		}
		| RECHECK NUMBER {
			set_number(ONCE_RECHECK, "recheck",
			    &p.conf->recheck, $2.number, 1, 3600);
		}
		;

behaviour	: PAGE onoff {
			if (once(ONCE_PAGE, "page"))
				p.conf->page = $2;
		}
		| SEAL KEY FILENAME word {
			if (is_path("seal key", $4.text))
				str_add(&p.conf->seal_keys, "seal key",
				    $4.text, CONF_SEAL_MAX);
		}
		| CATALOG STATIC {
			(void)once(ONCE_CATALOG, "catalog");
		}
		| REPLAY size {
			if (set_bytes(ONCE_REPLAY, "replay", $2, 4 * KIB,
			    64 * MIB))
				p.conf->replay = (uint32_t)$2;
		}
		| SECRETS UNLOCKED yesno {
			if (once(ONCE_UNLOCKED, "secrets unlocked"))
				p.conf->secrets_unlocked = $3;
		}
		| AUDIT auditform {
			if (once(ONCE_AUDIT, "audit"))
				p.conf->audit_json = $2;
		}
		;

yesno		: YES			{ $$ = 1; }
		| NO			{ $$ = 0; }
		;

onoff		: ON			{ $$ = 1; }
		| OFF			{ $$ = 0; }
		;

auditform	: TEXT			{ $$ = 0; }
		| JSON			{ $$ = 1; }
		;

api		: API POCKETENV '{' {
			if (api_open(API_POCKETENV, "pocketenv") == -1)
				YYABORT;
		} apilines '}' {
			api_close();
		}
		;

apilines	: apiline
		| apilines '\n' apiline
		;

apiline		: /* empty */
		| AUTH JWT {
			p.issuer = p.kid = NULL;
		} auth
		| AUTH EXPIRY GRACE NUMBER {
			set_number(ONCE_GRACE, "auth expiry grace",
			    &p.api->expiry_grace, $4.number, 0, YEAR);
		}
		| AUTH MAX AGE NUMBER {
			set_number(ONCE_AGE, "auth max age",
			    &p.api->max_age, $4.number, 1, 10 * YEAR);
		}
		| ORIGIN word {
			origin_add($2.text);
		}
		| UNCLAIMED yesno {
			if (once(ONCE_UNCLAIMED, "unclaimed"))
				p.api->unclaimed = $2;
		}
		| error {
			yyerrok;
			if (conf_recover(yychar))
				yyclearin;
		}
		;

auth		: HS256 SECRET FILENAME word authopts {
			auth_add(CONF_HS256, $4.text);
		}
		| ES256 KEY FILENAME word authopts {
			auth_add(CONF_ES256, $4.text);
		}
		| RS256 KEY FILENAME word authopts {
			auth_add(CONF_RS256, $4.text);
		}
		;

authopts	: /* empty */
		| authopts ISSUER word {
			auth_text(&p.issuer, "issuer", $3.text, ISSUER_MAX);
		}
		| authopts KID word {
			auth_text(&p.kid, "kid", $3.text, KID_MAX);
		}
		;

sandbox		: SANDBOX word '{' {
			if (sandbox_open($2.text) == -1)
				YYABORT;
		} sandboxlines '}' {
			sandbox_close();
		}
		;

sandboxlines	: sandboxline
		| sandboxlines '\n' sandboxline
		;

sandboxline	: /* empty */
		| OWNER word {
			owner_add($2.text);
		}
		| PTY {
			(void)once(ONCE_PTY, "pty");
			p.args = 0;
		} args
		| USER word {
			set_user(ONCE_SANDBOX_USER, "user", &p.sb->user,
			    $2.text);
		}
		| ENV word word {
			env_add(&p.sb->envs, $2.text, $3.text,
			    strlen($3.text));
		}
		| SECRET word SEALED word {
			secret_add($2.text, $4.text);
		}
		| error {
			yyerrok;
			if (conf_recover(yychar))
				yyclearin;
		}
		;

args		: word {
			arg_add($1.text);
		}
		| args word {
			arg_add($2.text);
		}
		;

%%

struct keyword {
	const char	*name;
	int		 token;
};

/* Sorted by name, for bsearch(3). */
static const struct keyword keywords[] = {
	{ "age",	AGE },
	{ "api",	API },
	{ "audit",	AUDIT },
	{ "auth",	AUTH },
	{ "catalog",	CATALOG },
	{ "channel",	CHANNEL },
	{ "control",	CONTROL },
	{ "detached",	DETACHED },
	{ "dialer",	DIALER },
	{ "env",	ENV },
	{ "es256",	ES256 },
	{ "expiry",	EXPIRY },
	{ "file",	FILENAME },
	{ "frontends",	FRONTENDS },
	{ "gb",		GB },
	{ "grace",	GRACE },
	{ "hs256",	HS256 },
	{ "idle",	IDLE },
	{ "include",	INCLUDE },
	{ "issuer",	ISSUER },
	{ "json",	JSON },
	{ "jwt",	JWT },
	{ "kb",		KB },
	{ "key",	KEY },
	{ "kid",	KID },
	{ "limit",	LIMIT },
	{ "listen",	LISTEN },
	{ "max",	MAX },
	{ "mb",		MB },
	{ "memory",	MEMORY },
	{ "metrics",	METRICS },
	{ "no",		NO },
	{ "off",	OFF },
	{ "on",		ON },
	{ "origin",	ORIGIN },
	{ "owner",	OWNER },
	{ "page",	PAGE },
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
	{ "text",	TEXT },
	{ "timeout",	TIMEOUT },
	{ "uids",	UIDS },
	{ "unclaimed",	UNCLAIMED },
	{ "unlocked",	UNLOCKED },
	{ "user",	USER },
	{ "viewers",	VIEWERS },
	{ "worker",	WORKER },
	{ "yes",	YES }
};

/* Findings. */

static void
report(int line, const char *kind, const char *fmt, va_list ap)
{
	struct file	*file;
	char		 text[CONF_REPORT_MAX];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	file = TAILQ_LAST(&p.files, files);
	config_report(p.how, "%s:%d: %s%s", file->name, line, kind, text);
}

/* An error on the line of the last token. */
static void
fail(const char *fmt, ...)
{
	va_list	 ap;

	p.errors++;
	va_start(ap, fmt);
	report(p.line, "", fmt, ap);
	va_end(ap);
}

/* An error on a line of the same file that was read before. */
static void
fail_at(int line, const char *fmt, ...)
{
	va_list	 ap;

	p.errors++;
	va_start(ap, fmt);
	report(line, "", fmt, ap);
	va_end(ap);
}

static void
warning_at(int line, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	report(line, "warning: ", fmt, ap);
	va_end(ap);
}

static void
out_of_memory(void)
{
	fail("out of memory");
}

/*
 * Called by yacc at a syntax error, when the last token is the one that does
 * not fit.  A word that starts its statement is an unknown keyword; so is
 * one that was taken for the name of a macro and then had no '='.
 */
void
yyerror(const char *msg)
{
	if (p.failed)
		p.failed = 0;
	else if (strcmp(msg, "syntax error") != 0)
		fail("%s", msg);
	else if (p.unknown && p.words <= (p.symbol == NULL ? 2 : 1))
		fail("unknown keyword \"%.*s\"", QUOTE_MAX, p.first);
	else if (p.symbol != NULL)
		fail("unexpected %s", p.symbol);
	else if (p.words == 1 && p.keyword)
		fail("\"%s\" is not known here", p.word);
	else if (p.bare && !p.keyword && p.words > 1 &&
	    isalpha((unsigned char)p.word[0]))
		fail("unknown word \"%.*s\" after \"%.*s\"", QUOTE_MAX, p.word,
		    QUOTE_MAX, p.before);
	else
		fail("unexpected \"%.*s\"", QUOTE_MAX, p.word);
}

/*
 * After a syntax error: skip to the end of the statement, with any block
 * that it opens.  The token where yacc stopped is given; returns 1 when it
 * was part of what is skipped, 0 when it ends the statement itself.
 */
static int
conf_recover(int token)
{
	struct file	*file;
	int		 c, level, quote;

	p.syntax++;
	file = TAILQ_LAST(&p.files, files);
	if (token == '\n' || token == '}' || token == 0)
		return (0);
	level = 0;
	if (token == '{') {
		file->depth--;
		level++;
	}
	quote = 0;
	while ((c = lgetc()) != EOF) {
		if (c == '\\' && quote != 0) {
			if ((c = lgetc()) == '\n')
				file->line++;
			continue;
		}
		if (c == '\n') {
			quote = 0;
			if (level == 0)
				break;
			file->line++;
		} else if (quote != 0) {
			if (c == quote)
				quote = 0;
		} else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '#')
			skip_comment();
		else if (c == '{')
			level++;
		else if (c == '}' && level > 0)
			level--;
		else if (c == '}' && file->depth > 0)
			break;
	}
	if (c != EOF)
		lungetc(c);
	else if (level > 0)
		fail("block is not closed");
	return (1);
}

/* The next char, from the macro being expanded or from the file. */
static int
lgetc(void)
{
	struct file	*file;
	int		 c;

	if (p.expansion != NULL) {
		if (*p.expansion != '\0')
			return ((unsigned char)*p.expansion++);
		p.expansion = NULL;
	}
	file = TAILQ_LAST(&p.files, files);
	if ((c = file->pushed) != EOF)
		file->pushed = EOF;
	else
		c = getc(file->stream);
	return (c);
}

/* Give back the char that lgetc() returned last. */
static void
lungetc(int c)
{
	if (p.expansion != NULL)
		p.expansion--;
	else
		TAILQ_LAST(&p.files, files)->pushed = c;
}

static void
skip_comment(void)
{
	int	 c;

	while ((c = lgetc()) != EOF && c != '\n')
		;
	lungetc(c);
}

int
yylex(void)
{
	struct file	*file;
	int		 c;

	for (;;) {
		file = TAILQ_LAST(&p.files, files);
		c = lgetc();
		p.line = file->line;
		if (c == ' ' || c == '\t')
			continue;
		if (c == '#')
			skip_comment();
		else if (c == '\\' && lex_joined(file))
			continue;
		else if (c == '$' && p.expansion == NULL) {
			if (lex_macro() == -1)
				return (broken());
		} else if (c == EOF) {
			if ((c = lex_end(file)) != -1)
				return (c);
		} else if (c == '}' && file->depth == 0)
			fail("unexpected \"}\"");
		else
			break;
	}
	if (c == '"' || c == '\'')
		return (lex_string(file, c));
	if (is_word(c))
		return (lex_word(c));
	return (lex_symbol(file, c));
}

/*
 * A file ends with a newline, whether it has one or not; before that end its
 * own open block.  Returns the token, or -1 when the file that included this
 * one goes on.
 */
static int
lex_end(struct file *file)
{
	if (!file->ended) {
		file->ended = 1;
		return (symbol('\n', "end of file"));
	}
	if (file->depth > 0) {
		fail_at(file->opened, "block is not closed");
		p.syntax++;
		file->depth--;
		file->ended = 0;
		return (symbol('}', "end of file"));
	}
	if (file == TAILQ_FIRST(&p.files))
		return (symbol(0, "end of file"));
	file_pop();
	return (-1);
}

/* Is the line joined with the next one by the backslash just read? */
static int
lex_joined(struct file *file)
{
	int	 c;

	if ((c = lgetc()) == '\n') {
		file->line++;
		return (1);
	}
	lungetc(c);
	return (0);
}

static int
lex_symbol(struct file *file, int c)
{
	switch (c) {
	case '\n':
		file->line++;
		return (symbol(c, "end of line"));
	case '{':
		if (file->depth++ == 0)
			file->opened = file->line;
		return (symbol(c, "\"{\""));
	case '}':
		file->depth--;
		return (symbol(c, "\"}\""));
	case '=':
		return (symbol(c, "\"=\""));
	default:
		if (isgraph(c))
			fail("unexpected character \"%c\"", c);
		else
			fail("unexpected byte 0x%02x", (unsigned int)c);
		return (broken());
	}
}

/* Note a token that is no word, for messages. */
static int
symbol(int token, const char *name)
{
	if (p.fresh)
		p.words = p.unknown = 0;
	p.fresh = token != '=';
	if (token == '=')
		p.unknown = 0;
	p.symbol = name;
	return (token);
}

/* A token whose error was reported: yyerror() says no more. */
static int
broken(void)
{
	p.failed = 1;
	(void)symbol(BROKEN, "");
	p.fresh = 0;
	return (BROKEN);
}

/* A word without quotes: what names, paths, addresses and numbers are of. */
static int
is_word(int c)
{
	return (isascii(c) && (isalnum(c) ||
	    (c != '\0' && strchr("-._/:+@%*,~^[]", c) != NULL)));
}

static int
lex_word(int c)
{
	const struct keyword	*kw;
	const char		*errstr;

	p.buflen = 0;
	do {
		buf_add(c);
	} while ((c = lgetc()) != EOF && is_word(c));
	lungetc(c);
	if (word_keep() == -1)
		return (broken());
	p.bare = 1;
	if (strspn(p.word, "0123456789") == p.buflen) {
		if (p.words == 1)
			p.unknown = 0;
		yylval.w.number = strtonum(p.word, 0, INT64_MAX, &errstr);
		if (errstr == NULL)
			return (NUMBER);
		fail("number is %s", errstr);
		return (broken());
	}
	kw = bsearch(p.word, keywords, nitems(keywords), sizeof(keywords[0]),
	    keyword_cmp);
	if (kw == NULL)
		return (STRING);
	p.keyword = 1;
	if (p.words == 1)
		p.unknown = 0;
	return (kw->token);
}

static int
keyword_cmp(const void *name, const void *kw)
{
	return (strcmp(name, ((const struct keyword *)kw)->name));
}

/*
 * A string in quotes.  A backslash takes the meaning from a quote and from a
 * backslash and joins lines; before all else it is a char like others.
 */
static int
lex_string(struct file *file, int quote)
{
	int	 c, control;

	p.buflen = 0;
	control = 0;
	while ((c = lgetc()) != quote) {
		if (c == '\\') {
			c = lgetc();
			if (c == '\n') {
				file->line++;
				continue;
			}
			if (c != quote && c != '\\') {
				lungetc(c);
				c = '\\';
			}
		}
		if (c == EOF || c == '\n') {
			lungetc(c);
			fail("string is not closed");
			return (broken());
		}
		if ((c < ' ' && c != '\t') || c == 0x7f)
			control = 1;
		buf_add(c);
	}
	if (control) {
		fail("control character in string");
		return (broken());
	}
	if (word_keep() == -1)
		return (broken());
	p.bare = 0;
	if (p.words == 1)
		p.unknown = 0;
	return (STRING);
}

/* Take "$name": what it stands for is read next.  Macros do not nest. */
static int
lex_macro(void)
{
	const struct config_macro	*macro;
	int				 c;

	p.buflen = 0;
	while ((c = lgetc()) != EOF && (isalnum(c) || c == '_'))
		buf_add(c);
	lungetc(c);
	if (p.buflen > WORD_MAX) {
		fail("macro name is too long");
		return (-1);
	}
	p.buf[p.buflen] = '\0';
	macro = NULL;
	if (p.how->macros != NULL)
		macro = macro_find(p.how->macros, p.buf);
	if (macro == NULL)
		macro = macro_find(&p.macros, p.buf);
	if (macro == NULL) {
		fail("macro \"%.*s\" is not defined", QUOTE_MAX, p.buf);
		return (-1);
	}
	p.expansion = macro->value;
	return (0);
}

static const struct config_macro *
macro_find(const struct config_macros *macros, const char *name)
{
	const struct config_macro	*macro;

	TAILQ_FOREACH(macro, macros, entry)
		if (strcmp(macro->name, name) == 0)
			return (macro);
	return (NULL);
}

/* Add to the word; one too long is cut here and refused by word_keep(). */
static void
buf_add(int c)
{
	if (p.buflen < WORD_MAX)
		p.buf[p.buflen] = (char)c;
	if (p.buflen <= WORD_MAX)
		p.buflen++;
}

/* Put the word that was read into the pool and note it for messages. */
static int
word_keep(void)
{
	struct config_str	*str;

	if (p.buflen > WORD_MAX) {
		fail("word is too long");
		return (-1);
	}
	p.buf[p.buflen] = '\0';
	if ((str = calloc(1, sizeof(*str))) == NULL ||
	    (str->s = strdup(p.buf)) == NULL) {
		free(str);
		out_of_memory();
		return (-1);
	}
	TAILQ_INSERT_TAIL(&p.pool, str, entry);
	if (p.fresh) {
		p.words = 0;
		p.unknown = 1;
		p.first = str->s;
		p.word = "";
	}
	p.fresh = p.keyword = 0;
	p.symbol = NULL;
	p.words++;
	p.before = p.word;
	p.word = yylval.w.text = str->s;
	return (0);
}

/* Values. */

/* Returns 1 for the first line of its kind. */
static int
once(enum once what, const char *name)
{
	if (p.seen & ONCE_BIT(what)) {
		fail("%s is given twice", name);
		return (0);
	}
	p.seen |= ONCE_BIT(what);
	return (1);
}

static int
in_range(const char *name, int64_t n, int64_t min, int64_t max)
{
	if (n >= min && n <= max)
		return (1);
	fail("%s must be %lld to %lld, not %lld", name, (long long)min,
	    (long long)max, (long long)n);
	return (0);
}

static void
set_number(enum once what, const char *name, uint32_t *value, int64_t n,
    uint32_t min, uint32_t max)
{
	if (once(what, name) && in_range(name, n, min, max))
		*value = (uint32_t)n;
}

static int
set_bytes(enum once what, const char *name, int64_t n, int64_t min,
    int64_t max)
{
	if (!once(what, name))
		return (0);
	if (n >= min && n <= max)
		return (1);
	fail("%s must be %lld %s to %lld %s", name,
	    (long long)(min / unit_of(min)), unit_name(min),
	    (long long)(max / unit_of(max)), unit_name(max));
	return (0);
}

/* The largest unit that a bound has at least one of. */
static int64_t
unit_of(int64_t n)
{
	return (n >= GIB ? GIB : n >= MIB ? MIB : KIB);
}

static const char *
unit_name(int64_t n)
{
	return (n >= GIB ? "gb" : n >= MIB ? "mb" : "kb");
}

static void
set_string(char **to, const char *s)
{
	char	*copy;

	if ((copy = strdup(s)) == NULL) {
		out_of_memory();
		return;
	}
	free(*to);
	*to = copy;
}

static void
set_user(enum once what, const char *name, char **to, const char *s)
{
	if (!once(what, name))
		return;
	if (!config_is_user(s))
		fail("\"%.*s\" is no account name", QUOTE_MAX, s);
	else
		set_string(to, s);
}

static int
is_path(const char *what, const char *s)
{
	if (config_is_path(s))
		return (1);
	fail("%s must be an absolute path of at most %d bytes", what,
	    PATH_TEXT_MAX);
	return (0);
}

/* Add to a list that takes each text once and has a bound. */
static void
str_add(struct config_strs *strs, const char *what, const char *s, size_t max)
{
	struct config_str	*str;
	size_t			 n;

	n = 0;
	TAILQ_FOREACH(str, strs, entry) {
		if (strcmp(str->s, s) == 0) {
			fail("%s \"%.*s\" is given twice", what, QUOTE_MAX, s);
			return;
		}
		n++;
	}
	if (n >= max)
		fail("more than %zu lines of %s", max, what);
	else
		str_append(strs, s);
}

static void
str_append(struct config_strs *strs, const char *s)
{
	struct config_str	*str;

	if ((str = calloc(1, sizeof(*str))) == NULL ||
	    (str->s = strdup(s)) == NULL) {
		free(str);
		out_of_memory();
		return;
	}
	TAILQ_INSERT_TAIL(strs, str, entry);
}

/* Network. */

static struct config_listen *
listen_new(const char *s, int64_t port, uint16_t byname)
{
	struct config_listen	*listen;

	if (port == -1)
		port = byname;
	else if (!in_range("port", port, 1, UINT16_MAX))
		return (NULL);
	if ((listen = calloc(1, sizeof(*listen))) == NULL) {
		out_of_memory();
		return (NULL);
	}
	if (config_addr(s, (uint16_t)port, listen) == -1) {
		fail("\"%.*s\" is no IPv4 or IPv6 address", QUOTE_MAX, s);
		free(listen);
		return (NULL);
	}
	return (listen);
}

static int
listen_known(const struct config_listen *listen)
{
	const struct config_listen	*l;

	TAILQ_FOREACH(l, &p.conf->listens, entry)
		if (memcmp(&l->ss, &listen->ss, sizeof(l->ss)) == 0)
			return (1);
	l = p.conf->metrics;
	return (l != NULL && memcmp(&l->ss, &listen->ss, sizeof(l->ss)) == 0);
}

static void
listen_add(const char *s, int64_t port)
{
	struct config_listen	*l, *listen;
	int			 n;

	if ((listen = listen_new(s, port, CONF_LISTEN_PORT)) == NULL)
		return;
	n = 0;
	TAILQ_FOREACH(l, &p.conf->listens, entry)
		n++;
	if (listen_known(listen))
		fail("address and port are in use by another line");
	else if (n >= CONF_LISTEN_MAX)
		fail("more than %d lines of listen", CONF_LISTEN_MAX);
	else {
		TAILQ_INSERT_TAIL(&p.conf->listens, listen, entry);
		return;
	}
	free(listen);
}

static void
metrics_set(const char *s, int64_t port)
{
	struct config_listen	*listen;

	if (!once(ONCE_METRICS, "metrics") ||
	    (listen = listen_new(s, port, CONF_METRICS_PORT)) == NULL)
		return;
	if (listen_known(listen)) {
		fail("address and port are in use by another line");
		free(listen);
	} else
		p.conf->metrics = listen;
}

static void
control_set(const char *s)
{
	struct sockaddr_un	 sun;

	if (!once(ONCE_CONTROL, "control socket") ||
	    !is_path("control socket", s))
		return;
	if (strlen(s) >= sizeof(sun.sun_path))
		fail("control socket must have at most %zu bytes",
		    sizeof(sun.sun_path) - 1);
	else
		set_string(&p.conf->control, s);
}

static void
proxy_add(const char *s)
{
	struct config_net	*n, *net;
	int			 count;

	if ((net = calloc(1, sizeof(*net))) == NULL) {
		out_of_memory();
		return;
	}
	if (config_net(s, net) == -1) {
		fail("\"%.*s\" is no network: address/bits, the rest zero",
		    QUOTE_MAX, s);
		free(net);
		return;
	}
	count = 0;
	TAILQ_FOREACH(n, &p.conf->proxies, entry) {
		if (n->family == net->family && n->prefix == net->prefix &&
		    memcmp(n->addr, net->addr, sizeof(n->addr)) == 0)
			break;
		count++;
	}
	if (n != NULL)
		fail("proxy \"%s\" is given twice", s);
	else if (count >= CONF_PROXY_MAX)
		fail("more than %d lines of proxy", CONF_PROXY_MAX);
	else {
		TAILQ_INSERT_TAIL(&p.conf->proxies, net, entry);
		return;
	}
	free(net);
}

/* "LOW-HIGH".  (uid_t)-1 means none, and 0 would make a worker root. */
static void
uids_set(const char *s)
{
	const char	*dash, *errstr;
	char		 low[16];
	long long	 from, to;

	if (!once(ONCE_UIDS, "worker uids"))
		return;
	if ((dash = strchr(s, '-')) == NULL ||
	    (size_t)(dash - s) >= sizeof(low)) {
		fail("worker uids must be LOW-HIGH");
		return;
	}
	(void)strlcpy(low, s, (size_t)(dash - s) + 1);
	from = strtonum(low, 1, UINT32_MAX - 1, &errstr);
	to = 0;
	if (errstr == NULL)
		to = strtonum(dash + 1, 1, UINT32_MAX - 1, &errstr);
	if (errstr != NULL)
		fail("worker uids must be numbers of 1 to %u",
		    UINT32_MAX - 1);
	else if (to < from || to - from >= CONF_UIDS_MAX)
		fail("worker uids must be 1 to %d uids", CONF_UIDS_MAX);
	else {
		p.conf->uid_low = (uint32_t)from;
		p.conf->uid_high = (uint32_t)to;
	}
}

/* The api block. */

static int
api_open(int number, const char *name)
{
	struct config_api	*api;

	TAILQ_FOREACH(api, &p.conf->apis, entry)
		if (api->api == number)
			fail("api %s is given twice", name);
	if ((api = calloc(1, sizeof(*api))) == NULL) {
		out_of_memory();
		return (-1);
	}
	api->api = number;
	api->expiry_grace = CONF_EXPIRY_GRACE;
	api->max_age = CONF_MAX_AGE;
	TAILQ_INIT(&api->auths);
	TAILQ_INIT(&api->origins);
	TAILQ_INSERT_TAIL(&p.conf->apis, api, entry);
	p.api = api;
	p.seen &= ~ONCE_API;
	p.block = TAILQ_LAST(&p.files, files)->opened;
	p.block_syntax = p.syntax;
	return (0);
}

static void
api_close(void)
{
	p.api = NULL;
	/* What is missing may be the line that was skipped. */
	if (p.syntax != p.block_syntax)
		return;
	if (!(p.seen & ONCE_BIT(ONCE_AUTH)))
		fail_at(p.block, "api has no auth jwt line");
}

static void
auth_text(const char **to, const char *what, const char *s, size_t max)
{
	if (*to != NULL)
		fail("%s is given twice", what);
	else if (s[0] == '\0' || strlen(s) > max)
		fail("%s must have 1 to %zu bytes", what, max);
	else
		*to = s;
}

static int
same(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a == b);
	return (strcmp(a, b) == 0);
}

static void
auth_add(enum config_alg alg, const char *file)
{
	struct config_auth	*a, *auth;
	int			 n;

	p.seen |= ONCE_BIT(ONCE_AUTH);
	if (!is_path("key file", file))
		return;
	n = 0;
	TAILQ_FOREACH(a, &p.api->auths, entry) {
		if (a->alg == alg && same(a->file, file) &&
		    same(a->issuer, p.issuer) && same(a->kid, p.kid)) {
			fail("auth line is given twice");
			return;
		}
		n++;
	}
	if (n >= CONF_AUTH_MAX) {
		fail("more than %d lines of auth jwt", CONF_AUTH_MAX);
		return;
	}
	if ((auth = calloc(1, sizeof(*auth))) == NULL) {
		out_of_memory();
		return;
	}
	auth->alg = alg;
	set_string(&auth->file, file);
	if (p.issuer != NULL)
		set_string(&auth->issuer, p.issuer);
	if (p.kid != NULL)
		set_string(&auth->kid, p.kid);
	TAILQ_INSERT_TAIL(&p.api->auths, auth, entry);
}

static void
origin_add(const char *s)
{
	if (!config_is_origin(s))
		fail("\"%.*s\" is no origin as browsers send it", QUOTE_MAX,
		    s);
	else
		str_add(&p.api->origins, "origin", s, CONF_ORIGIN_MAX);
}

/* The sandbox block. */

static int
sandbox_open(const char *id)
{
	struct config_sandbox	*sb;

	if (!config_is_id(id))
		fail("a sandbox id has 1 to %d of A-Z a-z 0-9 . _ -",
		    SANDBOX_ID_MAX);
	if ((sb = calloc(1, sizeof(*sb))) == NULL ||
	    (sb->id = strdup(id)) == NULL) {
		free(sb);
		out_of_memory();
		return (-1);
	}
	TAILQ_INIT(&sb->owners);
	TAILQ_INIT(&sb->argv);
	TAILQ_INIT(&sb->envs);
	TAILQ_INIT(&sb->secrets);
	TAILQ_INSERT_TAIL(&p.conf->sandboxes, sb, entry);
	if (RB_INSERT(config_tree, &p.conf->sandbox_tree, sb) != NULL)
		fail("sandbox \"%.*s\" is given twice", QUOTE_MAX, id);
	if (++p.sandboxes == CONF_SANDBOX_MAX + 1)
		fail("more than %d sandboxes", CONF_SANDBOX_MAX);
	p.sb = sb;
	p.seen &= ~ONCE_SANDBOX;
	p.envs = p.env_bytes = 0;
	p.block = TAILQ_LAST(&p.files, files)->opened;
	p.block_syntax = p.syntax;
	return (0);
}

static void
sandbox_close(void)
{
	p.sb = NULL;
	/* What is missing may be the line that was skipped. */
	if (p.syntax != p.block_syntax)
		return;
	if (!(p.seen & ONCE_BIT(ONCE_OWNER)))
		fail_at(p.block, "sandbox has no owner");
	if (!(p.seen & ONCE_BIT(ONCE_PTY)))
		fail_at(p.block, "sandbox has no pty");
	if (p.seen & ONCE_BIT(ONCE_SANDBOX_USER))
		return;
	if (p.how->flags & CONF_AS_ROOT)
		fail_at(p.block, "sandbox names no user, as it must when "
		    "gatewayd runs as root");
	else
		warning_at(p.block, "sandbox names no user, as it must when "
		    "gatewayd runs as root");
}

static void
owner_add(const char *s)
{
	p.seen |= ONCE_BIT(ONCE_OWNER);
	if (s[0] == '\0' || strlen(s) > PRINCIPAL_MAX)
		fail("owner must have 1 to %d bytes", PRINCIPAL_MAX);
	else
		str_add(&p.sb->owners, "owner", s, CONF_OWNER_MAX);
}

static void
arg_add(const char *s)
{
	if (strlen(s) > CONF_VALUE_MAX)
		fail("argument has more than %d bytes", CONF_VALUE_MAX);
	else if (p.args++ == 0 && !is_path("the command of pty", s))
		return;
	else if (p.args == CONF_ARG_MAX + 1)
		fail("pty has more than %d words", CONF_ARG_MAX);
	else if (p.args <= CONF_ARG_MAX)
		str_append(&p.sb->argv, s);
}

static void
env_add(struct config_envs *envs, const char *name, const char *value,
    size_t len)
{
	struct config_env	*env;

	if (!config_is_env_name(name)) {
		fail("\"%.*s\" is no name of an environment variable",
		    QUOTE_MAX, name);
		return;
	}
	if (len > CONF_VALUE_MAX) {
		fail("value has more than %d bytes", CONF_VALUE_MAX);
		return;
	}
	if (env_known(&p.sb->envs, name) || env_known(&p.sb->secrets, name)) {
		fail("\"%s\" is given twice", name);
		return;
	}
	if (++p.envs == CONF_ENV_MAX + 1)
		fail("more than %d lines of env and secret", CONF_ENV_MAX);
	p.env_bytes += strlen(name) + len + 2;
	if (p.env_bytes > CONF_ENV_TOTAL)
		fail("environment has more than %d bytes", CONF_ENV_TOTAL);
	if ((env = calloc(1, sizeof(*env))) == NULL) {
		out_of_memory();
		return;
	}
	set_string(&env->name, name);
	set_string(&env->value, value);
	TAILQ_INSERT_TAIL(envs, env, entry);
}

static int
env_known(const struct config_envs *envs, const char *name)
{
	const struct config_env	*env;

	/* A name is NULL when there was no memory for it. */
	TAILQ_FOREACH(env, envs, entry)
		if (same(env->name, name))
			return (1);
	return (0);
}

static void
secret_add(const char *name, const char *sealed)
{
	if (!config_is_sealed(sealed)) {
		fail("sealed text must be base64url without padding, of %d "
		    "to %d chars", CONF_SEALED_MIN, CONF_SEALED_MAX);
		return;
	}
	if (p.secret_of == NULL)
		p.secret_of = p.sb->id;
	env_add(&p.sb->secrets, name, sealed,
	    strlen(sealed) * 3 / 4 - CONF_SEAL_BYTES);
}

/* Files. */

/* A macro set again hides the first, which may be under expansion. */
static void
macro_set(const char *name, const char *value)
{
	struct config_macro	*macro;

	if (!config_is_macro(name)) {
		fail("a macro's name has letters, digits and _ only");
		return;
	}
	if ((macro = calloc(1, sizeof(*macro))) == NULL) {
		out_of_memory();
		return;
	}
	TAILQ_INSERT_HEAD(&p.macros, macro, entry);
	set_string(&macro->name, name);
	set_string(&macro->value, value);
}

static void
include(const char *s)
{
	const char	*by, *slash, *why;
	char		 path[PATH_TEXT_MAX + 1];
	FILE		*stream;
	size_t		 dir;

	by = TAILQ_LAST(&p.files, files)->name;
	dir = 0;
	if (s[0] != '/' && (slash = strrchr(by, '/')) != NULL)
		dir = (size_t)(slash - by) + 1;
	if (p.how->flags & CONF_NOINCLUDE)
		fail("include is not possible here");
	else if (s[0] == '\0' || dir + strlen(s) >= sizeof(path))
		fail("include needs a path of at most %d bytes",
		    PATH_TEXT_MAX);
	else if (p.depth >= FILE_DEPTH_MAX || p.includes >= INCLUDES_MAX)
		fail("too many files are included");
	else {
		(void)snprintf(path, sizeof(path), "%.*s%s", (int)dir, by, s);
		if ((stream = file_open(path, &why)) == NULL)
			fail("include \"%.*s\" %s%s%s", QUOTE_MAX, s, why,
			    errno == 0 ? "" : ": ",
			    errno == 0 ? "" : strerror(errno));
		else if (file_is_open(stream)) {
			fail("include \"%.*s\" is under way", QUOTE_MAX, s);
			(void)fclose(stream);
		} else if (file_push(stream, path) == -1) {
			(void)fclose(stream);
			out_of_memory();
		}
	}
}

/* Does a file include itself, in however many steps? */
static int
file_is_open(FILE *stream)
{
	const struct file	*file;
	struct stat		 a, b;

	if (fstat(fileno(stream), &a) == -1)
		return (0);
	TAILQ_FOREACH(file, &p.files, entry)
		if (fileno(file->stream) != -1 &&
		    fstat(fileno(file->stream), &b) == 0 &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return (1);
	return (0);
}

static FILE *
file_open(const char *path, const char **why)
{
	FILE	*stream;
	int	 fd;

	if ((fd = config_open_file(path, CONF_TEXT, FILE_SIZE_MAX, why)) == -1)
		return (NULL);
	if ((stream = fdopen(fd, "r")) == NULL) {
		*why = "cannot be read";
		(void)close(fd);
	}
	return (stream);
}

/*
 * Read from this stream next.  The rest of the line that included it comes
 * after it, so a newline is put in between: as its line 0.
 */
static int
file_push(FILE *stream, const char *name)
{
	struct file	*file;

	if ((file = calloc(1, sizeof(*file))) == NULL ||
	    (file->name = strdup(name)) == NULL) {
		free(file);
		return (-1);
	}
	file->stream = stream;
	file->pushed = '\n';
	TAILQ_INSERT_TAIL(&p.files, file, entry);
	p.depth++;
	p.includes++;
	p.expansion = NULL;
	return (0);
}

/* Leave the file that is being read; the first stream is the caller's. */
static void
file_pop(void)
{
	struct file	*file;

	file = TAILQ_LAST(&p.files, files);
	TAILQ_REMOVE(&p.files, file, entry);
	p.depth--;
	if (!TAILQ_EMPTY(&p.files))
		(void)fclose(file->stream);
	free(file->name);
	free(file);
}

/* What can only be judged once all is read. */
static void
check_whole(const char *name)
{
	struct config_listen	*listen;

	if (p.conf->worker_memory <
	    p.conf->replay + (uint64_t)SESSION_ROOM) {
		p.errors++;
		config_report(p.how, "%s: limit memory per worker must be "
		    "replay and %d mb at least", name,
		    (int)(SESSION_ROOM / MIB));
	}
	if (p.secret_of != NULL && TAILQ_EMPTY(&p.conf->seal_keys)) {
		p.errors++;
		config_report(p.how, "%s: sandbox \"%.*s\" has a secret, but "
		    "there is no seal key", name, QUOTE_MAX, p.secret_of);
	}
	if (!TAILQ_EMPTY(&p.conf->listens))
		return;
	if ((listen = calloc(1, sizeof(*listen))) == NULL ||
	    config_addr(CONF_LISTEN_ADDR, CONF_LISTEN_PORT, listen) == -1) {
		p.errors++;
		config_report(p.how, "%s: out of memory", name);
		free(listen);
		return;
	}
	TAILQ_INSERT_TAIL(&p.conf->listens, listen, entry);
}

struct config *
config_parse_stream(FILE *stream, const char *name,
    const struct config_how *how)
{
	struct config	*conf;

	memset(&p, 0, sizeof(p));
	p.how = how;
	p.fresh = 1;
	p.word = "";
	TAILQ_INIT(&p.files);
	TAILQ_INIT(&p.macros);
	TAILQ_INIT(&p.pool);
	if ((p.conf = config_new()) == NULL ||
	    config_defaults(p.conf) == -1 ||
	    (p.buf = malloc(WORD_MAX + 1)) == NULL ||
	    file_push(stream, name) == -1) {
		p.errors++;
		config_report(how, "%s: out of memory", name);
	} else {
		/* Without a newline in front of the first line. */
		TAILQ_FIRST(&p.files)->pushed = EOF;
		TAILQ_FIRST(&p.files)->line = 1;
		if (yyparse() != 0 && p.errors == 0)
			fail("cannot go on");
		if (ferror(stream))
			fail("cannot be read");
		check_whole(name);
	}
	while (!TAILQ_EMPTY(&p.files))
		file_pop();
	config_macros_free(&p.macros);
	config_strs_free(&p.pool);
	free(p.buf);
	conf = p.conf;
	if (p.errors > 0) {
		config_free(conf);
		conf = NULL;
	}
	memset(&p, 0, sizeof(p));
	return (conf);
}

struct config *
config_parse(const char *path, const struct config_how *how)
{
	struct config	*conf;
	const char	*why;
	FILE		*stream;

	if ((stream = file_open(path, &why)) == NULL) {
		config_report(how, "%s %s%s%s", path, why,
		    errno == 0 ? "" : ": ", errno == 0 ? "" : strerror(errno));
		return (NULL);
	}
	conf = config_parse_stream(stream, path, how);
	(void)fclose(stream);
	return (conf);
}
