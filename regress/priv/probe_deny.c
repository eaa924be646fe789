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
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <linux/bpf.h>
#include <linux/perf_event.h>

#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

/*
 * What no process of ours, or all but a few, may do.  Each tries in the
 * simplest way that works outside.
 */

static char *const	 no_args[] = { NULL };

/* Files. */

static int
try_open(struct stage *st)
{
	(void)st;
	return (open("/etc/passwd", O_RDONLY) == -1 ? -1 : 0);
}

static int
try_open_root(struct stage *st)
{
	(void)st;
	return (open("/", O_RDONLY | O_DIRECTORY) == -1 ? -1 : 0);
}

static int
try_openat2(struct stage *st)
{
	uint64_t	 how[3] = { O_RDONLY, 0, 0 };

	(void)st;
	return (syscall(SYS_openat2, AT_FDCWD, "/", how, sizeof(how)) == -1 ?
	    -1 : 0);
}

static int
try_create(struct stage *st)
{
	(void)st;
	if (open("/tmp/gatewayd-probe", O_CREAT | O_WRONLY, 0600) == -1)
		return (-1);
	return (unlink("/tmp/gatewayd-probe"));
}

static int
try_mkdir(struct stage *st)
{
	(void)st;
	if (mkdir("/tmp/gatewayd-probe.d", 0700) == -1)
		return (-1);
	return (rmdir("/tmp/gatewayd-probe.d"));
}

static int
try_proc_mem(struct stage *st)
{
	(void)st;
	return (open("/proc/self/mem", O_RDWR) == -1 ? -1 : 0);
}

static int
try_chroot(struct stage *st)
{
	(void)st;
	return (chroot("/"));
}

static int
try_chdir(struct stage *st)
{
	(void)st;
	return (chdir("/"));
}

static int
try_mount(struct stage *st)
{
	(void)st;
	return (mount("none", "/", "tmpfs", 0, NULL));
}

/* Sockets. */

static int
try_socket_inet(struct stage *st)
{
	(void)st;
	return (socket(AF_INET, SOCK_STREAM, 0) == -1 ? -1 : 0);
}

static int
try_socket_raw(struct stage *st)
{
	(void)st;
	return (socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) == -1 ? -1 : 0);
}

static int
try_socket_unix(struct stage *st)
{
	(void)st;
	return (socket(AF_UNIX, SOCK_STREAM, 0) == -1 ? -1 : 0);
}

static int
try_socket_netlink(struct stage *st)
{
	(void)st;
	return (socket(AF_NETLINK, SOCK_RAW, 0) == -1 ? -1 : 0);
}

static int
try_socketpair(struct stage *st)
{
	int	 sv[2];

	(void)st;
	return (socketpair(AF_UNIX, SOCK_DGRAM, 0, sv));
}

static int
try_connect(struct stage *st)
{
	return (connect(st->tcp, (struct sockaddr *)&st->addr,
	    sizeof(st->addr)));
}

static int
try_bind(struct stage *st)
{
	struct sockaddr_in	 sin;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	return (bind(st->tcp, (struct sockaddr *)&sin, sizeof(sin)));
}

static int
try_listen(struct stage *st)
{
	return (listen(st->bound, 1));
}

static int
try_accept(struct stage *st)
{
	return (accept4(st->listener, NULL, NULL, 0) == -1 ? -1 : 0);
}

static int
try_sendto(struct stage *st)
{
	return (sendto(st->udp, "x", 1, 0, (struct sockaddr *)&st->udp_addr,
	    sizeof(st->udp_addr)) == -1 ? -1 : 0);
}

static int
try_sendmmsg(struct stage *st)
{
	struct mmsghdr	 m;
	struct iovec	 iov;

	memset(&m, 0, sizeof(m));
	iov.iov_base = st->page;
	iov.iov_len = 1;
	m.msg_hdr.msg_iov = &iov;
	m.msg_hdr.msg_iovlen = 1;
	return (sendmmsg(st->client, &m, 1, 0) == -1 ? -1 : 0);
}

static int
try_fastopen(struct stage *st)
{
	return (sendto(st->tcp, "x", 1, MSG_FASTOPEN,
	    (struct sockaddr *)&st->addr, sizeof(st->addr)) == -1 ? -1 : 0);
}

/* Did a connection reach the listener that nobody was told of? */
static int
other_reached(struct stage *st)
{
	struct pollfd	 pfd;

	pfd.fd = st->other;
	pfd.events = POLLIN;
	if (poll(&pfd, 1, 500) == 1)
		return (0);
	errno = EISCONN;
	return (-1);
}

/*
 * The escape from a connected socket, see stage_reset().  The first call
 * may collect the error of the reset.
 */
