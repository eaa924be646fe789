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

#ifndef GATEWAYD_SESSIOND_SSH_PHASE_H
#define GATEWAYD_SESSIOND_SSH_PHASE_H

enum ssh_phase {
	SSH_DIAL,
	SSH_HANDSHAKE,		/* banner and key exchange */
	SSH_LEARN,		/* the parent remembers the host key */
	SSH_AUTH,
	SSH_FILES,
	SSH_CHANNEL,
	SSH_OPEN
};

enum ssh_auth_state {
	SSH_AUTH_LIST,
	SSH_AUTH_KEY,
	SSH_AUTH_PASSWORD,
	SSH_AUTH_KBDINT,
	SSH_AUTH_NONE_LEFT
};

enum ssh_chan_state {
	SSH_CHAN_OPEN,
	SSH_CHAN_ENV,
	SSH_CHAN_PTY,
	SSH_CHAN_SHELL
};

/* What a piece of work that never blocks came to. */
enum ssh_step {
	SSH_AGAIN,		/* it waits for the socket, or the parent */
	SSH_DONE,
	SSH_FAILED		/* logged, and d->fail is set */
};

#endif /* GATEWAYD_SESSIOND_SSH_PHASE_H */
