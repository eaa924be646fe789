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

#include "compat.h"

#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "conf_lex.h"
#include "conf_load.h"

#define FILE_DEPTH_MAX	16	/* files open at once */
#define INCLUDES_MAX	1024	/* files in one parse */
#define FILE_SIZE_MAX	(64 * 1024 * 1024)
#define WORD_MAX	(CONF_FILE_SEALED_MAX + 1)

static int	 lgetc(struct lexer *);
static void	 lungetc(struct lexer *, int);
static void	 skip_comment(struct lexer *);
static int	 lex_token(struct lexer *);
static int	 lex_end(struct lexer *, struct file *);
static int	 lex_joined(struct lexer *, struct file *);
static int	 lex_symbol(struct lexer *, struct file *, int);
static int	 symbol(struct lexer *, int, const char *);
static int	 broken(struct lexer *);
static int	 is_word(int);
static int	 lex_private(const struct lexer *);
static int	 lex_word(struct lexer *, int);
static int	 lex_string(struct lexer *, struct file *, int);
static int	 lex_macro(struct lexer *);
static const struct config_macro
		*macro_find(const struct config_macros *, const char *);
static void	 buf_add(struct lexer *, int);
static int	 word_keep(struct lexer *);
static int	 file_is_open(struct lexer *, FILE *);
static int	 file_push(struct lexer *, FILE *, const char *);
static void	 file_pop(struct lexer *);

int
lex_start(struct lexer *lex, FILE *stream, const char *name,
    const struct config_how *how, int (*keyword)(const char *))
{
	struct file	*file;

	memset(lex, 0, sizeof(*lex));
	lex->how = how;
	lex->keyword_of = keyword;
	lex->fresh = 1;
	lex->word = "";
	TAILQ_INIT(&lex->files);
	TAILQ_INIT(&lex->macros);
	TAILQ_INIT(&lex->pool);
	if ((lex->buf = malloc(WORD_MAX + 1)) == NULL ||
	    file_push(lex, stream, name) == -1)
		return (-1);
	/* No newline in front of its first line, as an included one has. */
	file = TAILQ_FIRST(&lex->files);
	file->pushed = EOF;
	file->line = 1;
	return (0);
}

void
lex_stop(struct lexer *lex)
{
	while (!TAILQ_EMPTY(&lex->files))
		file_pop(lex);
	config_macros_free(&lex->macros);
	config_strs_free(&lex->pool);
	free(lex->buf);
	lex->buf = NULL;
}

void
lex_report(struct lexer *lex, int line, int error, const char *fmt,
    va_list ap)
{
	char	 text[CONF_REPORT_MAX];

	if (error)
		lex->errors++;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	config_report(lex->how, "%s:%d: %s%s",
	    TAILQ_LAST(&lex->files, files)->name, line,
	    error ? "" : "warning: ", text);
}

int
lex_block(const struct lexer *lex)
{
	return (TAILQ_LAST(&lex->files, files)->opened);
}

void
lex_fail(struct lexer *lex, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	lex_report(lex, lex->line, 1, fmt, ap);
	va_end(ap);
}

void
lex_no_memory(struct lexer *lex)
{
	lex_fail(lex, "out of memory");
}

/*
 * Called by yacc at a syntax error, when the last token is the one that does
 * not fit.  A word that starts its statement is an unknown keyword; so is
 * one that was taken for the name of a macro and then had no '='.
 */
void
lex_syntax(struct lexer *lex, const char *msg)
{
	if (lex->failed)
		lex->failed = 0;
	else if (strcmp(msg, "syntax error") != 0)
		lex_fail(lex, "%s", msg);
	else if (lex->unknown && lex->words <= (lex->symbol == NULL ? 2 : 1))
		lex_fail(lex, "unknown keyword \"%.*s\"", QUOTE_MAX,
		    lex->first);
	else if (lex->symbol != NULL)
		lex_fail(lex, "unexpected %s", lex->symbol);
	else if (lex->words == 1 && lex->keyword)
		lex_fail(lex, "\"%s\" is not known here", lex->word);
	else if (lex->words == 1 && !lex->bare)
		lex_fail(lex, "no keyword in front of text");
	else if (lex_private(lex))
		lex_fail(lex, "unexpected text after \"%s\"", lex->first);
	else if (lex->bare && !lex->keyword && lex->words > 1 &&
	    isalpha((unsigned char)lex->word[0]))
		lex_fail(lex, "unknown word \"%.*s\" after \"%.*s\"", QUOTE_MAX,
		    lex->word, QUOTE_MAX, lex->before);
	else
		lex_fail(lex, "unexpected \"%.*s\"", QUOTE_MAX, lex->word);
}

