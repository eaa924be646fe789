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
 * What can break: a filter grows by one call too many, a rule loses its
 * argument check, a new kernel brings a way around, and nobody notices,
 * because a daemon with too many rights works.  So this program enters the
 * sandbox of a role as a child of the daemon does, and from inside tries
 * what it must not do, then what it needs.
 *
 * usage: probe [-ln] role [uid gid root]
 *
 * With -l only landlock is entered, and only what it must stop is tried;
 * with -n only what the role needs, which is all that sanitizers leave.
 * "none" is a role: it shows that the attempts do work when nothing stops
 * them.  One TAP line for each attempt, in a process of its own.
 */
/* links: regress/priv/probe_deny.c regress/priv/probe_need.c @COMMON@
 *	@CHILD@ */

#include "compat.h"

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <arpa/inet.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "log.h"
#include "priv.h"
#include "probe.h"

/* Exit status of an attempt: 0 it worked, or its errno, or these. */
#define EXIT_STAGE	254
#define EXIT_ENTER	255

struct probe {
	unsigned int	 role;
	int		 landlock;
	int		 needs;
	int		 drop;
	uid_t		 uid;
	gid_t		 gid;
	const char	*root;
	int		 count;
	int		 failed;
};

static __dead void	 usage(void);
static unsigned int	 role_byname(const char *);
static void		 run_all(struct probe *, const struct attempt *, int);
static int		 run_one(const struct probe *, const struct attempt *);
static __dead void	 child(const struct probe *, const struct attempt *);
static void		 enter(const struct probe *, struct stage *);
static int		 is_denied(int);
static void		 report(struct probe *, const struct attempt *, int,
			    int);
static void		 stage_open(const struct probe *, struct stage *);
static void		 stage_sockets(struct stage *);
static void		 stage_reset(struct stage *);
static void		 stage_files(struct stage *);
static void		 stage_victim(const struct probe *, struct stage *);
static int		 tcp_listener(struct sockaddr_in *);
static int		 need(const char *, int);

int
main(int argc, char *argv[])
{
	struct probe	 pr;
	int		 ch;

	memset(&pr, 0, sizeof(pr));
	while ((ch = getopt(argc, argv, "ln")) != -1) {
		switch (ch) {
		case 'l':
			pr.landlock = 1;
			break;
		case 'n':
			pr.needs = 1;
			break;
		default:
			usage();
		}
	}
	argc -= optind - 1;
	argv += optind - 1;
	if (argc != 2 && argc != 5)
		usage();
	log_init("probe", 1, 0);
	pr.role = role_byname(argv[1]);
	if (argc == 5) {
		pr.drop = 1;
		pr.uid = strtonum(argv[2], 1, 0x7fffffff, NULL);
		pr.gid = strtonum(argv[3], 1, 0x7fffffff, NULL);
		pr.root = geteuid() == 0 ? argv[4] : NULL;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (!pr.needs)
		run_all(&pr, denials, 1);
	if (!pr.landlock)
		run_all(&pr, needs, 0);
	printf("1..%d\n", pr.count);
	return (pr.failed != 0);
}

static __dead void
usage(void)
{
	fprintf(stderr, "usage: probe [-ln] role [uid gid root]\n");
	exit(2);
}

static unsigned int
role_byname(const char *name)
{
	static const char *const names[] = {
		[SANDBOX_SETUP]		= "setup",
		[SANDBOX_FRONTEND]	= "frontend",
		[SANDBOX_CATALOG]	= "catalog",
		[SANDBOX_DIALER]	= "dialer",
		[SANDBOX_CONTROL]	= "control",
		[SANDBOX_WORKER]	= "worker",
		[SANDBOX_PTY]		= "pty",
		[ROLE_NONE]		= "none"
	};
	unsigned int	 i;

	for (i = 0; i < nitems(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return (i);
	}
	errx(2, "%s: no such role", name);
}

/*
 * In SANDBOX_SETUP little is forbidden yet; each attempt names it or not
 * like any other role.
 */
static void
run_all(struct probe *pr, const struct attempt *at, int deny)
{
	for (; at->name != NULL; at++) {
		if (pr->role == ROLE_NONE) {
			if (at->flags & AT_NOBASE)
				continue;
		} else if ((at->roles & BIT(pr->role)) == 0 ||
		    (at->flags & AT_BASEONLY))
			continue;
		if (pr->landlock && (at->flags & AT_LANDLOCK) == 0)
			continue;
		report(pr, at, run_one(pr, at), deny);
	}
}

static int
run_one(const struct probe *pr, const struct attempt *at)
{
	int	 status;
	pid_t	 pid;

	switch (pid = fork()) {
	case -1:
		err(1, "fork");
	case 0:
		child(pr, at);
	}
	while (waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR)
			err(1, "waitpid");
	}
	return (status);
}

static __dead void
child(const struct probe *pr, const struct attempt *at)
{
	struct stage	 st;

	/* Whatever hangs has failed; SIGALRM is reported as such. */
	alarm(10);
	(void)signal(SIGPIPE, SIG_IGN);
	stage_open(pr, &st);
	enter(pr, &st);
	if (at->run(&st) == 0)
		exit(0);
	_exit(errno == 0 ? EXIT_STAGE : errno);
}

/*
 * The order is that of a child of the daemon.  The keeper of a shell skips
 * set-up, because the shell must not inherit it.
 */
static void
enter(const struct probe *pr, struct stage *st)
{
	const struct priv_limits pl = { 128 << 20, 64, PRIV_MEMLOCK };

	if (pr->role == ROLE_NONE) {
		st->base = event_base_new();
		return;
	}
	if (pr->landlock) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
		    sandbox_landlock((enum sandbox_role)pr->role) == -1)
			_exit(EXIT_ENTER);
		return;
	}
	if (pr->role == SANDBOX_PTY)
		st->base = event_base_new();
	else if (sandbox_enter(SANDBOX_SETUP) == -1)
		_exit(EXIT_ENTER);
	if (st->base == NULL && (st->base = event_base_new()) == NULL)
		_exit(EXIT_ENTER);
	if (pr->drop && (priv_limits_apply(&pl) == -1 ||
	    priv_drop(pr->uid, pr->gid, pr->root) == -1))
		_exit(EXIT_ENTER);
	if (pr->role != SANDBOX_SETUP &&
	    sandbox_enter((enum sandbox_role)pr->role) == -1)
		_exit(EXIT_ENTER);
}

