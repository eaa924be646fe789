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
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "priv.h"
#include "sandbox.h"
#include "seccomp_filters.h"

#if defined(__x86_64__)
#define ARCH	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH	AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define ARCH	AUDIT_ARCH_RISCV64
#else
#error "no system call filters for this architecture"
#endif
#if FILTER_ARCH != ARCH
#error "the filters are for the machine that made them; build there"
#endif
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the filter of abort reads the lower half of an argument first"
#endif

/*
 * landlock(7).  The structure and the rights are our own because the headers
 * may be years older than the kernel.  All rights of a kind are listed, since
 * one that is not handled stays allowed.
 */
struct ruleset {
	uint64_t	 fs;
	uint64_t	 net;
	uint64_t	 scope;
};

#define FS_EVERY	((1ULL << 16) - 1)	/* EXECUTE .. IOCTL_DEV */
#define FS_READ		(3ULL << 2)		/* files, directories */
#ifdef SANITIZED
#define FS_ALL		(FS_EVERY & ~FS_READ)	/* they read /proc at exit */
#else
#define FS_ALL		FS_EVERY
#endif
#define NET_BIND	(1ULL << 0)		/* TCP */
#define NET_CONNECT	(1ULL << 1)		/* TCP */
#define NET_ALL		(NET_BIND | NET_CONNECT)
#define SCOPE_UNIX	(1ULL << 0)		/* abstract names */
#define SCOPE_SIGNAL	(1ULL << 1)
#define SCOPE_ALL	(SCOPE_UNIX | SCOPE_SIGNAL)

/* What each version of the interface brought. */
static const struct landlock_abi {
	int		 abi;
	struct ruleset	 has;
	const char	*name;
} landlock_abis[] = {
	{ 1, { (1ULL << 13) - 1, 0, 0 },	"files" },
	{ 2, { 1ULL << 13, 0, 0 },		"linking across directories" },
	{ 3, { 1ULL << 14, 0, 0 },		"truncation" },
	{ 4, { 0, NET_ALL, 0 },			"TCP" },
	{ 5, { 1ULL << 15, 0, 0 },		"ioctls of devices" },
	{ 6, { 0, 0, SCOPE_ALL },		"signals and abstract sockets" }
};

/*
 * What the roles hand in of that: everything, and they get no exceptions, so
 * a right that a filter forgot still opens nothing.  The dialer connects.
 * The keeper has to reach the shell, which is outside of its domain, with
 * signals, and so does the kernel when it delivers the parent-death signal.
 */
static const struct role {
	const char		*name;
	const struct sock_filter *filter;
	size_t			 len;
	struct ruleset		 deny;
} roles[SANDBOX_MAX] = {
	[SANDBOX_SETUP]		= { "setup", filter_setup,
	    nitems(filter_setup), { 0, 0, 0 } },
	[SANDBOX_FRONTEND]	= { "frontend", filter_frontend,
	    nitems(filter_frontend), { FS_ALL, NET_ALL, SCOPE_ALL } },
	[SANDBOX_CATALOG]	= { "catalog", filter_catalog,
	    nitems(filter_catalog), { FS_ALL, NET_ALL, SCOPE_ALL } },
	[SANDBOX_DIALER]	= { "dialer", filter_dialer,
	    nitems(filter_dialer), { FS_ALL, NET_BIND, SCOPE_ALL } },
	[SANDBOX_CONTROL]	= { "control", filter_control,
	    nitems(filter_control), { FS_ALL, NET_ALL, SCOPE_ALL } },
	[SANDBOX_WORKER]	= { "worker", filter_worker,
	    nitems(filter_worker), { FS_ALL, NET_ALL, SCOPE_ALL } },
	[SANDBOX_PTY]		= { "pty keeper", filter_pty,
	    nitems(filter_pty), { FS_ALL, NET_ALL, SCOPE_UNIX } }
};

/* Room for a copy of a filter on the stack; the longest has about 300. */
#define FILTER_MAX	512

static int	 seccomp_load(const struct role *, const struct sock_filter *,
		    size_t);
static int	 seccomp_own_pid(const struct role *, pid_t);
#ifdef SANDBOX_DEBUG
static int	 debug_init(const struct role *);
static void	 debug_soften(struct sock_filter *, size_t);
static void	 debug_sigsys(int, siginfo_t *, void *);
#endif

const char *
sandbox_name(enum sandbox_role role)
{
	return (roles[role].name);
}

/*
 * Landlock first, because the filter forbids its calls.  Set-up has no rules
 * of landlock: they could not be widened again for what a role keeps.
 */
int
sandbox_enter(enum sandbox_role role)
{
	const struct role	*r = &roles[role];

	if (priv_harden() == -1)
		return (-1);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		log_warn("%s: no_new_privs", r->name);
		return (-1);
	}