static int
try_fastopen_reset(struct stage *st)
{
	int	 i;

	for (i = 0; i < 3; i++) {
		if (sendto(st->reset, "x", 1, MSG_FASTOPEN,
		    (struct sockaddr *)&st->other_addr,
		    sizeof(st->other_addr)) != -1 || errno == EINPROGRESS)
			return (other_reached(st));
		if (errno == EPERM || errno == EACCES)
			return (-1);
	}
	return (-1);
}

static int
try_fastopen_sendmsg(struct stage *st)
{
	struct msghdr	 m;
	struct iovec	 iov;
	int		 i;

	memset(&m, 0, sizeof(m));
	iov.iov_base = st->page;
	iov.iov_len = 1;
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	m.msg_name = &st->other_addr;
	m.msg_namelen = sizeof(st->other_addr);
	for (i = 0; i < 3; i++) {
		if (sendmsg(st->reset, &m, MSG_FASTOPEN) != -1 ||
		    errno == EINPROGRESS)
			return (other_reached(st));
		if (errno == EPERM || errno == EACCES)
			return (-1);
	}
	return (-1);
}

/* What makes the above work by a detour, connect(2) being forbidden. */
static int
try_fastopen_connect(struct stage *st)
{
	int	 on = 1;

	return (setsockopt(st->tcp, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on,
	    sizeof(on)));
}

static int
try_attach_filter(struct stage *st)
{
	struct { unsigned short len; void *p; } prog = { 1, NULL };
	struct { uint16_t code; uint8_t jt, jf; uint32_t k; } ret =
	    { 0x06, 0, 0, 0xffff };

	prog.p = &ret;
	return (setsockopt(st->client, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
	    sizeof(prog)));
}

/* Processes. */

static int
try_execve(struct stage *st)
{
	(void)st;
	return (execve("/bin/true", no_args, no_args));
}

static int
try_fexecve(struct stage *st)
{
	return (syscall(SYS_execveat, st->prog, "", no_args, no_args,
	    AT_EMPTY_PATH));
}

static int
try_memfd_exec(struct stage *st)
{
	char	 buf[4096];
	ssize_t	 n;
	off_t	 off = 0;
	int	 fd;

	if ((fd = memfd_create("prog", MFD_CLOEXEC)) == -1)
		return (-1);
	while ((n = pread(st->prog, buf, sizeof(buf), off)) > 0) {
		if (write(fd, buf, n) != n)
			return (-1);
		off += n;
	}
	return (syscall(SYS_execveat, fd, "", no_args, no_args,
	    AT_EMPTY_PATH));
}

static int
try_memfd(struct stage *st)
{
	(void)st;
	return (memfd_create("probe", MFD_CLOEXEC) == -1 ? -1 : 0);
}

static int
try_fork(struct stage *st)
{
	pid_t	 pid;

	(void)st;
	if ((pid = fork()) == 0)
		_exit(0);
	return (pid == -1 ? -1 : 0);
}

static int
try_clone3(struct stage *st)
{
	uint64_t	 args[8] = { 0, 0, 0, 0, SIGCHLD, 0, 0, 0 };
	long		 pid;

	(void)st;
	if ((pid = syscall(SYS_clone3, args, sizeof(args))) == 0)
		_exit(0);
	return (pid == -1 ? -1 : 0);
}

static int
try_ptrace_me(struct stage *st)
{
	(void)st;
	return (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1 ? -1 : 0);
}

static int
try_ptrace(struct stage *st)
{
	return (ptrace(PTRACE_SEIZE, st->victim, NULL, NULL) == -1 ? -1 : 0);
}

static int
try_vm_readv(struct stage *st)
{
	struct iovec	 iov = { st->page, 1 };

	return (syscall(SYS_process_vm_readv, st->victim, &iov, 1, &iov, 1,
	    0) == -1 ? -1 : 0);
}

static int
try_kill(struct stage *st)
{
	return (kill(st->victim, SIGTERM));
}

static int
try_kill_all(struct stage *st)
{
	(void)st;
	return (kill(-1, 0));
}

static int
try_tgkill(struct stage *st)
{
	return (syscall(SYS_tgkill, st->victim, st->victim, SIGABRT));
}

static int
try_pidfd_signal(struct stage *st)
{
	return (syscall(SYS_pidfd_send_signal, st->victim_fd, SIGTERM, NULL,
	    0));
}

static int
try_pidfd_open(struct stage *st)
{
	return (syscall(SYS_pidfd_open, st->victim, 0) == -1 ? -1 : 0);
}

static int
try_pidfd_getfd(struct stage *st)
{
	return (syscall(SYS_pidfd_getfd, st->victim_fd, 0, 0) == -1 ? -1 : 0);
}