/*
 * Only what a filter, landlock or the lack of rights answer.  ENOENT, say,
 * would mean that the call went through and did not find its file.
 */
static int
is_denied(int status)
{
	if (WIFSIGNALED(status))
		return (WTERMSIG(status) == SIGSYS);
	switch (WEXITSTATUS(status)) {
	case EPERM:
	case EACCES:
	case ENOTTY:
		return (1);
	default:
		return (0);
	}
}

static void
report(struct probe *pr, const struct attempt *at, int status, int deny)
{
	const char	*what = deny ? "must not" : "needs";
	char		 how[80];
	int		 ok, worked;

	worked = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (at->flags & AT_ABORTS)
		worked = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
	if (pr->role == ROLE_NONE) {
		what = "can do";
		ok = worked;
	} else
		ok = deny ? is_denied(status) : worked;
	if (WIFSIGNALED(status))
		(void)snprintf(how, sizeof(how), "%s",
		    strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == EXIT_STAGE)
		(void)snprintf(how, sizeof(how), "no stage");
	else if (WEXITSTATUS(status) == EXIT_ENTER)
		(void)snprintf(how, sizeof(how), "not entered");
	else
		(void)snprintf(how, sizeof(how), "%s",
		    strerror(WEXITSTATUS(status)));
	if (!ok)
		pr->failed++;
	printf("%s %d - %s %s: %s\n", ok ? "ok" : "not ok", ++pr->count, what,
	    at->name, how);
}

/* A stage that cannot be built says so and fails the attempt. */
static int
need(const char *what, int ret)
{
	if (ret == -1) {
		warn("%s", what);
		_exit(EXIT_STAGE);
	}
	return (ret);
}

static void
stage_open(const struct probe *pr, struct stage *st)
{
	memset(st, 0, sizeof(*st));
	stage_victim(pr, st);
	stage_sockets(st);
	stage_reset(st);
	stage_files(st);
}