#ifdef SANDBOX_DEBUG
	if (debug_init(r) == -1)
		return (-1);
#endif
	if (role != SANDBOX_SETUP) {
		if (sandbox_landlock(role) == -1 ||
		    seccomp_own_pid(r, getpid()) == -1)
			return (-1);
	}
	return (seccomp_load(r, r->filter, r->len));
}

/*
 * A kernel without landlock fails the start; one that has an older version
 * gives us what it has, and the log says what is missing.
 */
int
sandbox_landlock(enum sandbox_role role)
{
	const struct role		*r = &roles[role];
	const struct landlock_abi	*la;
	struct ruleset			 rs = { 0, 0, 0 };
	size_t				 i;
	long				 abi;
	int				 fd;

	/* A flag of 1 asks for the version. */
	if ((abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1)) < 1) {
		log_warn("%s: no landlock in this kernel", r->name);
		return (-1);
	}
	for (i = 0; i < nitems(landlock_abis); i++) {
		la = &landlock_abis[i];
		if (abi < la->abi) {
			log_info("%s: landlock here does not cover %s",
			    r->name, la->name);
			continue;
		}
		rs.fs |= r->deny.fs & la->has.fs;
		rs.net |= r->deny.net & la->has.net;
		rs.scope |= r->deny.scope & la->has.scope;
	}
	/* Members that an old kernel does not know are 0, as it demands. */
	fd = syscall(SYS_landlock_create_ruleset, &rs, sizeof(rs), 0);
	if (fd == -1) {
		log_warn("%s: landlock rules", r->name);
		return (-1);
	}
	if (syscall(SYS_landlock_restrict_self, fd, 0) == -1) {
		log_warn("%s: landlock", r->name);
		(void)close(fd);
		return (-1);
	}
	(void)close(fd);
	return (0);
}

/*
 * TSYNC takes along any thread that a library might have started; it answers
 * with the id of a thread that it cannot take.
 */
static int
seccomp_load(const struct role *r, const struct sock_filter *filter,
    size_t len)
{
	struct sock_filter	 copy[FILTER_MAX];
	struct sock_fprog	 prog;
	long			 ret;

	if (len > nitems(copy)) {
		log_warnx("%s: seccomp filter too long", r->name);
		return (-1);
	}
	memcpy(copy, filter, len * sizeof(copy[0]));
#ifdef SANDBOX_DEBUG
	debug_soften(copy, len);
#endif
	prog.len = len;
	prog.filter = copy;
	ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_TSYNC, &prog);
	if (ret == -1) {
		log_warn("%s: seccomp", r->name);
		return (-1);
	}
	if (ret != 0) {
		log_warnx("%s: seccomp: thread %ld stays outside", r->name,
		    ret);
		return (-1);
	}
	return (0);
}

/*
 * abort(3) sends its signal by tgkill(2), which could as well reach another
 * process of our user.  Our process id is not known when filters are made,
 * hence a second one, which leaves all other calls to the first.
 */
static int
seccomp_own_pid(const struct role *r, pid_t pid)
{
	const struct sock_filter own[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)pid, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
	};

	return (seccomp_load(r, own, nitems(own)));
}

#ifdef SANDBOX_DEBUG
/*
 * A debug aid that cannot be installed: instead of killing, the filters send
 * SIGSYS, whose handler names the call on stderr.
 */
static const char	*debug_role;

static int
debug_init(const struct role *r)
{
	struct sigaction	 sa;

	log_warnx("%s: debug filters: not for use", r->name);
	debug_role = r->name;
	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = debug_sigsys;
	sa.sa_flags = SA_SIGINFO;
	if (sigaction(SIGSYS, &sa, NULL) == -1) {
		log_warn("%s: sigaction", r->name);
		return (-1);
	}
	return (0);
}

static void
debug_soften(struct sock_filter *filter, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (filter[i].code == (BPF_RET | BPF_K) &&
		    filter[i].k == SECCOMP_RET_KILL_PROCESS)
			filter[i].k = SECCOMP_RET_TRAP;
	}
}

static void
debug_sigsys(int sig, siginfo_t *si, void *ctx)
{
	const char	*call = "?";
	char		 buf[160];

	(void)sig;
	(void)ctx;
	if (si->si_syscall >= 0 && (size_t)si->si_syscall < nitems(call_names))
		call = call_names[si->si_syscall];
	(void)strlcpy(buf, "sandbox: ", sizeof(buf));
	(void)strlcat(buf, debug_role, sizeof(buf));
	(void)strlcat(buf, ": system call ", sizeof(buf));
	(void)strlcat(buf, call, sizeof(buf));
	(void)strlcat(buf, "\n", sizeof(buf));
	if (write(STDERR_FILENO, buf, strlen(buf)) == -1)
		_exit(1);
	_exit(128 + SIGSYS);
}
#endif
