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
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asset_open.h"
#include "conf.h"
#include "conf_load.h"
#include "control.h"
#include "dialer.h"
#include "log.h"
#include "parent.h"
#include "paths.h"
#include "pty.h"

static __dead void	 usage(void);
static void		 standard(void);
static __dead void	 child(const char *);
static const char	*absolute(const char *);
static int		 check_only(const struct config *,
			    const struct config_how *, int);

static __dead void
usage(void)
{
	fprintf(stderr,
	    "usage: gatewayd [-dnv] [-D macro=value] [-f file]\n");
	exit(1);
}

/* What is closed of them would be a socket soon, and get the log. */
static void
standard(void)
{
	int	 fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null", O_RDWR) != fd)
			err(1, "/dev/null");
}

/* The roles of this program; the parent starts them with -x. */
static __dead void
child(const char *role)
{
	if (strcmp(role, "control") == 0)
		control_main();
	if (strcmp(role, "dialer") == 0)
		dialer_main();
	if (strcmp(role, "pty") == 0)
		pty_main();
	usage();
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
	if (argc == 3 && strcmp(argv[1], "-x") == 0) {
		setproctitle_init(argc, argv, environ);
		setproctitle("-gatewayd: %s", argv[2]);
		child(argv[2]);
	}
	standard();
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
	if (noaction || config_check_files(conf, &how) > 0) {
		status = noaction ? check_only(conf, &how, verbose) : 1;
		config_free(conf);
		config_macros_free(&macros);
		exit(status);
	}
	/* Who reads the log may go. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		err(1, "signal");
	/* To the terminal, until parent_main() leaves it. */
	log_init("gatewayd", 1, verbose);
	asset_open(conf);
	parent_main(conf, absolute(file), &how, debug);
}

/*
 * A reload reads the file again, from another directory.  A symbolic link
 * stays one: where it leads to may be what has changed.
 */
static const char *
absolute(const char *file)
{
	char	*dir, *path;

	if (file[0] == '/')
		return (file);
	if ((dir = getcwd(NULL, 0)) == NULL ||
	    asprintf(&path, "%s/%s", dir, file) == -1)
		err(1, "%s", file);
	free(dir);
	return (path);
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
