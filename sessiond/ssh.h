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

#ifndef GATEWAYD_SESSIOND_SSH_H
#define GATEWAYD_SESSIOND_SSH_H

#include <sys/types.h>

#include <event2/event_struct.h>

#include <stddef.h>
#include <stdint.h>

#include <libssh2.h>

#include "driver.h"
#include "launch_opt.h"
#include "msg_front.h"
#include "opened.h"
#include "sizes.h"
#include "ssh_phase.h"
#include "ssh_upstream.h"

/*
 * Private to the files of the ssh driver: upstream_ssh.c, driver_ssh.c and
 * ssh_*.c.  The rules under which libssh2 is used are in ssh_transport.c.
 */

struct evbuffer;
struct ssh_block;
struct ssh_sftp;

#define SSH_METHODS_MAX		255	/* of what a server lists */
#define SSH_NAME_MAX		LAUNCH_NAME_MAX	/* of a variable */
#define SSH_TERM_MAX		63
#define SSH_REASON_MAX		159
#define SSH_PEEK_MAX		256

struct ssh {
	struct driver		 driver;	/* first */
	LIST_ENTRY(ssh)		 entry;
	struct ssh_upstream	*up;
	uint32_t		 id;
	enum ssh_phase		 phase;
	enum fail		 fail;		/* 0: none yet */
	uint16_t		 cols;
	uint16_t		 rows;
	LIBSSH2_SESSION		*session;
	LIBSSH2_CHANNEL		*channel;
	struct event		 ev_read;
	struct event		 ev_write;
	struct event		 ev_kick;	/* another turn */
	struct event		 ev_deadline;
	struct event		 ev_ping;
	struct event		 ev_tick;	/* of a flood */

	/* ssh_transport.c */
	int			 fd;		/* -1: none yet */
	int			 reading;	/* ev_read is added */
	struct evbuffer		*out;		/* not sent yet */
	LIST_HEAD(, ssh_block)	 blocks;	/* memory of libssh2 */
	size_t			 used;
	size_t			 budget;	/* bytes left in this turn */
	int			 drained;	/* no more in this turn */
	unsigned int		 starved;	/* EAGAINs in vain */
	uint64_t		 received;
	uint64_t		 sent;		/* packets */
	size_t			 banner;	/* bytes before key exchange */
	uint8_t			 peek[SSH_PEEK_MAX];
	size_t			 peek_pos;
	size_t			 peek_len;
	int			 deaf;		/* receive nothing */
	int			 dead;		/* nor send */
	int			 eof;		/* all was received */
	int			 gone;		/* the server disconnected */
	char			 why[SSH_REASON_MAX + 1];

	/* ssh_hostkey.c: what was accepted, or is to be learned */
	uint8_t			 hostkey_type;
	uint8_t			 hostkey_hash[HASH_LEN];

	/* ssh_auth.c */
	enum ssh_auth_state	 auth;
	uint64_t		 auth_mark;	/* `sent' when it began */
	int			 auth_begun;
	unsigned int		 prompts;
	unsigned int		 tried;		/* bits of ssh_auth_state */
	unsigned int		 passed;	/* good, but not enough */
	unsigned int		 offered;
	char			 methods[SSH_METHODS_MAX + 1];	/* listed */

	/* ssh_files.c */
	struct ssh_sftp		*sftp;
	int			 files_mine;	/* we write them */

	/* ssh_shell.c */
	enum ssh_chan_state	 chan;
	struct launch		*launch;	/* NULL: none */
	char			*command;	/* NULL: a login shell */
	size_t			 command_len;
	struct env_walk		 env_walk;
	int			 env_asked;
	char			 term[SSH_TERM_MAX + 1];
	char			 env_name[SSH_NAME_MAX + 1];

	/* ssh_pump.c */
	uint64_t		 tick;		/* `read' at the last one */
	int			 flood;		/* to be read in large pieces */
	int			 paused;
	int			 yielding;	/* no turns for a moment */
	int			 quiet;		/* nothing more to read */
	int			 broken;	/* an order failed */
	int			 blocked;	/* input waits for room */
	uint8_t			*stash;		/* to be repeated */
	size_t			 stash_len;
	int			 resize;	/* cols, rows are news */
	int			 sizing;	/* half sent */
	uint16_t		 sizing_cols;
	uint16_t		 sizing_rows;
	int			 lingering;
	uint32_t		 chan_id;	/* ours */
	int			 has_status;
	uint64_t		 read;		/* bytes of output */
	uint64_t		 freed;		/* the same by libssh2 */
	int			 salvage;	/* take it where it is freed */
};

#endif /* GATEWAYD_SESSIOND_SSH_H */
