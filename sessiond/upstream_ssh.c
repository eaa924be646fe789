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

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "driver_ssh.h"
#include "hostkey.h"
#include "imsg.h"
#include "keystream.h"
#include "launch_opt.h"
#include "log.h"
#include "ssh_part.h"
#include "sshkey.h"
#include "upstream.h"
#include "worker.h"

/* Terminals by SSH: the parent has the target dialed. */

/* In front of OpenSSL's memory, so that all of it can be cleared. */
struct ssl_block {
	size_t	 size;
	size_t	 unused;	/* keeps what follows aligned */
};

static void	*ssl_malloc(size_t, const char *, int);
static void	*ssl_realloc(void *, size_t, const char *, int);
static void	 ssl_free(void *, const char *, int);
static void	 ssl_warm(void);
static void	 ssh_record(struct ssh_upstream *);
static void	 ssh_record_item(struct ssh_upstream *,
		    const struct record_item *);
static void	 ssh_record_key(struct ssh_upstream *,
		    const struct record_item *);
static const char *ssh_rsa(void);
static void	 ssh_record_pin(struct ssh_pins *,
		    const struct record_item *);
static uint8_t	 ssh_record_check(const struct record_item *);
static void	 ssh_record_opened(struct ssh_upstream *);
static struct ssh *ssh_find(struct ssh_upstream *, uint32_t);
static void	 ssh_learn_ok(struct ssh_upstream *, struct ssh *);

/*
 * OpenSSL without its configuration, which it would read on first use, and
 * which could make it load others' code.
 */
void
upstream_setup(void)
{
	if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) !=
	    1 || OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_NO_ATEXIT, NULL) != 1)
		fatalx("cannot start OpenSSL");
	if (keystream_setup() == -1)
		fatalx("OpenSSL takes no cipher of ours");
	if (libssh2_init(0) != 0)
		fatalx("cannot start libssh2");
	ssl_warm();
	tzset();
}

static void *
ssl_malloc(size_t size, const char *file, int line)
{
	struct ssl_block	*b;

	(void)file;
	(void)line;
	if (size == 0 || size > SIZE_MAX - sizeof(*b))
		return (NULL);
	/* libssh2 does not look whether it got what it needs for a MAC. */
	if ((b = malloc(sizeof(*b) + size)) == NULL)
		fatal("OpenSSL");
	b->size = size;
	return (b + 1);
}

static void *
ssl_realloc(void *p, size_t size, const char *file, int line)
{
	struct ssl_block	*b;
	void			*q;

	if (size == 0) {
		ssl_free(p, file, line);
		return (NULL);
	}
	if ((q = ssl_malloc(size, file, line)) == NULL || p == NULL)
		return (q);
	b = (struct ssl_block *)p - 1;
	memcpy(q, p, b->size < size ? b->size : size);
	ssl_free(p, file, line);
	return (q);
}

static void
ssl_free(void *p, const char *file, int line)
{
	struct ssl_block	*b;

	(void)file;
	(void)line;
	if (p == NULL)
		return;
	b = (struct ssl_block *)p - 1;
	freezero(b, sizeof(*b) + b->size);
}

#if defined(__GLIBC__) && !defined(NDEBUG)
/*
 * libssh2 1.10 asserts what a server can make untrue, as that a packet is of
 * whole blocks.  The worker has to end then, but it says why.
 */
void
__assert_fail(const char *what, const char *file, unsigned int line,
    const char *function)
{
	(void)file;
	(void)line;
	fatalx("not true in libssh2: %s: %s", function, what);
}
#endif

/* The generator of random numbers takes its seed now. */
static void
ssl_warm(void)
{
	uint8_t	 buf[16];

	if (RAND_bytes(buf, sizeof(buf)) != 1)
		fatalx("no random numbers");
	explicit_bzero(buf, sizeof(buf));
}

/*
 * The record
 */

void
upstream_start(struct worker *w)
{
	struct ssh_upstream	*up;

	if (w->target.upstream != UPSTREAM_SSH)
		fatalx("a record for another program than sessiond-net");
	if ((up = calloc(1, sizeof(*up))) == NULL)
		fatal("record");
	up->worker = w;
	up->check = HOSTCHECK_YES;
	LIST_INIT(&up->drivers);
	w->upstream = up;
	ssh_record(up);
	ssh_record_opened(up);
}

static void
ssh_record(struct ssh_upstream *up)
{
	struct opened		*o = up->worker->opened;
	struct opened_walk	 walk;
	struct record_item	 item;

	if (opened_begin(o) == -1)
		fatal("record");
	memset(&walk, 0, sizeof(walk));
	while (opened_next(o, &walk, &item))
		ssh_record_item(up, &item);
	opened_end(o);
}

static void
ssh_record_item(struct ssh_upstream *up, const struct record_item *item)
{
	switch (item->tag) {
	case RECORD_SSH_USER:
		if (up->user == NULL &&
		    (up->user = strndup(item->value, item->len)) == NULL)
			fatal("record");
		up->userlen = strlen(up->user);
		break;
	case RECORD_SSH_KEY:
		ssh_record_key(up, item);
		break;
	case RECORD_SSH_PASSWORD:
		up->has_password = 1;
		break;
	case RECORD_FILE:
		up->files = SSH_FILES_WANTED;
		break;
	case RECORD_HOST_KEY:
		ssh_record_pin(&up->pins, item);
		break;
	case RECORD_HOST_REVOKED:
		ssh_record_pin(&up->revoked, item);
		break;
	case RECORD_HOST_CHECK:
		up->check = ssh_record_check(item);
		break;
	default:
		break;
	}
}

