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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seccomp.h>

#include "sandbox.h"

/*
 * Writes the system call filters of all roles as a C header, at build time,
 * so that no process links libseccomp and nobody compiles a filter at start.
 *
 * Every filter is a list of what is allowed.  A call of another architecture
 * or of x32, and whatever is not in the table, kills the process.  A few
 * calls that libraries make in passing, and can do without, get an error
 * instead.  Arguments are compared in their lower 32 bits where the kernel
 * reads no more of them.
 *
 * For the masks: a role is one bit.
 */
#define BIT(role)	(1U << (role))
#define S		BIT(SANDBOX_SETUP)
#define F		BIT(SANDBOX_FRONTEND)
#define C		BIT(SANDBOX_CATALOG)
#define D		BIT(SANDBOX_DIALER)
#define K		BIT(SANDBOX_CONTROL)
#define W		BIT(SANDBOX_WORKER)
#define P		BIT(SANDBOX_PTY)
#define ROLES		(F | C | D | K | W | P)

#define ARGS_MAX	3

struct rule {
	unsigned int		 roles;
	int			 nr;	/* below 0: not of this architecture */
	int			 err;	/* the answer; 0 is to allow */
	unsigned int		 nargs;
	struct scmp_arg_cmp	 args[ARGS_MAX];
};

/* Conditions: argument n is v; has no bit of v; has all bits of v. */
#define IS(n, v)	{ n, SCMP_CMP_MASKED_EQ, 0xffffffffU, (uint32_t)(v) }
#define HASNOT(n, v)	{ n, SCMP_CMP_MASKED_EQ, (uint32_t)(v), 0 }
#define HAS(n, v)	{ n, SCMP_CMP_MASKED_EQ, (uint32_t)(v), (uint32_t)(v) }
#define ONLY(n, v)	HASNOT(n, ~(uint32_t)(v))
#define ISNULL(n)	{ n, SCMP_CMP_EQ, 0, 0 }

