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
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "gatewayctl.h"
#include "imsg.h"
#include "paths.h"
#include "wire.h"

/* One command: its words, and how many arguments come after them. */
struct command {
	const char	*word[2];
	int		 nargs;			/* -1: takes its own options */
	void		 (*run)(const struct command *, int, char **);
	uint16_t	 type;			/* of the request */
	uint8_t		 value;			/* in the request */
	int		 offline;
};

static const struct command
		*command_find(int, char **, int *);
static void	 run_attach(const struct command *, int, char **);
static void	 run_keygen(const struct command *, int, char **);
static void	 run_seal(const struct command *, int, char **);
static void	 run_token(const struct command *, int, char **);
static void	 run_show(const struct command *, int, char **);
static void	 run_kill(const struct command *, int, char **);
static void	 run_detach(const struct command *, int, char **);
static void	 run_plain(const struct command *, int, char **);
static void	 run_log(const struct command *, int, char **);

static const struct command commands[] = {
	{ { "attach", NULL }, -1, run_attach, 0, 0, 1 },
	{ { "detach", "viewer" }, 1, run_detach, IMSG_CTL_DETACH, 0, 0 },
	{ { "drain", NULL }, 0, run_plain, IMSG_CTL_DRAIN, 0, 0 },
	{ { "keygen", NULL }, 1, run_keygen, 0, 0, 1 },
	{ { "kill", "session" }, 1, run_kill, IMSG_CTL_KILL, 0, 0 },
	{ { "log", "brief" }, 0, run_log, IMSG_CTL_VERBOSE, 0, 0 },
	{ { "log", "verbose" }, 0, run_log, IMSG_CTL_VERBOSE, 1, 0 },
	{ { "reload", NULL }, 0, run_plain, IMSG_CTL_RELOAD, 0, 0 },
	{ { "seal", NULL }, 1, run_seal, 0, 0, 1 },
	{ { "show", "processes" }, 0, run_show, 0, SHOW_PROCESSES, 0 },
	{ { "show", "sandboxes" }, 0, run_show, 0, SHOW_SANDBOXES, 0 },
	{ { "show", "sessions" }, 0, run_show, 0, SHOW_SESSIONS, 0 },
	{ { "show", "viewers" }, 0, run_show, 0, SHOW_VIEWERS, 0 },
	{ { "token", NULL }, -1, run_token, 0, 0, 1 }
};

int
main(int argc, char **argv)
{
	const struct command	*cmd;
	const char		*path;
	int			 ch, words;

	path = path_control;
	/* '+': what follows the command is the command's. */
	while ((ch = getopt(argc, argv, "+s:")) != -1) {
		switch (ch) {
		case 's':
			path = optarg;
			break;
		default:
			usage();
		}
	}
	argc -= optind;
	argv += optind;
	if ((cmd = command_find(argc, argv, &words)) == NULL)
		usage();
	argc -= words;
	argv += words;
	if (cmd->nargs != -1 && argc != cmd->nargs)
		usage();
	if (!cmd->offline)
		control_open(path);
	cmd->run(cmd, argc, argv);
	if (fflush(stdout) == EOF || ferror(stdout))
		err(1, "stdout");
	return (0);
}

__dead void
usage(void)
{
	fprintf(stderr, "usage: gatewayctl [-s socket] command "
	    "[argument ...]\n"
	    "       gatewayctl attach [-r] -t tokenfile url sandbox | "
	    "session\n");
	exit(1);
}

static const struct command *
command_find(int argc, char **argv, int *words)
{
	const struct command	*c;
	size_t			 i;

	for (i = 0; i < nitems(commands); i++) {
		c = &commands[i];
		*words = c->word[1] == NULL ? 1 : 2;
		if (argc < *words || strcmp(argv[0], c->word[0]) != 0)
			continue;
		if (*words == 1 || strcmp(argv[1], c->word[1]) == 0)
			return (c);
	}
	return (NULL);
}

static void
run_attach(const struct command *cmd, int argc, char **argv)
{
	(void)cmd;
	/* getopt(3) steps over the first word, which is the command. */
	attach(argc + 1, argv - 1);
}

static void
run_keygen(const struct command *cmd, int argc, char **argv)
{
	(void)cmd;
	(void)argc;
	keygen(argv[0]);
}

static void
run_seal(const struct command *cmd, int argc, char **argv)
{
	(void)cmd;
	(void)argc;
	seal(argv[0]);
}

static void
run_token(const struct command *cmd, int argc, char **argv)
{
	(void)cmd;
	mint(argc + 1, argv - 1);
}

static void
run_show(const struct command *cmd, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	show(cmd->value);
}

static void
run_kill(const struct command *cmd, int argc, char **argv)
{
	struct imsg	 im;

	(void)argc;
	imsg_init(&im, cmd->type, 0);
	if (!wire_uuid_valid(argv[0], strlen(argv[0])))
		errx(1, "%s: not a session id", argv[0]);
	strlcpy(im.m.session.session, argv[0],
	    sizeof(im.m.session.session));
	control_request(cmd->type, &im);
}

static void
run_detach(const struct command *cmd, int argc, char **argv)
{
	struct imsg	 im;
	const char	*why;

	(void)argc;
	imsg_init(&im, cmd->type, 0);
	im.m.detach.viewer = (uint32_t)strtonum(argv[0], 1, UINT32_MAX, &why);
	if (why != NULL)
		errx(1, "%s: viewer is %s", argv[0], why);
	im.m.detach.reason = LEAVE_OPERATOR;
	control_request(cmd->type, &im);
}

static void
run_plain(const struct command *cmd, int argc, char **argv)
{
	struct imsg	 im;

	(void)argc;
	(void)argv;
	imsg_init(&im, cmd->type, 0);
	control_request(cmd->type, &im);
}

static void
run_log(const struct command *cmd, int argc, char **argv)
{
	struct imsg	 im;

	(void)argc;
	(void)argv;
	imsg_init(&im, cmd->type, 0);
	im.m.verbose.verbose = cmd->value;
	control_request(cmd->type, &im);
}
