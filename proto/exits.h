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

#ifndef GATEWAYD_PROTO_EXITS_H
#define GATEWAYD_PROTO_EXITS_H

/*
 * The exit status of a child: how far it came.  What exactly was wrong is
 * its last line in the log; the parent adds the word for this.  A signal,
 * of the kernel for a call that its filter forbids, is no exit status.
 */
enum exits {
	EXITS_DONE,		/* it was told to end, or hung up on */
	EXITS_FATAL,		/* it could not go on */
	EXITS_START,		/* no HELLO, or of another version */
	EXITS_PRIV,		/* limits or privileges */
	EXITS_SANDBOX,		/* it could not be confined */
	EXITS_RECORD,		/* the record, or memory for its secrets */
	EXITS_PROTOCOL,		/* the parent broke a rule */
	EXITS_MAX
};

#endif /* GATEWAYD_PROTO_EXITS_H */
