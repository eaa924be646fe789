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
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "ssh_part.h"
#include "worker.h"

/*
 * libssh2 between our event loop and the socket.  What its manual does not
 * say, of 1.10 and read from its source:
 *
 * - After a packet that could be sent only in part it wants the very same
 *   call again, and any other in between ends the session.  So whatever it
 *   sends is taken whole, into a buffer, and those who make it send look at
 *   how much waits there first.
 * - It reads for as long as the socket has something.  So what it is given
 *   in a turn is limited, and after that there seems to be nothing.
 * - An error of the socket makes it forget what it has decrypted.  So the end
 *   of the connection is kept from it: it sees nothing more, and we look at
 *   d->eof when it has given us everything.
 * - Where it gives a channel up after an error it calls itself in a loop
 *   until the server has closed that channel, however long the server takes.
 *   So a turn that asks in vain again and again is given an error, which ends
 *   such a loop and does no harm to what follows.
 */

/*
 * What libssh2 decrypts in one turn, as much as it takes with two recv(2): a
 * flood must leave room for others, whose echo waits for the end of a turn,
 * a tenth of a millisecond.  More at a time is not faster.
 */
#define SSH_TURN_BYTES	(32 * 1024)

/* No call asks so often for what is not there, but one that loops. */
#define SSH_STARVED_MAX	200

/*
 * Before its banner a server may send other lines (RFC 4253, 4.2).  Nobody
 * sends more than a greeting.
 */
#define SSH_BANNER_BYTES (64 * 1024)

/*
 * Unsent bytes for a server that does not read.  Only answers to what it
 * asks can make it so many, input stops at SSH_OUT_HIGH.
 */
#define SSH_OUT_MAX	(1024 * 1024)

/* The longest list of methods that is set here is half of this. */
#define SSH_PREFS_MAX	256

static int	 ssh_prefs(struct ssh *);
static int	 ssh_pref_known(const char *const *, int, const char *,
		    size_t);
static void	 ssh_callbacks(struct ssh *);
static ssize_t	 ssh_recv(libssh2_socket_t, void *, size_t, int, void **);
static ssize_t	 ssh_recv_some(struct ssh *, void *, size_t);
static ssize_t	 ssh_recv_socket(struct ssh *, void *, size_t);
static ssize_t	 ssh_recv_none(struct ssh *);
static ssize_t	 ssh_send(libssh2_socket_t, const void *, size_t, int,
		    void **);
static void	 ssh_hurry(struct ssh *);
static void	 ssh_disconnected(LIBSSH2_SESSION *, int, const char *, int,
		    const char *, int, void **);

/*
 * Life
 */

int
ssh_attach(struct ssh *d, int fd)
{
	d->fd = fd;
	if ((d->out = evbuffer_new()) == NULL)
		return (-1);
	if ((d->session = libssh2_session_init_ex(ssh_alloc, ssh_free,
	    ssh_realloc, d)) == NULL)
		return (-1);
	libssh2_session_set_blocking(d->session, 0);
	ssh_callbacks(d);
	return (ssh_prefs(d));
}

/*
 * The best of what this library has and OpenSSH takes, in OpenSSH's order:
 * keys of 128 bits cost a tenth less.  No CBC, no SHA-1, no compression.
 */
static int
ssh_prefs(struct ssh *d)
{
	static const char	 crypt[] = "aes128-gcm@openssh.com,"
				    "aes256-gcm@openssh.com,"
				    "aes128-ctr,aes256-ctr";
	static const char	 mac[] = "hmac-sha2-256-etm@openssh.com,"
				    "hmac-sha2-512-etm@openssh.com,"
				    "hmac-sha2-256,hmac-sha2-512";
	static const struct {
		int		 method;
		const char	*names;
	} prefs[] = {
		{ LIBSSH2_METHOD_KEX, "curve25519-sha256,"
		    "curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
		    "ecdh-sha2-nistp384,ecdh-sha2-nistp521" },
		{ LIBSSH2_METHOD_CRYPT_CS, crypt },
		{ LIBSSH2_METHOD_CRYPT_SC, crypt },
		{ LIBSSH2_METHOD_MAC_CS, mac },
		{ LIBSSH2_METHOD_MAC_SC, mac },
		{ LIBSSH2_METHOD_COMP_CS, "none" },
		{ LIBSSH2_METHOD_COMP_SC, "none" }
	};
	size_t	 i;

	for (i = 0; i < nitems(prefs); i++) {
		if (ssh_pref(d, prefs[i].method, prefs[i].names) == -1)
			return (-1);
	}
	if (libssh2_session_banner_set(d->session, "SSH-2.0-gatewayd") != 0)
		return (-1);
	return (0);
}