#define CALL(roles, name)						\
	{ roles, __SNR_##name, 0, 0, { { 0, 0, 0, 0 } } }
#define CALL1(roles, name, a)						\
	{ roles, __SNR_##name, 0, 1, { a } }
#define CALL2(roles, name, a, b)					\
	{ roles, __SNR_##name, 0, 2, { a, b } }
#define CALL3(roles, name, a, b, c)					\
	{ roles, __SNR_##name, 0, 3, { a, b, c } }
#define FAIL(roles, name, e)						\
	{ roles, __SNR_##name, e, 0, { { 0, 0, 0, 0 } } }
#define FAIL1(roles, name, e, a)					\
	{ roles, __SNR_##name, e, 1, { a } }

#define FCNTL(roles, cmd)	CALL1(roles, fcntl, IS(1, cmd))
#define IOCTL(roles, cmd)	CALL1(roles, ioctl, IS(1, cmd))
#define PRCTL(roles, op)	CALL1(roles, prctl, IS(0, op))
#define GETOPT(roles, level, opt)					\
	CALL2(roles, getsockopt, IS(1, level), IS(2, opt))
#define SETOPT(roles, level, opt)					\
	CALL2(roles, setsockopt, IS(1, level), IS(2, opt))
/* Flags of the type are left out of the comparison; the protocol is not. */
#define SOCKET(roles, domain, type, proto)				\
	CALL3(roles, socket, IS(0, domain),				\
	    HASTYPE(type), IS(2, proto))
#define HASTYPE(v)							\
	{ 1, SCMP_CMP_MASKED_EQ,					\
	    (uint32_t)~(SOCK_CLOEXEC | SOCK_NONBLOCK), v }

/* Newer than the headers that we build with. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	8U
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA	0x53564d41
#endif

#define SEND_FLAGS	(MSG_NOSIGNAL | MSG_DONTWAIT)
#define OPEN_WRITES	(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)

static const struct rule rules[] = {
	/*
	 * Memory, but no way to make code of it: nothing may become
	 * executable, and remap_file_pages(2) and pkey_mprotect(2) are out.
	 */
	CALL(ROLES, brk),
	CALL(ROLES, munmap),
	CALL(ROLES, mremap),
	CALL(ROLES, madvise),
	CALL1(ROLES, mmap, HASNOT(2, PROT_EXEC)),
	CALL1(ROLES, mprotect, HASNOT(2, PROT_EXEC)),
	/* Opened secrets; sodium_memzero and friends need no more. */
	CALL(W, mlock),
	CALL(W, munlock),

	/* The event loop.  libevent makes its pipe with the base. */
	CALL(ROLES, epoll_create1),
	CALL(ROLES, epoll_ctl),
	CALL(ROLES, epoll_wait),
	CALL(ROLES, epoll_pwait),
	CALL(ROLES, epoll_pwait2),
	CALL(ROLES, poll),
	CALL(ROLES, ppoll),
	CALL(ROLES, eventfd2),
	CALL(ROLES, futex),
	/* How the kernel resumes a wait after a stop signal. */
	CALL(ROLES, restart_syscall),

	CALL(ROLES, clock_gettime),
	CALL(ROLES, gettimeofday),
	CALL(ROLES, time),
	CALL(ROLES, getrandom),
	CALL(ROLES, getpid),
	CALL(ROLES, gettid),
	CALL(ROLES, getuid),
	CALL(ROLES, geteuid),
	CALL(ROLES, getgid),
	CALL(ROLES, getegid),
	CALL(ROLES, exit),
	CALL(ROLES, exit_group),

	CALL(ROLES, rt_sigaction),
	CALL(ROLES, rt_sigprocmask),
	CALL(ROLES, rt_sigreturn),
	/* abort(3); a second filter pins the process to ourselves. */
	CALL1(ROLES, tgkill, IS(2, SIGABRT)),

	/* Descriptors that we hold already. */
	CALL(ROLES, read),
	CALL(ROLES, readv),
	CALL(ROLES, write),
	CALL(ROLES, writev),
	CALL(ROLES, close),
	CALL(ROLES, lseek),
	CALL(ROLES, pread64),
	CALL(ROLES, fstat),
	CALL1(ROLES, newfstatat, HAS(3, AT_EMPTY_PATH)),
	FCNTL(ROLES, F_GETFL),
	FCNTL(ROLES, F_SETFL),
	FCNTL(ROLES, F_GETFD),
	FCNTL(ROLES, F_SETFD),
	FCNTL(ROLES, F_DUPFD_CLOEXEC),
	FCNTL(ROLES, F_GET_SEALS),
	/* Who makes blobs: memory without a name that is sealed and sent. */
	CALL1(F | C | W, memfd_create,
	    ONLY(1, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL)),
	CALL(F | C | W, ftruncate),
	CALL(F | C | W, pwrite64),
	FCNTL(F | C | W, F_ADD_SEALS),
	/* A learned key is on the disk before it is believed. */
	CALL(C, fdatasync),

	/*
	 * Messages.  The address of a sendmsg(2) stands behind a pointer,
	 * where no filter can look, but it leads nowhere: a connected TCP
	 * socket and a SEQPACKET pair ignore it unless MSG_FASTOPEN is set,
	 * which the flags here rule out, and no role but the dialer can make
	 * or is handed a datagram socket.  sendmmsg(2) has its flags in the
	 * open too, but nobody needs it.
	 */
	CALL(ROLES, recvmsg),
	CALL(ROLES, recvfrom),
	CALL1(ROLES, sendmsg, ONLY(2, SEND_FLAGS)),
	CALL2(ROLES & ~F, sendto, ONLY(3, SEND_FLAGS), ISNULL(4)),
	CALL2(F, sendto, ONLY(3, SEND_FLAGS | MSG_MORE), ISNULL(4)),
	CALL(ROLES, shutdown),
	CALL(ROLES, getsockname),
	CALL(ROLES, getpeername),
	/* What is this that we were handed? */
	GETOPT(ROLES, SOL_SOCKET, SO_TYPE),
	GETOPT(ROLES, SOL_SOCKET, SO_DOMAIN),
	GETOPT(ROLES, SOL_SOCKET, SO_PROTOCOL),
	GETOPT(ROLES, SOL_SOCKET, SO_ACCEPTCONN),
	GETOPT(ROLES, SOL_SOCKET, SO_ERROR),

	/* Clients, and for the dialer servers. */
	CALL(F | K, accept4),
	GETOPT(K, SOL_SOCKET, SO_PEERCRED),
	SETOPT(F | W | D | K, IPPROTO_TCP, TCP_NODELAY),
	SETOPT(F | W | D, SOL_SOCKET, SO_KEEPALIVE),
	SETOPT(F | W | D, IPPROTO_TCP, TCP_KEEPIDLE),
	SETOPT(F | W | D, IPPROTO_TCP, TCP_KEEPINTVL),
	SETOPT(F | W | D, IPPROTO_TCP, TCP_KEEPCNT),
	SETOPT(F | W | D, IPPROTO_TCP, TCP_USER_TIMEOUT),
	SETOPT(F | W, SOL_SOCKET, SO_SNDBUF),
	SETOPT(F | K, SOL_SOCKET, SO_LINGER),
	SETOPT(W, IPPROTO_TCP, TCP_NOTSENT_LOWAT),
	SETOPT(W, IPPROTO_TCP, TCP_QUICKACK),
	SETOPT(W, SOL_SOCKET, SO_RCVLOWAT),
	/* How much an evbuffer should make room for. */
	IOCTL(F | C | D | K | W, FIONREAD),
	/* How much of what was sent a client has not taken yet. */
	IOCTL(W, TIOCOUTQ),

	/* The dialer: TCP to where it is told, UDP to name servers. */
	SOCKET(D, AF_INET, SOCK_STREAM, 0),
	SOCKET(D, AF_INET, SOCK_STREAM, IPPROTO_TCP),
	SOCKET(D, AF_INET, SOCK_DGRAM, 0),
	SOCKET(D, AF_INET, SOCK_DGRAM, IPPROTO_UDP),
	SOCKET(D, AF_INET6, SOCK_STREAM, 0),
	SOCKET(D, AF_INET6, SOCK_STREAM, IPPROTO_TCP),
	SOCKET(D, AF_INET6, SOCK_DGRAM, 0),
	SOCKET(D, AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
	CALL(D, connect),
	/* evdns does not connect its sockets. */
	CALL1(D, sendto, ONLY(3, SEND_FLAGS)),

	/*
	 * The terminals of a worker: size, state, and the three signals that
	 * the kernel lets a master send (TIOCSIG).  Never TIOCSTI.
	 */
	IOCTL(W, TIOCGWINSZ),
	IOCTL(W, TIOCSWINSZ),
	IOCTL(W, TIOCSIG),
	IOCTL(W, TCGETS),

	/*
	 * The keeper has the user of its shell, so a signal does what that
	 * user could do in any case.
	 */
	CALL(P, wait4),
	CALL(P, waitid),
	CALL(P, kill),
	CALL(P, pidfd_send_signal),

	/* getdtablesize(3) and sysconf(3): our own limits, and to read. */
	CALL2(ROLES, prlimit64, ISNULL(0), ISNULL(2)),
	PRCTL(ROLES, PR_GET_DUMPABLE),

	/*
	 * What libraries try and can do without: time zones, message
	 * catalogs, whether stdout is a terminal, names for memory.
	 */
	FAIL(ROLES, open, EACCES),
	FAIL(ROLES, openat, EACCES),
	FAIL(ROLES, stat, EACCES),
	FAIL(ROLES, lstat, EACCES),
	FAIL(ROLES, statx, EACCES),
	FAIL1(ROLES, newfstatat, EACCES, HASNOT(3, AT_EMPTY_PATH)),
	FAIL(ROLES, access, EACCES),
	FAIL(ROLES, faccessat, EACCES),
	FAIL(ROLES, faccessat2, EACCES),
	FAIL(ROLES, readlink, EACCES),
	FAIL(ROLES, readlinkat, EACCES),
	FAIL(ROLES, uname, EPERM),
	FAIL(ROLES, sysinfo, EPERM),
	FAIL(ROLES, sched_getaffinity, EPERM),
	FAIL1(ROLES, prctl, EPERM, IS(0, PR_SET_VMA)),
	FAIL1(ROLES, prctl, EPERM, IS(0, PR_SET_NAME)),
	FAIL1(F | C | D | K | P, ioctl, ENOTTY, IS(1, TCGETS)),
	/* syslog(3) and the address lists of getaddrinfo(3). */
	FAIL1(S | ROLES, socket, EACCES, IS(0, AF_UNIX)),
	FAIL1(S | ROLES, socket, EACCES, IS(0, AF_NETLINK)),

	/*
	 * Between the start of a child and its role: all of the above, and
	 * below.  Libraries open files to read on first use.
	 */
	CALL1(S, openat, HASNOT(2, OPEN_WRITES)),
	CALL1(S, open, HASNOT(1, OPEN_WRITES)),
	CALL(S, newfstatat),
	CALL(S, stat),
	CALL(S, lstat),
	CALL(S, statx),
	CALL(S, access),
	CALL(S, faccessat),
	CALL(S, faccessat2),
	CALL(S, readlink),
	CALL(S, readlinkat),
	CALL(S, uname),
	CALL(S, sysinfo),
	CALL(S, sched_getaffinity),
	CALL(S, pipe2),
	CALL(S, dup2),
	CALL(S, dup3),
	CALL(S, close_range),
	CALL(S, umask),
	CALL(S, getppid),
	IOCTL(S, TCGETS),
	/* priv_limits_apply() and priv_drop(), with its checks. */
	CALL1(S, prlimit64, ISNULL(0)),
	CALL(S, getrlimit),
	CALL(S, setrlimit),
	CALL(S, chdir),
	CALL(S, chroot),
	CALL(S, setgroups),
	CALL(S, setresgid),
	CALL(S, setresuid),
	CALL(S, getresuid),
	CALL(S, getresgid),
	CALL(S, getgroups),
	/* sandbox_enter(); all of it can only take away. */
	CALL2(S, prctl, IS(0, PR_SET_DUMPABLE), ISNULL(1)),
	PRCTL(S, PR_SET_NO_NEW_PRIVS),
	PRCTL(S, PR_SET_PDEATHSIG),
	PRCTL(S, PR_SET_NAME),
	PRCTL(S, PR_SET_VMA),
	CALL(S, seccomp),
	CALL(S, landlock_create_ruleset),
	CALL(S, landlock_add_rule),
	CALL(S, landlock_restrict_self)
};

#ifdef SANITIZED
/*
 * What the runtimes of the sanitizers call besides: they map shadow memory,
 * read /proc/self/maps, report on stderr, and at exit look for leaks from a
 * clone that traces us.  Such builds cannot be installed.
 */
static const struct rule san_rules[] = {
	CALL(S | ROLES, mmap),
	CALL(S | ROLES, mprotect),
	CALL(S | ROLES, open),
	CALL(S | ROLES, openat),
	CALL(S | ROLES, stat),
	CALL(S | ROLES, newfstatat),
	CALL(S | ROLES, readlink),
	CALL(S | ROLES, readlinkat),
	CALL(S | ROLES, getdents),
	CALL(S | ROLES, getdents64),
	CALL(S | ROLES, getcwd),
	CALL(S | ROLES, ioctl),
	CALL(S | ROLES, prctl),
	CALL(S | ROLES, prlimit64),
	CALL(S | ROLES, getrlimit),
	CALL(S | ROLES, arch_prctl),
	CALL(S | ROLES, clone),
	CALL(S | ROLES, ptrace),
	CALL(S | ROLES, wait4),
	CALL(S | ROLES, kill),
	CALL(S | ROLES, tgkill),
	CALL(S | ROLES, tkill),
	CALL(S | ROLES, getppid),
	CALL(S | ROLES, pipe2),
	CALL(S | ROLES, pipe),
	CALL(S | ROLES, dup2),
	CALL(S | ROLES, uname),
	CALL(S | ROLES, sysinfo),
	CALL(S | ROLES, sched_getaffinity),
	CALL(S | ROLES, sched_yield),
	CALL(S | ROLES, nanosleep),
	CALL(S | ROLES, clock_nanosleep),
	CALL(S | ROLES, sigaltstack),
	CALL(S | ROLES, set_robust_list),
	CALL(S | ROLES, rseq),
	CALL(S | ROLES, process_vm_readv),
	CALL(S | ROLES, getrusage)
};
#endif

static const char *const names[SANDBOX_MAX] = {
	[SANDBOX_SETUP]		= "setup",
	[SANDBOX_FRONTEND]	= "frontend",
	[SANDBOX_CATALOG]	= "catalog",
	[SANDBOX_DIALER]	= "dialer",
	[SANDBOX_CONTROL]	= "control",
	[SANDBOX_WORKER]	= "worker",
	[SANDBOX_PTY]		= "pty"
};

static int	 sanitizer_needs(int);
static void	 add(scmp_filter_ctx, const struct rule *, unsigned int);
static void	 write_filter(scmp_filter_ctx, const char *);
static void	 write_role(enum sandbox_role);
static void	 write_names(void);

int
main(int argc, char *argv[])
{
	int	 role;

	if (argc != 1)
		errx(1, "usage: %s >header", argv[0]);
	/* What the kernel at hand can do does not matter here. */
	if (seccomp_api_set(3) != 0)
		errx(1, "libseccomp cannot make filters of level 3");
	printf("/* Made by mkfilter, for calls of this machine only. */\n\n");
	printf("#define FILTER_ARCH\t0x%x\n", seccomp_arch_native());
	for (role = 0; role < SANDBOX_MAX; role++)
		write_role(role);
	write_names();
	if (fflush(stdout) == EOF || ferror(stdout))
		err(1, "stdout");
	return (0);
}

/* One call cannot have two answers for the same arguments. */
static int
sanitizer_needs(int nr)
{
#ifdef SANITIZED
	size_t	 i;

	for (i = 0; i < nitems(san_rules); i++) {
		if (san_rules[i].nr == nr)
			return (1);
	}
#else
	(void)nr;
#endif
	return (0);
}

static void
add(scmp_filter_ctx ctx, const struct rule *r, unsigned int role)
{
	uint32_t	 action;
	int		 ret;

	/* Set-up is the union of what the roles are allowed. */
	if (role == S && r->err == 0)
		role = S | ROLES;
	if ((r->roles & role) == 0 || r->nr < 0)
		return;
	action = r->err == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(r->err);
	ret = seccomp_rule_add_array(ctx, action, r->nr, r->nargs, r->args);
	if (ret != 0) {
		errno = -ret;
		err(1, "rule for %s", seccomp_syscall_resolve_num_arch(
		    seccomp_arch_native(), r->nr));
	}
}

static void
write_filter(scmp_filter_ctx ctx, const char *name)
{
	struct sock_filter	 ins;
	FILE			*fp;
	int			 ret;

	if ((fp = tmpfile()) == NULL)
		err(1, "tmpfile");
	if ((ret = seccomp_export_bpf(ctx, fileno(fp))) != 0) {
		errno = -ret;
		err(1, "filter of %s", name);
	}
	rewind(fp);
	printf("\nstatic const struct sock_filter filter_%s[] = {\n", name);
	while (fread(&ins, sizeof(ins), 1, fp) == 1) {
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", ins.code, ins.jt,
		    ins.jf, ins.k);
	}
	if (ferror(fp))
		err(1, "tmpfile");
	printf("};\n");
	(void)fclose(fp);
}

static void
write_role(enum sandbox_role role)
{
	scmp_filter_ctx	 ctx;
	size_t		 i;

	if ((ctx = seccomp_init(SCMP_ACT_KILL_PROCESS)) == NULL)
		errx(1, "seccomp_init");
	if (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS) != 0 ||
	    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0)
		errx(1, "seccomp_attr_set");
	for (i = 0; i < nitems(rules); i++) {
		if (!sanitizer_needs(rules[i].nr))
			add(ctx, &rules[i], BIT(role));
	}
#ifdef SANITIZED
	for (i = 0; i < nitems(san_rules); i++)
		add(ctx, &san_rules[i], BIT(role));
#endif
	write_filter(ctx, names[role]);
	seccomp_release(ctx);
}

/* For the debug aid of sandbox_linux.c, which names what was refused. */
static void
write_names(void)
{
	char	*name;
	int	 nr;

	printf("\n#ifdef SANDBOX_DEBUG\n");
	printf("static const char *const call_names[] = {\n");
	for (nr = 0; nr < 512; nr++) {
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
		printf("\t\"%s\",\n", name == NULL ? "?" : name);
		free(name);
	}
	printf("};\n#endif\n");
}
