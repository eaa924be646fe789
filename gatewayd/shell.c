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

#include <sys/types.h>
#include <sys/ioctl.h>
#if HAVE_PRCTL
#include <sys/prctl.h>
#endif
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "blob.h"
#include "msg_worker.h"
#include "record.h"
#include "shell.h"

/*
 * The last steps to a login shell.  This runs in a process of its own for
 * some milliseconds and is the only place outside of a worker where opened
 * secrets are mapped, so nothing here logs and nothing here is root, unless
 * the shell is root's.
 */

/* Where the report is while all that follows is closed. */
#define REPORT_FD	3

/* HOME, USER, LOGNAME, SHELL, PATH, TERM where the blob has none. */
#define DEFAULTS_MAX	6

#define PATH_USER	"/usr/local/bin:/usr/bin:/bin"
#define PATH_ROOT	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:" \
			"/sbin:/bin"

/* What a record has, and as much again that a client wants. */
#define ITEMS_MAX	(2 * RECORD_ITEMS_MAX)

struct shell {
	const struct shell_user	*user;
	int			 report;
	char			*argv[ITEMS_MAX + 1];
	size_t			 argc;
	char			*env[ITEMS_MAX + DEFAULTS_MAX + 1];
	size_t			 nenv;
	char			*cwd;		/* NULL: home */
};

static __dead void	 shell_fail(const struct shell *, enum pty_stage);
static void		 shell_signals(void);
static void		 shell_terminal(struct shell *, int);
static void		 shell_follow(pid_t);
static int		 shell_limits(const struct shell_user *);
static int		 shell_read(struct shell *, int);
static int		 shell_item(struct shell *,
			    const struct record_item *);
static int		 shell_setenv(struct shell *, const char *, size_t,
			    const char *, size_t, int);
static int		 shell_default(struct shell *, const char *,
			    const char *);
static int		 shell_defaults(struct shell *);
static void		 shell_descriptors(struct shell *, int);
static int		 shell_chdir(const struct shell *);
static void		 shell_run(const struct shell *);
static const char	*shell_getenv(const struct shell *, const char *);

void
shell_exec(const struct shell_user *user, int slave, int blob, int report,
    pid_t keeper)
{
	/* The heap of a process that lives this short need not be tidy. */
	static struct shell	 sh;

	sh.user = user;
	sh.report = report;
	shell_signals();
	shell_follow(keeper);
	shell_terminal(&sh, slave);
	if (shell_read(&sh, blob) == -1 || shell_defaults(&sh) == -1)
		shell_fail(&sh, PTY_STAGE_SETUP);
	shell_descriptors(&sh, slave);
	(void)umask(022);
	if (shell_limits(user) == -1)
		shell_fail(&sh, PTY_STAGE_SETUP);
	if (shell_chdir(&sh) == -1)
		shell_fail(&sh, PTY_STAGE_CWD);
	shell_run(&sh);
	shell_fail(&sh, PTY_STAGE_EXEC);
}

static __dead void
shell_fail(const struct shell *sh, enum pty_stage stage)
{
	uint8_t	 buf[SHELL_REPORT_LEN];
	int	 error;

	error = errno;
	buf[0] = (uint8_t)stage;
	buf[1] = (uint8_t)(error >> 8);
	buf[2] = (uint8_t)error;
	/* If the keeper does not hear it there is nobody to tell. */
	if (write(sh->report, buf, sizeof(buf)) == -1)
		_exit(126);
	_exit(127);
}

void
shell_report_get(const uint8_t buf[SHELL_REPORT_LEN], uint8_t *stage,
    uint32_t *error)
{
	*stage = buf[0];
	*error = (uint32_t)buf[1] << 8 | buf[2];
}

