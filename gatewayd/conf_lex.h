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

#ifndef GATEWAYD_GATEWAYD_CONF_LEX_H
#define GATEWAYD_GATEWAYD_CONF_LEX_H

/* The words of gatewayd.conf(5), its files, macros and error messages. */

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "conf.h"
#include "conf_load.h"

#define QUOTE_MAX	64	/* bytes of the file shown in a message */

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

/*
 * Token texts live in the pool until lex_stop(), so that no rule has to free
 * what it did not use.
 */
struct lexer {
	const struct config_how	*how;
	int			(*keyword_of)(const char *);
	struct files		 files;		/* the last is being read */
	int			 depth;		/* files open */
	int			 includes;	/* files so far */
	struct config_macros	 macros;	/* of the files */
	const char		*expansion;	/* the rest of one, or NULL */
	struct config_strs	 pool;		/* token texts */
	char			*buf;		/* the word being read */
	size_t			 buflen;
	int64_t			 number;	/* value of the last word */
	int			 errors;	/* reported so far */
	int			 skipped;	/* statements, by errors */

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
};

/*
 * Begin with a stream that stays the caller's.  The function gives the token
 * of a keyword, above 255, or -1.  Returns -1 when out of memory; lex_stop()
 * is due in any case.
 */
int	 lex_start(struct lexer *, FILE *, const char *,
	    const struct config_how *, int (*)(const char *));
void	 lex_stop(struct lexer *);

/*
 * The next token: a keyword's, one of those below, a char for newline and
 * { } =, or 0 at the end.  Text and number are set for words.
 */
int	 lex_next(struct lexer *, const char **, int64_t *);
#define LEX_STRING	1	/* text */
#define LEX_NUMBER	2	/* text of digits, and its value */
#define LEX_BROKEN	3	/* what is no token; it was reported */

/*
 * At a syntax error: report it, with yacc's text unless the last token tells
 * more.
 */
void	 lex_syntax(struct lexer *, const char *);

/*
 * After a syntax error: skip to the end of the statement, with any block
 * that it opens.  The token where yacc stopped is given; returns 1 when it
 * was part of what is skipped, 0 when it ends the statement itself.
 */
int	 lex_recover(struct lexer *, int);

/* Line of the file being read where its open block began. */
int	 lex_block(const struct lexer *);

/* Report an error on the last token's line; any finding on any line. */
void	 lex_fail(struct lexer *, const char *, ...) PRINTFLIKE(2, 3);
void	 lex_report(struct lexer *, int, int, const char *, va_list)
	    PRINTFLIKE(4, 0);
void	 lex_no_memory(struct lexer *);

/* Statements about reading itself; what is wrong with them is reported. */
void	 lex_set_macro(struct lexer *, const char *, const char *);
void	 lex_include(struct lexer *, const char *);

/* A configuration file, checked; or NULL with config_open_file()'s why. */
FILE	*lex_open(const char *, const char **);

#endif /* GATEWAYD_GATEWAYD_CONF_LEX_H */
