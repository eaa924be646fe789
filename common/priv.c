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
#include <sys/stat.h>
#include <sys/resource.h>
#if HAVE_PRCTL
#include <sys/prctl.h>
#endif

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "log.h"
#include "priv.h"

/*
 * A memfd counts as a file here, so the largest one that we make, the
 * secrets of a record, has to fit.
 */
#define PRIV_FSIZE	((rlim_t)32 * 1024 * 1024)

static int	 limit_set(const char *, int, rlim_t);
static int	 priv_root(const char *);
static int	 priv_ids(uid_t, gid_t);
static int	 priv_setids(uid_t, gid_t);
static int	 priv_same(uid_t, gid_t, const char *);
static int	 priv_gone(uid_t, gid_t);

int
priv_harden(void)
{
	struct rlimit	 rl = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &rl) == -1) {
		log_warn("cannot forbid core files");
		return (-1);
	}
	return (priv_hide());
}

int
priv_hide(void)
{
#if HAVE_PRCTL
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) {
		log_warn("cannot become undumpable");
		return (-1);
	}
#endif
	return (0);
}

/*
 * Root itself may lack the capability to raise a limit, in a container; so
 * the answer of the kernel counts, and not our user.
 */
static int
limit_set(const char *name, int resource, rlim_t value)
{
	struct rlimit	 rl;
	rlim_t		 hard;
	int		 ret;

	if (getrlimit(resource, &rl) == -1) {
		log_warn("getrlimit %s", name);
		return (-1);
	}
	hard = rl.rlim_max;
	rl.rlim_cur = rl.rlim_max = value;
	ret = setrlimit(resource, &rl);
	if (ret == -1 && errno == EPERM && value > hard) {
		log_debug("limit %s: %llu instead of %llu, the hard limit",
		    name, (unsigned long long)hard,
		    (unsigned long long)value);
		rl.rlim_cur = rl.rlim_max = hard;
		ret = setrlimit(resource, &rl);
	}
	if (ret == -1) {
		log_warn("setrlimit %s %llu", name,
		    (unsigned long long)value);
		return (-1);
	}
	return (0);
}

int
priv_limits_apply(const struct priv_limits *pl)
{
	if (limit_set("core", RLIMIT_CORE, 0) == -1 ||
	    limit_set("fsize", RLIMIT_FSIZE, PRIV_FSIZE) == -1)
		return (-1);
	if (pl->nofile != 0 &&
	    limit_set("nofile", RLIMIT_NOFILE, pl->nofile) == -1)
		return (-1);
	if (pl->memlock != 0 &&
	    limit_set("memlock", RLIMIT_MEMLOCK, pl->memlock) == -1)
		return (-1);
#ifndef SANITIZED
	/* The runtimes map terabytes, and look for leaks from a clone. */
	if (limit_set("nproc", RLIMIT_NPROC, 0) == -1)
		return (-1);
	if (pl->data != 0 && limit_set("data", RLIMIT_DATA, pl->data) == -1)
		return (-1);
#endif
	return (0);
}

/*
 * Whoever could write to the new root directory could put there what the
 * process should not find.  "." is checked and not the name, so that both
 * are the same directory.
 */
static int
priv_root(const char *root)
{
	struct stat	 sb;

	if (chdir(root) == -1) {
		log_warn("chdir %s", root);
		return (-1);
	}
	if (stat(".", &sb) == -1) {
		log_warn("stat %s", root);
		return (-1);
	}
	if (sb.st_uid != 0 || (sb.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		log_warnx("%s: not owned by root, or others can write to it",
		    root);
		return (-1);
	}
#ifdef SANITIZED
	log_info("sanitizers need /proc: root directory is not %s", root);
	return (0);
#endif
	if (chroot(".") == -1) {
		log_warn("chroot %s", root);
		return (-1);
	}
	if (chdir("/") == -1) {
		log_warn("chdir / in %s", root);
		return (-1);
	}
	return (0);
}

static int
priv_ids(uid_t uid, gid_t gid)
{
	if (uid == 0 || gid == 0) {
		log_warnx("refusing to keep uid %u gid %u", (unsigned int)uid,
		    (unsigned int)gid);
		return (-1);
	}
	if (setgroups(1, &gid) == -1) {
		log_warn("setgroups %u", (unsigned int)gid);
		return (-1);
	}
	return (priv_setids(uid, gid));
}

/* The group first: a user can no longer change it. */
static int
priv_setids(uid_t uid, gid_t gid)
{
	if (setresgid(gid, gid, gid) == -1) {
		log_warn("setresgid %u", (unsigned int)gid);
		return (-1);
	}
	if (setresuid(uid, uid, uid) == -1) {
		log_warn("setresuid %u", (unsigned int)uid);
		return (-1);
	}
	return (0);
}

static int
priv_same(uid_t uid, gid_t gid, const char *root)
{
	if (root != NULL) {
		log_warnx("chroot %s needs root", root);
		return (-1);
	}
	if (uid != getuid() || gid != getgid()) {
		log_warnx("becoming uid %u gid %u needs root",
		    (unsigned int)uid, (unsigned int)gid);
		return (-1);
	}
	return (0);
}

/*
 * A call that succeeds here has undone the drop, so there is no way on from
 * it but to end.  A user of 0 may hide in the real, the effective or the
 * saved id, or come back by a capability that somebody left to us.
 */
static int
priv_gone(uid_t uid, gid_t gid)
{
	uid_t	 r, e, s;
	gid_t	 rg, eg, sg;

	if (getresuid(&r, &e, &s) == -1 || getresgid(&rg, &eg, &sg) == -1) {
		log_warn("getresuid");
		return (-1);
	}
	if (r != uid || e != uid || s != uid || rg != gid || eg != gid ||
	    sg != gid || uid == 0) {
		log_warnx("ids are not uid %u gid %u throughout",
		    (unsigned int)uid, (unsigned int)gid);
		return (-1);
	}
	if (setresuid(-1, 0, -1) != -1 || setresuid(0, 0, 0) != -1) {
		log_warnx("root could be regained by setresuid");
		return (-1);
	}
	if (gid != 0 && (setresgid(-1, 0, -1) != -1 ||
	    setresgid(0, 0, 0) != -1)) {
		log_warnx("group 0 could be regained by setresgid");
		return (-1);
	}
	if (setgroups(0, NULL) != -1 || chroot(".") != -1) {
		log_warnx("setgroups or chroot still works");
		return (-1);
	}
	return (0);
}

int
priv_drop(uid_t uid, gid_t gid, const char *root)
{
	if (geteuid() == 0) {
		if (root != NULL && priv_root(root) == -1)
			return (-1);
		if (priv_ids(uid, gid) == -1)
			return (-1);
	} else if (priv_same(uid, gid, root) == -1)
		return (-1);
	if (priv_gone(uid, gid) == -1)
		return (-1);
	/* Changing ids has reset the flag to what fs.suid_dumpable says. */
	return (priv_harden());
}

int
priv_become(const char *name, uid_t uid, gid_t gid)
{
	if (initgroups(name, gid) == -1) {
		log_warn("initgroups %s", name);
		return (-1);
	}
	if (priv_setids(uid, gid) == -1)
		return (-1);
	/* The user root has nothing to come back to. */
	if (uid != 0 && priv_gone(uid, gid) == -1) {
		errno = EPERM;
		return (-1);
	}
	return (priv_hide());
}