/*
 * Prefer these, in that order, as far as the library knows them.  It takes
 * out itself what it does not know, with memcpy(3) within one string.
 */
int
ssh_pref(struct ssh *d, int method, const char *names)
{
	const char	**algs;
	char		  list[SSH_PREFS_MAX];
	size_t		  n, used;
	int		  nalgs;

	algs = NULL;
	if ((nalgs = libssh2_session_supported_algs(d->session, method,
	    &algs)) < 0)
		return (-1);
	used = 0;
	for (;;) {
		n = strcspn(names, ",");
		if (ssh_pref_known(algs, nalgs, names, n) &&
		    used + n + 1 < sizeof(list)) {
			memcpy(list + used, names, n);
			list[used + n] = ',';
			used += n + 1;
		}
		if (names[n] == '\0')
			break;
		names += n + 1;
	}
	libssh2_free(d->session, algs);
	if (used == 0)
		return (-1);
	list[used - 1] = '\0';
	return (libssh2_session_method_pref(d->session, method, list) == 0 ?
	    0 : -1);
}

static int
ssh_pref_known(const char *const *algs, int nalgs, const char *name, size_t n)
{
	int	 i;

	for (i = 0; i < nalgs; i++) {
		if (strlen(algs[i]) == n && memcmp(algs[i], name, n) == 0)
			return (1);
	}
	return (0);
}

/* The library takes functions of several types through a pointer to void. */
static void
ssh_callbacks(struct ssh *d)
{
	union {
		ssize_t	 (*recv)(libssh2_socket_t, void *, size_t, int,
			    void **);
		ssize_t	 (*send)(libssh2_socket_t, const void *, size_t, int,
			    void **);
		void	 (*disconnect)(LIBSSH2_SESSION *, int, const char *,
			    int, const char *, int, void **);
		void	*p;
	} cb;

	cb.recv = ssh_recv;
	libssh2_session_callback_set(d->session, LIBSSH2_CALLBACK_RECV, cb.p);
	cb.send = ssh_send;
	libssh2_session_callback_set(d->session, LIBSSH2_CALLBACK_SEND, cb.p);
	cb.disconnect = ssh_disconnected;
	libssh2_session_callback_set(d->session, LIBSSH2_CALLBACK_DISCONNECT,
	    cb.p);
}

/*
 * Say goodbye if it can be said at once, and free everything.  A session that
 * frees its channels waits for the server to agree; to one that is dead all
 * comes back as an error, and it does not wait.
 */
void
ssh_detach(struct ssh *d)
{
	if (d->session != NULL) {
		ssh_turn(d);
		d->deaf = 1;
		if (!d->eof && !d->gone && d->phase > SSH_HANDSHAKE) {
			(void)libssh2_session_disconnect(d->session,
			    "closed");
			(void)ssh_flush(d);
		}
		d->dead = 1;
		ssh_files_free(d);
		if (libssh2_session_free(d->session) != 0)
			log_debug("session %s: libssh2 does not end",
			    d->driver.session->id);
		d->session = NULL;
		d->channel = NULL;
	}
	ssh_free_all(d);
	if (d->out != NULL)
		evbuffer_free(d->out);
	d->out = NULL;
	if (d->fd != -1) {
		event_del(&d->ev_read);
		event_del(&d->ev_write);
		close(d->fd);
	}
	d->fd = -1;
}

/* Whether what the server sends is of interest now. */
void
ssh_listen(struct ssh *d, int on)
{
	if (on == d->reading)
		return;
	d->reading = on;
	if (on)
		event_add(&d->ev_read, NULL);
	else
		event_del(&d->ev_read);
}

/*
 * Receiving
 */

/* A new turn begins. */
void
ssh_turn(struct ssh *d)
{
	d->budget = SSH_TURN_BYTES;
	d->drained = 0;
	d->starved = 0;
}

static ssize_t
ssh_recv(libssh2_socket_t fd, void *buf, size_t len, int flags,
    void **abstract)
{
	struct ssh	*d = *abstract;
	ssize_t		 n;

	(void)fd;
	(void)flags;
	if (d->dead)
		return (-ECONNRESET);
	if (d->deaf || d->budget == 0 || d->drained || d->eof)
		return (ssh_recv_none(d));
	/* It takes the banner byte by byte, and nothing else so. */
	if (len == 1 && d->phase == SSH_HANDSHAKE &&
	    ++d->banner > SSH_BANNER_BYTES) {
		strlcpy(d->why, "no banner in all that was sent",
		    sizeof(d->why));
		return (-EPROTO);
	}
	if ((n = ssh_recv_some(d, buf, len)) <= 0)
		return (n);
	d->received += n;
	d->budget -= (size_t)n > d->budget ? d->budget : (size_t)n;
	return (n);
}