/*
 * Messages go to terminals and logs.  Where the file of a secret belongs, or
 * its sealed text, somebody may have put the secret itself.
 */
static int
lex_private(const struct lexer *lex)
{
	static const char *const	 firsts[] = {
		"env", "file", "key", "passphrase", "password", "secret"
	};
	size_t				 i;

	if (lex->keyword)
		return (0);
	for (i = 0; i < nitems(firsts); i++)
		if (strcmp(lex->first, firsts[i]) == 0)
			return (1);
	if (strcmp(lex->first, "auth") != 0 && strcmp(lex->first, "seal") != 0)
		return (0);
	/* Of these lines a wrong word is better shown. */
	return (!lex->bare || strcmp(lex->before, "secret") == 0 ||
	    strcmp(lex->before, "key") == 0 ||
	    strcmp(lex->before, "file") == 0);
}

int
lex_recover(struct lexer *lex, int token)
{
	struct file	*file;
	int		 c, level, quote;

	lex->skipped++;
	file = TAILQ_LAST(&lex->files, files);
	if (token == '\n' || token == '}' || token == 0)
		return (0);
	level = 0;
	if (token == '{') {
		file->depth--;
		level++;
	}
	quote = 0;
	while ((c = lgetc(lex)) != EOF) {
		if (c == '\\' && quote != 0) {
			if ((c = lgetc(lex)) == '\n')
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
			skip_comment(lex);
		else if (c == '{')
			level++;
		else if (c == '}' && level > 0)
			level--;
		else if (c == '}' && file->depth > 0)
			break;
	}
	if (c != EOF)
		lungetc(lex, c);
	else if (level > 0)
		lex_fail(lex, "block is not closed");
	return (1);
}

/* The next char, from the macro being expanded or from the file. */
static int
lgetc(struct lexer *lex)
{
	struct file	*file;
	int		 c;

	if (lex->expansion != NULL) {
		if (*lex->expansion != '\0')
			return ((unsigned char)*lex->expansion++);
		lex->expansion = NULL;
	}
	file = TAILQ_LAST(&lex->files, files);
	if ((c = file->pushed) != EOF)
		file->pushed = EOF;
	else
		c = getc(file->stream);
	return (c);
}

/* Give back the char that lgetc() returned last. */
static void
lungetc(struct lexer *lex, int c)
{
	if (lex->expansion != NULL)
		lex->expansion--;
	else
		TAILQ_LAST(&lex->files, files)->pushed = c;
}

static void
skip_comment(struct lexer *lex)
{
	int	 c;

	while ((c = lgetc(lex)) != EOF && c != '\n')
		;
	lungetc(lex, c);
}

int
lex_next(struct lexer *lex, const char **text, int64_t *number)
{
	int	 token;

	token = lex_token(lex);
	*text = lex->word;
	*number = lex->number;
	return (token);
}

static int
lex_token(struct lexer *lex)
{
	struct file	*file;
	int		 c;

	for (;;) {
		file = TAILQ_LAST(&lex->files, files);
		c = lgetc(lex);
		lex->line = file->line;
		if (c == ' ' || c == '\t')
			continue;
		if (c == '#')
			skip_comment(lex);
		else if (c == '\\' && lex_joined(lex, file))
			continue;
		else if (c == '$' && lex->expansion == NULL) {
			if (lex_macro(lex) == -1)
				return (broken(lex));
		} else if (c == EOF) {
			if ((c = lex_end(lex, file)) != -1)
				return (c);
		} else if (c == '}' && file->depth == 0)
			lex_fail(lex, "unexpected \"}\"");
		else
			break;
	}
	if (c == '"' || c == '\'')
		return (lex_string(lex, file, c));
	if (is_word(c))
		return (lex_word(lex, c));
	return (lex_symbol(lex, file, c));
}

/*
 * A file ends with a newline, whether it has one or not; before that end its
 * own open block.  Returns the token, or -1 when the file that included this
 * one goes on.
 */
static int
lex_end(struct lexer *lex, struct file *file)
{
	if (!file->ended) {
		file->ended = 1;
		return (symbol(lex, '\n', "end of file"));
	}
	if (file->depth > 0) {
		lex->line = file->opened;
		lex_fail(lex, "block is not closed");
		lex->skipped++;
		file->depth--;
		file->ended = 0;
		return (symbol(lex, '}', "end of file"));
	}
	if (file == TAILQ_FIRST(&lex->files))
		return (symbol(lex, 0, "end of file"));
	file_pop(lex);
	return (-1);
}

/* Is the line joined with the next one by the backslash just read? */
static int
lex_joined(struct lexer *lex, struct file *file)
{
	int	 c;

	if ((c = lgetc(lex)) == '\n') {
		file->line++;
		return (1);
	}
	lungetc(lex, c);
	return (0);
}

static int
lex_symbol(struct lexer *lex, struct file *file, int c)
{
	switch (c) {
	case '\n':
		file->line++;
		return (symbol(lex, c, "end of line"));
	case '{':
		if (file->depth++ == 0)
			file->opened = file->line;
		return (symbol(lex, c, "\"{\""));
	case '}':
		file->depth--;
		return (symbol(lex, c, "\"}\""));
	case '=':
		return (symbol(lex, c, "\"=\""));
	default:
		if (isgraph(c))
			lex_fail(lex, "unexpected character \"%c\"", c);
		else
			lex_fail(lex, "unexpected byte 0x%02x",
			    (unsigned int)c);
		return (broken(lex));
	}
}

/* Note a token that is no word, for messages. */
static int
symbol(struct lexer *lex, int token, const char *name)
{
	if (lex->fresh)
		lex->words = lex->unknown = 0;
	lex->fresh = token != '=';
	if (token == '=')
		lex->unknown = 0;
	lex->symbol = name;
	return (token);
}

/* A token whose error was reported: yyerror() says no more. */
static int
broken(struct lexer *lex)
{
	lex->failed = 1;
	(void)symbol(lex, LEX_BROKEN, "");
	lex->fresh = 0;
	return (LEX_BROKEN);
}

/* A word without quotes: what names, paths, addresses and numbers are of. */
static int
is_word(int c)
{
	return (isascii(c) && (isalnum(c) ||
	    (c != '\0' && strchr("-._/:+@%*,~^[]", c) != NULL)));
}

static int
lex_word(struct lexer *lex, int c)
{
	const char	*errstr;
	int		 token;

	lex->buflen = 0;
	do {
		buf_add(lex, c);
	} while ((c = lgetc(lex)) != EOF && is_word(c));
	lungetc(lex, c);
	if (word_keep(lex) == -1)
		return (broken(lex));
	lex->bare = 1;
	if (strspn(lex->word, "0123456789") == lex->buflen) {
		if (lex->words == 1)
			lex->unknown = 0;
		lex->number = strtonum(lex->word, 0, INT64_MAX, &errstr);
		if (errstr == NULL)
			return (LEX_NUMBER);
		lex_fail(lex, "number is %s", errstr);
		return (broken(lex));
	}
	if ((token = lex->keyword_of(lex->word)) == -1)
		return (LEX_STRING);
	lex->keyword = 1;
	if (lex->words == 1)
		lex->unknown = 0;
	return (token);
}

/*
 * A string in quotes.  A backslash takes the meaning from a quote and from a
 * backslash and joins lines; before all else it is a char like others.
 */
static int
lex_string(struct lexer *lex, struct file *file, int quote)
{
	int	 c, control;

	lex->buflen = 0;
	control = 0;
	while ((c = lgetc(lex)) != quote) {
		if (c == '\\') {
			c = lgetc(lex);
			if (c == '\n') {
				file->line++;
				continue;
			}
			if (c != quote && c != '\\') {
				lungetc(lex, c);
				c = '\\';
			}
		}
		if (c == EOF || c == '\n') {
			lungetc(lex, c);
			lex_fail(lex, "string is not closed");
			return (broken(lex));
		}
		if ((c < ' ' && c != '\t') || c == 0x7f)
			control = 1;
		buf_add(lex, c);
	}
	if (control) {
		lex_fail(lex, "control character in string");
		return (broken(lex));
	}
	if (word_keep(lex) == -1)
		return (broken(lex));
	lex->bare = 0;
	if (lex->words == 1)
		lex->unknown = 0;
	return (LEX_STRING);
}

/* Take "$name": what it stands for is read next.  Macros do not nest. */
static int
lex_macro(struct lexer *lex)
{
	const struct config_macro	*macro;
	int				 c;

	lex->buflen = 0;
	while ((c = lgetc(lex)) != EOF && (isalnum(c) || c == '_'))
		buf_add(lex, c);
	lungetc(lex, c);
	if (lex->buflen > WORD_MAX) {
		lex_fail(lex, "macro name is too long");
		return (-1);
	}
	lex->buf[lex->buflen] = '\0';
	macro = NULL;
	if (lex->how->macros != NULL)
		macro = macro_find(lex->how->macros, lex->buf);
	if (macro == NULL)
		macro = macro_find(&lex->macros, lex->buf);
	if (macro == NULL) {
		lex_fail(lex, "macro \"%.*s\" is not defined", QUOTE_MAX,
		    lex->buf);
		return (-1);
	}
	lex->expansion = macro->value;
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
buf_add(struct lexer *lex, int c)
{
	if (lex->buflen < WORD_MAX)
		lex->buf[lex->buflen] = (char)c;
	if (lex->buflen <= WORD_MAX)
		lex->buflen++;
}

/* Put the word that was read into the pool and note it for messages. */
static int
word_keep(struct lexer *lex)
{
	struct config_str	*str;

	if (lex->buflen > WORD_MAX) {
		lex_fail(lex, "word is too long");
		return (-1);
	}
	lex->buf[lex->buflen] = '\0';
	if ((str = calloc(1, sizeof(*str))) == NULL ||
	    (str->s = strdup(lex->buf)) == NULL) {
		free(str);
		lex_no_memory(lex);
		return (-1);
	}
	TAILQ_INSERT_TAIL(&lex->pool, str, entry);
	if (lex->fresh) {
		lex->words = 0;
		lex->unknown = 1;
		lex->first = str->s;
		lex->word = "";
	}
	lex->fresh = lex->keyword = 0;
	lex->symbol = NULL;
	lex->words++;
	lex->before = lex->word;
	lex->word = str->s;
	return (0);
}

/* A macro set again hides the first, which may be under expansion. */
void
lex_set_macro(struct lexer *lex, const char *name, const char *value)
{
	struct config_macro	*macro;

	if (!config_is_macro(name)) {
		lex_fail(lex, "a macro's name has letters, digits and _ only");
		return;
	}
	if ((macro = calloc(1, sizeof(*macro))) == NULL) {
		lex_no_memory(lex);
		return;
	}
	macro->name = strdup(name);
	macro->value = strdup(value);
	if (macro->name == NULL || macro->value == NULL) {
		free(macro->name);
		free(macro->value);
		free(macro);
		lex_no_memory(lex);
		return;
	}
	TAILQ_INSERT_HEAD(&lex->macros, macro, entry);
}

void
lex_include(struct lexer *lex, const char *s)
{
	const char	*by, *slash, *why;
	char		 path[PATH_TEXT_MAX + 1];
	FILE		*stream;
	size_t		 dir;

	by = TAILQ_LAST(&lex->files, files)->name;
	dir = 0;
	if (s[0] != '/' && (slash = strrchr(by, '/')) != NULL)
		dir = (size_t)(slash - by) + 1;
	if (lex->how->flags & CONF_NOINCLUDE)
		lex_fail(lex, "include is not possible here");
	else if (s[0] == '\0' || dir + strlen(s) >= sizeof(path))
		lex_fail(lex, "include needs a path of at most %d bytes",
		    PATH_TEXT_MAX);
	else if (lex->depth >= FILE_DEPTH_MAX || lex->includes >= INCLUDES_MAX)
		lex_fail(lex, "too many files are included");
	else {
		(void)snprintf(path, sizeof(path), "%.*s%s", (int)dir, by, s);
		if ((stream = lex_open(path, &why)) == NULL)
			lex_fail(lex, "include \"%.*s\" %s%s%s", QUOTE_MAX, s,
			    why, errno == 0 ? "" : ": ",
			    errno == 0 ? "" : strerror(errno));
		else if (file_is_open(lex, stream)) {
			lex_fail(lex, "include \"%.*s\" is under way",
			    QUOTE_MAX, s);
			(void)fclose(stream);
		} else if (file_push(lex, stream, path) == -1) {
			(void)fclose(stream);
			lex_no_memory(lex);
		}
	}
}

/* Does a file include itself, in however many steps? */
static int
file_is_open(struct lexer *lex, FILE *stream)
{
	const struct file	*file;
	struct stat		 a, b;

	if (fstat(fileno(stream), &a) == -1)
		return (0);
	TAILQ_FOREACH(file, &lex->files, entry)
		if (fileno(file->stream) != -1 &&
		    fstat(fileno(file->stream), &b) == 0 &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return (1);
	return (0);
}

FILE *
lex_open(const char *path, const char **why)
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
file_push(struct lexer *lex, FILE *stream, const char *name)
{
	struct file	*file;

	if ((file = calloc(1, sizeof(*file))) == NULL ||
	    (file->name = strdup(name)) == NULL) {
		free(file);
		return (-1);
	}
	file->stream = stream;
	file->pushed = '\n';
	TAILQ_INSERT_TAIL(&lex->files, file, entry);
	lex->depth++;
	lex->includes++;
	lex->expansion = NULL;
	return (0);
}

/* Leave the file that is being read; the first stream is the caller's. */
static void
file_pop(struct lexer *lex)
{
	struct file	*file;

	file = TAILQ_LAST(&lex->files, files);
	TAILQ_REMOVE(&lex->files, file, entry);
	lex->depth--;
	if (!TAILQ_EMPTY(&lex->files))
		(void)fclose(file->stream);
	free(file->name);
	free(file);
}