/* Handlers first: the keeper's must not run once signals are let in. */
static void
shell_signals(void)
{
	struct sigaction	 sa;
	sigset_t		 none;
	int			 signo;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	sigemptyset(&sa.sa_mask);
	/* KILL, STOP and those of the C library refuse; they need nothing. */
	for (signo = 1; signo < NSIG; signo++)
		(void)sigaction(signo, &sa, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Die with the keeper.  The ids are final here: changing them would clear
 * the signal.  A keeper that is dead already sends none.
 */
static void
shell_follow(pid_t keeper)
{
#if HAVE_PRCTL
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		_exit(127);
#endif
	if (getppid() != keeper)
		_exit(127);
}

static void
shell_terminal(struct shell *sh, int slave)
{
	struct termios	 tio;

	if (setsid() == -1 || ioctl(slave, TIOCSCTTY, 0) == -1 ||
	    tcgetattr(slave, &tio) == -1)
		shell_fail(sh, PTY_STAGE_TTY);
	/*
	 * A new terminal has the modes of a login already, but does not know
	 * that erasing a character may be erasing several bytes.
	 */
#ifdef IUTF8
	tio.c_iflag |= IUTF8;
#endif
	if (tcsetattr(slave, TCSANOW, &tio) == -1)
		shell_fail(sh, PTY_STAGE_TTY);
}

static int
shell_read(struct shell *sh, int blob)
{
	struct record_item	 it;
	const uint8_t		*body;
	size_t			 len, n, pos;
	int			 r;

	if (blob_map(blob, BLOB_PTY_MAX, &body, &len) == -1)
		return (-1);
	n = pos = 0;
	while ((r = record_item_get(&it, body, len, &pos)) == 1) {
		if (n++ == ITEMS_MAX) {
			errno = E2BIG;
			return (-1);
		}
		if (shell_item(sh, &it) == -1)
			return (-1);
	}
	/* The mapping ends with this program, as do the copies. */
	if (r == -1 || sh->argc == 0) {
		errno = EINVAL;
		return (-1);
	}
	return (0);
}

static int
shell_item(struct shell *sh, const struct record_item *it)
{
	switch (it->tag) {
	case RECORD_ARG:
		if ((sh->argv[sh->argc] = strndup(it->value, it->len)) ==
		    NULL)
			return (-1);
		sh->argc++;
		return (0);
	case RECORD_ENV:
		return (shell_setenv(sh, it->name, it->namelen, it->value,
		    it->len, 1));
	case RECORD_CWD:
		if ((sh->cwd = strndup(it->value, it->len)) == NULL)
			return (-1);
		return (0);
	default:
		errno = EINVAL;
		return (-1);
	}
}

/* Of two values of one name the later one counts if `replace' is set. */
static int
shell_setenv(struct shell *sh, const char *name, size_t namelen,
    const char *value, size_t len, int replace)
{
	char	*s;
	size_t	 i;

	if (namelen == 0 || memchr(name, '=', namelen) != NULL) {
		errno = EINVAL;
		return (-1);
	}
	for (i = 0; i < sh->nenv; i++)
		if (strncmp(sh->env[i], name, namelen) == 0 &&
		    sh->env[i][namelen] == '=')
			break;
	if (i < sh->nenv && !replace)
		return (0);
	if ((s = malloc(namelen + 1 + len + 1)) == NULL)
		return (-1);
	memcpy(s, name, namelen);
	s[namelen] = '=';
	if (len > 0)
		memcpy(s + namelen + 1, value, len);
	s[namelen + 1 + len] = '\0';
	sh->env[i] = s;
	if (i == sh->nenv)
		sh->nenv++;
	return (0);
}

static int
shell_default(struct shell *sh, const char *name, const char *value)
{
	return (shell_setenv(sh, name, strlen(name), value, strlen(value),
	    0));
}

static int
shell_defaults(struct shell *sh)
{
	const struct shell_user	*user;

	user = sh->user;
	if (shell_default(sh, "HOME", user->home) == -1 ||
	    shell_default(sh, "USER", user->name) == -1 ||
	    shell_default(sh, "LOGNAME", user->name) == -1 ||
	    shell_default(sh, "SHELL", user->shell) == -1 ||
	    shell_default(sh, "PATH", user->uid == 0 ? PATH_ROOT :
	    PATH_USER) == -1)
		return (-1);
	return (shell_default(sh, "TERM", "xterm-256color"));
}

/* 0, 1 and 2 are the terminal; then the report, until exec; then nothing. */
static void
shell_descriptors(struct shell *sh, int slave)
{
	if (dup2(slave, STDIN_FILENO) == -1 ||
	    dup2(slave, STDOUT_FILENO) == -1 ||
	    dup2(slave, STDERR_FILENO) == -1)
		shell_fail(sh, PTY_STAGE_TTY);
	if (dup3(sh->report, REPORT_FD, O_CLOEXEC) == -1)
		shell_fail(sh, PTY_STAGE_SETUP);
	sh->report = REPORT_FD;
	closefrom(REPORT_FD + 1);
}

/* Soft limits only: the user may raise them again. */
static int
shell_limits(const struct shell_user *user)
{
	struct rlimit	 rl;

	if (user->nofile == 0)
		return (0);
	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return (-1);
	rl.rlim_cur = user->nofile;
	if (rl.rlim_max != RLIM_INFINITY && rl.rlim_cur > rl.rlim_max)
		rl.rlim_cur = rl.rlim_max;
	return (setrlimit(RLIMIT_NOFILE, &rl));
}

/*
 * A directory that was asked for must be there; a home need not be, as at
 * any login.
 */
static int
shell_chdir(const struct shell *sh)
{
	if (sh->cwd != NULL)
		return (chdir(sh->cwd));
	if (chdir(sh->user->home) == -1)
		return (chdir("/"));
	return (0);
}

/*
 * A name without a slash is looked for in the shell's own PATH.  This is not
 * execvp(3), which gives what is no program to a shell.  Comes back with
 * errno.
 */
static void
shell_run(const struct shell *sh)
{
	char		 path[PATH_MAX];
	const char	*dir, *end, *name;
	int		 error, n;

	name = sh->argv[0];
	if (strchr(name, '/') != NULL) {
		(void)execve(name, sh->argv, sh->env);
		return;
	}
	error = ENOENT;
	for (dir = shell_getenv(sh, "PATH"); dir != NULL && name[0] != '\0';
	    dir = *end == '\0' ? NULL : end + 1) {
		end = dir + strcspn(dir, ":");
		n = snprintf(path, sizeof(path), "%.*s%s%s",
		    (int)(end - dir), dir, end == dir ? "./" : "/", name);
		if (n < 0 || (size_t)n >= sizeof(path))
			continue;
		(void)execve(path, sh->argv, sh->env);
		/* One that may not be run does not hide those behind it. */
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) {
			error = errno;
			break;
		}
		if (errno == EACCES)
			error = EACCES;
	}
	errno = error;
}

static const char *
shell_getenv(const struct shell *sh, const char *name)
{
	size_t	 i, len;

	len = strlen(name);
	for (i = 0; i < sh->nenv; i++)
		if (strncmp(sh->env[i], name, len) == 0 &&
		    sh->env[i][len] == '=')
			return (sh->env[i] + len + 1);
	return (NULL);
}
