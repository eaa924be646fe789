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

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf.h"
#include "conf_load.h"
#include "paths.h"

static __dead void	 usage(void);
static int		 check_only(const struct config *,
			    const struct config_how *, int);

static __dead void
usage(void)
{
	fprintf(stderr,
	    "usage: gatewayd [-dnv] [-D macro=value] [-f file]\n");
	exit(1);
}

int
main(int argc, char *argv[])
{
	struct config_macros	 macros = TAILQ_HEAD_INITIALIZER(macros);
	struct config_how	 how = { 0 };
	struct config		*conf;
	const char		*file;
	int			 ch, debug, noaction, status, verbose;

	debug = noaction = verbose = 0;
	file = path_conf;
	while ((ch = getopt(argc, argv, "D:df:nv")) != -1) {
		switch (ch) {
		case 'D':
			if (config_macro_add(&macros, optarg) == -1)
				err(1, "-D %s", optarg);
			break;
		case 'd':
			debug = 1;
			break;
		case 'f':
			file = optarg;
			break;
		case 'n':
			noaction = 1;
			break;
		case 'v':
			verbose++;
			break;
		default:
			usage();
		}
	}
	if (argc != optind)
		usage();

	how.macros = &macros;
	if (geteuid() == 0)
		how.flags |= CONF_AS_ROOT;
	if ((conf = config_parse(file, &how)) == NULL)
		exit(1);
	status = 1;
	if (noaction)
		status = check_only(conf, &how, verbose);
	(void)debug;
	config_free(conf);
	config_macros_free(&macros);
	exit(status);
}

/* -n: needs no root, opens no socket and starts nothing. */
static int
check_only(const struct config *conf, const struct config_how *how,
    int verbose)
{
	int	 errors;

	errors = config_check_files(conf, how);
	if (verbose && config_print(conf, stdout) == -1) {
		warn("stdout");
		errors++;
	}
	if (errors > 0)
		return (1);
	fprintf(stderr, "configuration OK\n");
	return (0);
}
