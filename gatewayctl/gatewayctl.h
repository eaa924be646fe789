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

#ifndef GATEWAYD_GATEWAYCTL_GATEWAYCTL_H
#define GATEWAYD_GATEWAYCTL_GATEWAYCTL_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "msg.h"

struct imsg;

/*
 * gatewayctl(8).  One run is one command, so what fails ends the program
 * through err(3); only what must be undone first is returned.
 */

#define HEX_KEY_DIGITS	64		/* of a seal key, either half */

/* gatewayctl.c */
__dead void	 usage(void);

/* keygen.c: make a seal key, its public half and a JWT secret in a place. */
void	 keygen(const char *dir);

/* seal.c: standard input as sealed text for the public key of that file. */
void	 seal(const char *file);

/* mint.c: print a token; takes its own options. */
void	 mint(int, char **);

/* attach.c: a terminal on a session; takes its own options. */
__dead void
	 attach(int, char **);

/* control.c: speak with the daemon. */

/* Connect to a control socket and exchange versions. */
void	 control_open(const char *path);

/* Send a request; its fields are in the message but for type and id. */
void	 control_send(uint16_t, struct imsg *);

/*
 * Receive the next message that belongs to the request; a refusal by the
 * daemon ends the program.
 */
void	 control_recv(struct imsg *);

/* Send a request that is only done or refused. */
void	 control_request(uint16_t, struct imsg *);

/* show.c: print one list, SHOW_*. */
void	 show(uint8_t);

/* file.c */

/*
 * Read a regular file of at most size bytes into buf.  A secret one must be
 * out of others' reach.  Returns its length.
 */
size_t	 file_read(const char *, void *, size_t, int secret);

/* The length without one newline at the end. */
size_t	 file_chomp(const char *, size_t);

/*
 * Create a file of that mode in a directory, complete and on the disk or
 * not at all.  0, or -1 with errno; EEXIST when there is one.
 */
int	 file_create(int dirfd, const char *, const void *, size_t, mode_t);

#endif
