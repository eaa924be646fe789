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

/* links: gatewayd/conf_host.c gatewayd/conf_lex.c gatewayd/conf_set.c
 *	gatewayd/config.c gatewayd/parse.y gatewayd/printconf.c
 *	common/paths.c proto/base64.c proto/hostkey.c
 */

#include "compat.h"

#include <sys/socket.h>

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_load.h"

/*
 * Any text is refused with at least one message, or gives a configuration
 * that prints, and what was printed gives one that prints the same.
 */
int		 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void	 note(const char *);
static struct config
		*parse(const void *, size_t);
static char	*print(const struct config *, size_t *);

static int	 notes;

static void
note(const char *text)
{
	/* "file:line: text", or "file: text" about the whole. */
	assert(strncmp(text, "fuzz:", 5) == 0);
	text += 5;
	text += strspn(text, "0123456789");
	text += strspn(text, ":");
	/* What is said may quote the input, which may say anything. */
	if (strncmp(text, " warning: ", 10) != 0)
		notes++;
}

static struct config *
parse(const void *data, size_t len)
{
	const struct config_how	 how = {
		.flags = CONF_NOINCLUDE,
		.report = note
	};
	struct config		*conf;
	FILE			*f;
	void			*copy;

	/* fmemopen() wants memory that could be written. */
	copy = malloc(len + 1);
	if (copy == NULL)
		abort();
	memcpy(copy, data, len);
	if ((f = fmemopen(copy, len, "r")) == NULL)
		abort();
	notes = 0;
	conf = config_parse_stream(f, "fuzz", &how);
	assert((conf == NULL) == (notes > 0));
	(void)fclose(f);
	free(copy);
	return (conf);
}

static char *
print(const struct config *conf, size_t *len)
{
	char	*text;
	FILE	*f;

	if ((f = open_memstream(&text, len)) == NULL)
		abort();
	assert(config_print(conf, f) == 0);
	(void)fclose(f);
	return (text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config	*conf;
	char		*again, *text;
	size_t		 again_len, text_len;

	if (len == 0 || (conf = parse(data, len)) == NULL)
		return (0);
	text = print(conf, &text_len);
	config_free(conf);
	conf = parse(text, text_len);
	assert(conf != NULL);
	again = print(conf, &again_len);
	config_free(conf);
	assert(again_len == text_len && memcmp(again, text, text_len) == 0);
	free(again);
	free(text);
	return (0);
}
