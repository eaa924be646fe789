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

#ifndef GATEWAYD_SESSIOND_SSH_PART_H
#define GATEWAYD_SESSIOND_SSH_PART_H

#include "ssh.h"

/*
 * What the files of the ssh driver say to each other, and no one else.
 * Those that return a step do as much of their phase as can be done without
 * waiting: SSH_DONE when it is over, SSH_AGAIN when the server has to speak
 * or to listen first, and SSH_FAILED once ssh_fail() has said why.
 */

/*
 * ssh_dial.c: ask for a connection; but nobody is dialed who would not let
 * us in.  Returns 0, or -1 if there is no way to ask.
 */
int		 ssh_dial(struct ssh *);

/* The answers to that: a connected socket, which is d's; or DIAL_*, errno. */
void		 ssh_dial_ok(struct ssh *d, int);
void		 ssh_dial_fail(struct ssh *, uint8_t reason, uint32_t error);

/* The host key is remembered, or why it is not. */
void		 ssh_learned(struct ssh *, int, const char *);

/* driver_ssh.c: a turn, of whatever phase it is; the driver may be gone. */
void		 ssh_run(struct ssh *);

/* It failed, as the client is told, and for a reason that is logged. */
enum ssh_step	 ssh_fail(struct ssh *, enum fail, const char *, ...)
		    PRINTFLIKE(3, 4);

/* The connection is of no more use. */
enum ssh_step	 ssh_lost(struct ssh *);

/* Another turn, after whatever else is ready. */
void		 ssh_kick(struct ssh *);

/* The phase has so many seconds from now. */
void		 ssh_wait(struct ssh *, unsigned int);

/*
 * ssh_transport.c.  ssh_attach() makes a session over a connected socket,
 * which is d's even if it returns -1.  ssh_detach() says goodbye if that can
 * be done at once, and frees everything.
 */
int		 ssh_attach(struct ssh *d, int);
void		 ssh_detach(struct ssh *);

/* A new turn begins: it may read so much again. */
void		 ssh_turn(struct ssh *);

/* Send what waits.  Returns whether all of it went; and how much waits. */
int		 ssh_flush(struct ssh *);
size_t		 ssh_unsent(const struct ssh *);

/* Whether what the server sends is of interest now. */
void		 ssh_listen(struct ssh *, int);

/*
 * Prefer these names, in that order, as far as the library knows them, for
 * one of LIBSSH2_METHOD_*.  Returns 0, or -1 if it knows none.
 */
int		 ssh_pref(struct ssh *, int, const char *);

/*
 * ssh_memory.c: for libssh2, with its session's abstract pointer.  Bounded;
 * what is freed is cleared.  ssh_free_all() is for what a session leaves.
 */
void		*ssh_alloc(size_t, void **);
void		*ssh_realloc(void *, size_t, void **);
void		 ssh_free(void *, void **);
void		 ssh_free_all(struct ssh *);

/* ssh_hostkey.c: one more key that will do.  Returns -1 without memory. */
int		 ssh_pin_add(struct ssh_pins *, uint8_t, const uint8_t *);

/* Ask for keys that are known.  Returns -1 if the library checks no such. */
int		 ssh_hostkey_prefs(struct ssh *);

/* Judge the key that was shown. */
enum ssh_step	 ssh_hostkey(struct ssh *);

/* 1 if a later key exchange has shown the same. */
int		 ssh_hostkey_same(struct ssh *);

/* The server and the library have no method in common: says which. */
enum ssh_step	 ssh_disagreed(struct ssh *);

/* ssh_auth.c: log in. */
enum ssh_step	 ssh_auth(struct ssh *);

/* The method at hand was good, but is not enough: these can continue. */
void		 ssh_auth_partial(struct ssh *, const char *, size_t);

/*
 * ssh_files.c: write the files of the record, or wait for the session that
 * does.  Their time may be over: what is not written is left out.
 */
enum ssh_step	 ssh_files(struct ssh *);
void		 ssh_files_abandon(struct ssh *);
void		 ssh_files_free(struct ssh *);

/*
 * ssh_shell.c: what to ask the server to run.  Returns 0, or -1 when that
 * cannot be said in one line; nobody needs to be dialed then.
 */
int		 ssh_command(struct ssh *);

/* Open a channel with a terminal, and run it there. */
enum ssh_step	 ssh_shell(struct ssh *);

/* ssh_pump.c: read and write, while the shell runs. */
enum ssh_step	 ssh_pump(struct ssh *);
void		 ssh_on_tick(int, short, void *);

/* Tell how it ended, or that it was lost; the driver is gone on return. */
void		 ssh_over(struct ssh *, int);

/* Output for the session, which has room for it. */
void		 ssh_deliver(struct ssh *, const uint8_t *, size_t);

/* As in struct driver: input, of which it returns how much was taken. */
size_t		 ssh_input(struct ssh *, const uint8_t *, size_t);
void		 ssh_resize(struct ssh *);

#endif /* GATEWAYD_SESSIOND_SSH_PART_H */