/* A call for each byte of a banner would be a system call for each. */
static ssize_t
ssh_recv_some(struct ssh *d, void *buf, size_t len)
{
	ssize_t	 n;

	if (d->peek_pos == d->peek_len) {
		if (len > 1)
			return (ssh_recv_socket(d, buf, len));
		if ((n = ssh_recv_socket(d, d->peek, sizeof(d->peek))) <= 0)
			return (n);
		d->peek_pos = 0;
		d->peek_len = n;
	}
	if (len > d->peek_len - d->peek_pos)
		len = d->peek_len - d->peek_pos;
	memcpy(buf, d->peek + d->peek_pos, len);
	d->peek_pos += len;
	return (len);
}

static ssize_t
ssh_recv_socket(struct ssh *d, void *buf, size_t len)
{
	ssize_t	 n;

	if ((n = recv(d->fd, buf, len, MSG_DONTWAIT)) > 0) {
		d->drained = (size_t)n < len;
		return (n);
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (ssh_recv_none(d));
	d->eof = 1;
	if (d->why[0] == '\0')
		strlcpy(d->why, n == 0 ? "closed by the server" :
		    strerror(errno), sizeof(d->why));
	return (ssh_recv_none(d));
}

static ssize_t
ssh_recv_none(struct ssh *d)
{
	if (++d->starved <= SSH_STARVED_MAX)
		return (-EAGAIN);
	d->starved = 0;
	return (-ETIMEDOUT);
}

/*
 * Sending
 */

static ssize_t
ssh_send(libssh2_socket_t fd, const void *buf, size_t len, int flags,
    void **abstract)
{
	struct ssh	*d = *abstract;
	ssize_t		 n;

	(void)fd;
	(void)flags;
	if (d->dead)
		return (-EPIPE);
	d->sent++;
	n = 0;
	if (evbuffer_get_length(d->out) == 0) {
		/* An error comes back with the next recv(2). */
		if ((n = send(d->fd, buf, len, MSG_NOSIGNAL |
		    MSG_DONTWAIT)) == -1)
			n = 0;
		if (d->phase != SSH_OPEN)
			ssh_hurry(d);
		if ((size_t)n == len)
			return (len);
	}
	if (evbuffer_get_length(d->out) > SSH_OUT_MAX) {
		strlcpy(d->why, "the server does not read",
		    sizeof(d->why));
		return (-ENOBUFS);
	}
	if (evbuffer_add(d->out, (const uint8_t *)buf + n, len - n) == -1)
		return (-ENOMEM);
	event_add(&d->ev_write, NULL);
	return (len);
}

/*
 * A server that has sent something unasked, as OpenSSH does after a login,
 * keeps its answer back until that is acknowledged.  The kernel would wait
 * for something of ours to go with it, and there is nothing: 40 ms.  It
 * forgets this with what is sent next.
 */
static void
ssh_hurry(struct ssh *d)
{
#ifdef TCP_QUICKACK
	int	 on = 1;

	(void)setsockopt(d->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
#else
	(void)d;
#endif
}

/* Send what waits.  Returns whether all of it went. */
int
ssh_flush(struct ssh *d)
{
	if (evbuffer_get_length(d->out) == 0)
		return (1);
	if (evbuffer_write(d->out, d->fd) == -1 && errno != EAGAIN &&
	    errno != EINTR) {
		evbuffer_drain(d->out, evbuffer_get_length(d->out));
		return (1);
	}
	return (evbuffer_get_length(d->out) == 0);
}

size_t
ssh_unsent(const struct ssh *d)
{
	return (evbuffer_get_length(d->out));
}

/* The server says why; the text may be anything. */
static void
ssh_disconnected(LIBSSH2_SESSION *session, int reason, const char *text,
    int len, const char *language, int language_len, void **abstract)
{
	struct ssh	*d = *abstract;
	char		 buf[SSH_REASON_MAX / 2], shown[SSH_REASON_MAX - 40];

	(void)session;
	(void)language;
	(void)language_len;
	d->gone = 1;
	if (text == NULL || len < 0)
		len = 0;
	if ((size_t)len > sizeof(buf) - 1)
		len = sizeof(buf) - 1;
	if (len > 0)
		memcpy(buf, text, len);
	buf[len] = '\0';
	log_escape(shown, sizeof(shown), buf);
	(void)snprintf(d->why, sizeof(d->why), "disconnected, %d: %s",
	    reason, shown);
}