static void
ssh_record_key(struct ssh_upstream *up, const struct record_item *item)
{
	up->has_key = 1;
	switch (sshkey_type(item->value, item->len)) {
	case SSHKEY_NONE:
		up->unusable = "the private key is of no form that is known";
		break;
	case SSHKEY_DSA:
		up->unusable = "the private key is of type DSA, which no "
		    "server takes";
		break;
	case SSHKEY_RSA:
		if (libssh2_version(SSH_RSA_VERSION) == NULL)
			up->unusable = ssh_rsa();
		break;
	default:
		break;
	}
}

/* The library may be another than the one we were built with. */
static const char *
ssh_rsa(void)
{
	static char	 text[128];

	(void)snprintf(text, sizeof(text), "the private key is of type RSA, "
	    "with which libssh2 %s cannot sign by SHA-2: use ed25519 or "
	    "ecdsa", libssh2_version(0));
	return (text);
}

/* One that cannot be read matches nothing, rather than that all matches. */
static void
ssh_record_pin(struct ssh_pins *pins, const struct record_item *item)
{
	uint8_t	 hash[HASH_LEN], type;

	memset(hash, 0, sizeof(hash));
	type = 0;
	if (item->namelen > 0 &&
	    (type = hostkey_type(item->name, item->namelen)) == 0)
		type = SSH_PIN_NONE;
	if (fingerprint_get(hash, item->value, item->len) == -1) {
		log_warnx("a host key of the record is malformed");
		type = SSH_PIN_NONE;
	}
	if (ssh_pin_add(pins, type, hash) == -1)
		fatal("record");
}

static uint8_t
ssh_record_check(const struct record_item *item)
{
	if (item->len == 10 && memcmp(item->value, "accept-new", 10) == 0)
		return (HOSTCHECK_ACCEPT_NEW);
	if (item->len == 2 && memcmp(item->value, "no", 2) == 0)
		return (HOSTCHECK_NO);
	return (HOSTCHECK_YES);
}

static void
ssh_record_opened(struct ssh_upstream *up)
{
	const struct opened	*o = up->worker->opened;

	if (opened_failed(o, RECORD_SSH_KEY) > 0 ||
	    opened_failed(o, RECORD_SSH_KEYFILE) > 0 ||
	    opened_failed(o, RECORD_SSH_PASSPHRASE) > 0 ||
	    opened_failed(o, RECORD_SSH_PASSWORD) > 0)
		up->unusable = "a credential of the record was not opened";
	else if (up->user == NULL)
		up->unusable = "the record has no user to log in as";
}

struct driver *
upstream_driver(struct worker *w, struct launch *l)
{
	struct driver	*d;

	if ((d = driver_ssh_new(w->upstream, l)) == NULL)
		launch_free(l);
	return (d);
}

unsigned int
upstream_time(const struct msg_limits *m)
{
	return (m->timeout_dial + m->timeout_handshake +
	    m->timeout_channel + SSH_FILES_SECS + m->timeout_channel + 1);
}

/*
 * Answers of the parent.  A driver that is closed may still get one: then
 * the connection that comes with it is closed as well.
 */

void
upstream_dispatch(struct worker *w, struct imsg *im)
{
	static const char *const words[LEARN_ERROR_MAX + 1] = {
		[LEARN_OTHER] =		"another key of this host is known",
		[LEARN_REFUSED] =	"not for this sandbox",
		[LEARN_STORE] =		"it cannot be stored"
	};
	struct ssh	*d;

	d = ssh_find(w->upstream, im->id);
	switch (im->type) {
	case IMSG_DIAL_OK:
		if (d == NULL)
			return;
		ssh_dial_ok(d, im->fd);
		im->fd = -1;
		break;
	case IMSG_DIAL_FAIL:
		if (d != NULL)
			ssh_dial_fail(d, im->m.dial_fail.reason,
			    im->m.dial_fail.error);
		break;
	case IMSG_LEARN_OK:
		if (d != NULL)
			ssh_learn_ok(w->upstream, d);
		break;
	case IMSG_LEARN_FAIL:
		if (d != NULL)
			ssh_learned(d, 0, words[im->m.learn_fail.reason]);
		break;
	default:
		fatalx("%s of the parent", msg_name(im->type));
	}
}

static struct ssh *
ssh_find(struct ssh_upstream *up, uint32_t id)
{
	struct ssh	*d;

	LIST_FOREACH(d, &up->drivers, entry) {
		if (d->id == id)
			return (d);
	}
	return (NULL);
}

/* From now on this is the key that the host has to have. */
static void
ssh_learn_ok(struct ssh_upstream *up, struct ssh *d)
{
	if (ssh_pin_add(&up->pins, d->hostkey_type, d->hostkey_hash) == -1)
		fatal("host key");
	ssh_learned(d, 1, NULL);
}