static int
tcp_listener(struct sockaddr_in *sin)
{
	socklen_t	 len = sizeof(*sin);
	int		 s;

	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s = need("socket", socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	need("bind", bind(s, (struct sockaddr *)sin, sizeof(*sin)));
	need("getsockname", getsockname(s, (struct sockaddr *)sin, &len));
	need("listen", listen(s, 8));
	return (s);
}

static void
stage_sockets(struct stage *st)
{
	struct sockaddr_in	 sin;
	socklen_t		 len = sizeof(st->udp_addr);

	st->tcp = need("socket", socket(AF_INET, SOCK_STREAM, 0));
	st->udp = need("socket", socket(AF_INET, SOCK_DGRAM, 0));
	st->listener = tcp_listener(&st->addr);
	st->client = need("socket", socket(AF_INET, SOCK_STREAM, 0));
	need("connect", connect(st->client, (struct sockaddr *)&st->addr,
	    sizeof(st->addr)));

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	st->bound = need("socket", socket(AF_INET, SOCK_STREAM, 0));
	need("bind", bind(st->bound, (struct sockaddr *)&sin, sizeof(sin)));
	st->udp_bound = need("socket", socket(AF_INET, SOCK_DGRAM, 0));
	need("bind", bind(st->udp_bound, (struct sockaddr *)&sin,
	    sizeof(sin)));
	need("getsockname", getsockname(st->udp_bound,
	    (struct sockaddr *)&st->udp_addr, &len));
	need("socketpair", socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
	    0, st->pair));
}

/*
 * A socket as a dialer that does not know better would pass it: connected by
 * poll(2), and reset by its peer since.  The kernel thinks that it is still
 * connecting and lets MSG_FASTOPEN aim it anywhere.
 */
static void
stage_reset(struct stage *st)
{
	struct sockaddr_in	 sin;
	struct linger		 li = { 1, 0 };
	struct pollfd		 pfd;
	socklen_t		 len = sizeof(int);
	int			 a, l, soerr;

	l = tcp_listener(&sin);
	st->other = tcp_listener(&st->other_addr);
	st->reset = need("socket", socket(AF_INET,
	    SOCK_STREAM | SOCK_NONBLOCK, 0));
	if (connect(st->reset, (struct sockaddr *)&sin, sizeof(sin)) == -1 &&
	    errno != EINPROGRESS)
		need("connect", -1);
	pfd.fd = st->reset;
	pfd.events = POLLOUT;
	need("poll", poll(&pfd, 1, 5000));
	need("SO_ERROR", getsockopt(st->reset, SOL_SOCKET, SO_ERROR, &soerr,
	    &len));
	a = need("accept", accept(l, NULL, NULL));
	need("SO_LINGER", setsockopt(a, SOL_SOCKET, SO_LINGER, &li,
	    sizeof(li)));
	(void)close(a);
	(void)close(l);
	pfd.events = POLLIN;
	need("poll", poll(&pfd, 1, 5000));
}

static void
stage_files(struct stage *st)
{
	st->master = need("posix_openpt", posix_openpt(O_RDWR | O_NOCTTY));
	need("grantpt", grantpt(st->master));
	need("unlockpt", unlockpt(st->master));
	st->slave = need("slave", open(ptsname(st->master),
	    O_RDWR | O_NOCTTY));
	st->prog = need("/bin/true", open("/bin/true", O_RDONLY | O_CLOEXEC));
	st->pagesize = sysconf(_SC_PAGESIZE);
	st->page = mmap(NULL, st->pagesize, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (st->page == MAP_FAILED)
		need("mmap", -1);
	st->blob = need("memfd", memfd_create("blob",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING));
	need("ftruncate", ftruncate(st->blob, st->pagesize));
	need("seals", fcntl(st->blob, F_ADD_SEALS,
	    F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL));
}

/*
 * A child that waits for us to end.  It has the user that we will have, so
 * that nothing but a sandbox keeps us from it.
 */
static void
stage_victim(const struct probe *pr, struct stage *st)
{
	char	 c;
	int	 p[2], up[2];

	need("pipe", pipe2(p, O_CLOEXEC));
	need("pipe", pipe2(up, O_CLOEXEC));
	if ((st->victim = need("fork", fork())) == 0) {
		alarm(0);
		(void)close(p[1]);
		if (pr->drop && pr->root != NULL && (setresgid(pr->gid,
		    pr->gid, pr->gid) == -1 ||
		    setresuid(pr->uid, pr->uid, pr->uid) == -1))
			_exit(EXIT_STAGE);
		if (write(up[1], "", 1) != 1 || read(p[0], &c, 1) == -1)
			_exit(EXIT_STAGE);
		_exit(0);
	}
	(void)close(p[0]);
	need("victim", read(up[0], &c, 1) == 1 ? 0 : -1);
	st->victim_fd = need("pidfd_open", syscall(SYS_pidfd_open, st->victim,
	    0));
}