static int
try_prlimit(struct stage *st)
{
	struct rlimit	 rl = { 16, 16 };

	return (prlimit(st->victim, RLIMIT_NOFILE, &rl, NULL));
}

static int
try_setrlimit(struct stage *st)
{
	struct rlimit	 rl = { 4096, 4096 };

	(void)st;
	return (prlimit(0, RLIMIT_NPROC, &rl, NULL));
}

static int
try_dumpable(struct stage *st)
{
	(void)st;
	return (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
try_personality(struct stage *st)
{
	(void)st;
	return (personality(READ_IMPLIES_EXEC) == -1 ? -1 : 0);
}

/* Ids. */

static int
try_setuid(struct stage *st)
{
	(void)st;
	return (setresuid(0, 0, 0));
}

static int
try_setgid(struct stage *st)
{
	(void)st;
	return (setresgid(0, 0, 0));
}

static int
try_setgroups(struct stage *st)
{
	(void)st;
	return (setgroups(0, NULL));
}

static int
try_unshare(struct stage *st)
{
	(void)st;
	return (unshare(CLONE_NEWNS));
}

/* Memory that could hold code. */

static int
try_mmap_exec(struct stage *st)
{
	return (mmap(NULL, st->pagesize, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
}

static int
try_mmap_prog(struct stage *st)
{
	return (mmap(NULL, st->pagesize, PROT_READ | PROT_EXEC, MAP_PRIVATE,
	    st->prog, 0) == MAP_FAILED ? -1 : 0);
}

static int
try_mprotect_exec(struct stage *st)
{
	return (mprotect(st->page, st->pagesize, PROT_READ | PROT_EXEC));
}

static int
try_pkey_mprotect(struct stage *st)
{
	return (syscall(SYS_pkey_mprotect, st->page, st->pagesize,
	    PROT_READ | PROT_EXEC, -1));
}

static int
try_shm(struct stage *st)
{
	int	 id;

	(void)st;
	if ((id = shmget(IPC_PRIVATE, 4096, 0600)) == -1)
		return (-1);
	return (shmctl(id, IPC_RMID, NULL));
}

/* Parts of the kernel that nobody needs. */

static int
try_io_uring(struct stage *st)
{
	char	 params[256];

	(void)st;
	memset(params, 0, sizeof(params));
	return (syscall(SYS_io_uring_setup, 4, params) == -1 ? -1 : 0);
}

static int
try_userfaultfd(struct stage *st)
{
	(void)st;
	return (syscall(SYS_userfaultfd, 1) == -1 ? -1 : 0);
}

static int
try_bpf(struct stage *st)
{
	union bpf_attr	 attr;

	(void)st;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 4;
	attr.max_entries = 1;
	return (syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) == -1 ?
	    -1 : 0);
}

static int
try_perf(struct stage *st)
{
	struct perf_event_attr	 attr;

	(void)st;
	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_TASK_CLOCK;
	attr.exclude_kernel = 1;
	return (syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) == -1 ?
	    -1 : 0);
}

static int
try_keyctl(struct stage *st)
{
	(void)st;
	return (syscall(SYS_add_key, "user", "probe", "x", 1, -2) == -1 ?
	    -1 : 0);
}

static int
try_seccomp(struct stage *st)
{
	uint32_t	 action = 0x7fff0000;

	(void)st;
	return (syscall(SYS_seccomp, 2, 0, &action) == -1 ? -1 : 0);
}

/* Terminals: typing for others, and taking one. */

static int
try_tiocsti(struct stage *st)
{
	return (ioctl(st->slave, TIOCSTI, "x"));
}

static int
try_tiocgpgrp(struct stage *st)
{
	pid_t	 pg;

	return (ioctl(st->master, TIOCGPGRP, &pg));
}

static int
try_setown(struct stage *st)
{
	return (fcntl(st->client, F_SETOWN, st->victim));
}

/*
 * Other doors into the same kernel: 32 bit calls by the old gate, and the
 * x32 numbers.  getpid(2) is 20 and 39 there.
 */
static int
try_int80(struct stage *st)
{
	long	 ret = -ENOSYS;

	(void)st;
#ifdef __x86_64__
	__asm__ volatile("int $0x80" : "=a" (ret) : "a" (20) : "memory",
	    "r8", "r9", "r10", "r11");
#endif
	errno = ENOSYS;
	return (ret < 0 ? -1 : 0);
}

static int
try_x32(struct stage *st)
{
	(void)st;
	return (syscall(0x40000000 + 39) == -1 ? -1 : 0);
}

/* Set-up already forbids what no role may ever do. */
#define S	BIT(SANDBOX_SETUP)
#define ALL	(S | ROLES)
#define L	AT_LANDLOCK

const struct attempt denials[] = {
	{ "open /etc/passwd",		ROLES, L, try_open },
	{ "open /",			ROLES, L, try_open_root },
	{ "openat2",			ALL, L, try_openat2 },
	{ "create a file",		ALL, L, try_create },
	{ "mkdir",			ALL, L, try_mkdir },
	{ "open /proc/self/mem",	ALL, L, try_proc_mem },
	{ "chroot",			ROLES, 0, try_chroot },
	{ "chdir",			ROLES, 0, try_chdir },
	{ "mount",			ALL, L | AT_NOBASE, try_mount },
	{ "socket inet",		ROLES & ~D, 0, try_socket_inet },
	{ "socket raw",			ALL, 0, try_socket_raw },
	{ "socket unix",		ALL, 0, try_socket_unix },
	{ "socket netlink",		ALL, 0, try_socket_netlink },
	{ "socketpair",			ALL, 0, try_socketpair },
	{ "connect",			ROLES & ~D, L, try_connect },
	{ "bind",			ALL, L, try_bind },
	{ "listen",			ALL, 0, try_listen },
	{ "accept",			ROLES & ~(F | K), 0, try_accept },
	{ "sendto an address",		ROLES & ~D, 0, try_sendto },
	{ "sendmmsg",			ALL, 0, try_sendmmsg },
	{ "fast open",			ALL, AT_NOBASE, try_fastopen },
	{ "fast open after a reset",	ALL, 0, try_fastopen_reset },
	{ "fast open by sendmsg",	ALL, 0, try_fastopen_sendmsg },
	{ "fast open by connect",	ALL, 0, try_fastopen_connect },
	{ "attach a socket filter",	ALL, 0, try_attach_filter },
	{ "execve",			ALL, L, try_execve },
	{ "execveat",			ALL, L, try_fexecve },
	{ "execveat of a memfd",	ALL, 0, try_memfd_exec },
	{ "memfd_create",		D | K | P, 0, try_memfd },
	{ "fork",			ALL, 0, try_fork },
	{ "clone3",			ALL, 0, try_clone3 },
	{ "ptrace itself",		ALL, 0, try_ptrace_me },
	{ "ptrace another",		ALL, L, try_ptrace },
	{ "process_vm_readv",		ALL, AT_NOBASE, try_vm_readv },
	{ "kill",			ALL & ~(S | P), L, try_kill },
	{ "kill all",			ALL & ~(S | P), 0, try_kill_all },
	{ "tgkill another",		ROLES, 0, try_tgkill },
	{ "pidfd_send_signal",		ROLES & ~P, L, try_pidfd_signal },
	{ "pidfd_open",			ALL, 0, try_pidfd_open },
	{ "pidfd_getfd",		ALL, 0, try_pidfd_getfd },
	{ "prlimit another",		ALL, 0, try_prlimit },
	{ "setrlimit",			ROLES, 0, try_setrlimit },
	{ "PR_SET_DUMPABLE",		ALL, 0, try_dumpable },
	{ "personality",		ALL, 0, try_personality },
	{ "setresuid 0",		ROLES, 0, try_setuid },
	{ "setresgid 0",		ROLES, 0, try_setgid },
	{ "setgroups",			ROLES, 0, try_setgroups },
	{ "unshare",			ALL, 0, try_unshare },
	{ "mmap PROT_EXEC",		ALL, 0, try_mmap_exec },
	{ "mmap a program",		ALL, 0, try_mmap_prog },
	{ "mprotect PROT_EXEC",		ALL, 0, try_mprotect_exec },
	{ "pkey_mprotect PROT_EXEC",	ALL, 0, try_pkey_mprotect },
	{ "shmget",			ALL, 0, try_shm },
	{ "io_uring_setup",		ALL, 0, try_io_uring },
	{ "userfaultfd",		ALL, 0, try_userfaultfd },
	{ "bpf",			ALL, 0, try_bpf },
	{ "perf_event_open",		ALL, AT_NOBASE, try_perf },
	{ "add_key",			ALL, AT_NOBASE, try_keyctl },
	{ "seccomp",			ROLES, 0, try_seccomp },
	{ "TIOCSTI",			ALL, AT_NOBASE, try_tiocsti },
	{ "TIOCGPGRP",			ALL, 0, try_tiocgpgrp },
	{ "F_SETOWN",			ALL, 0, try_setown },
	{ "int 0x80",			ALL, AT_NOBASE, try_int80 },
	{ "an x32 call",		ALL, AT_NOBASE, try_x32 },
	{ NULL, 0, 0, NULL }
};
