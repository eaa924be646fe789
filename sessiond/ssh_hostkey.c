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

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "hostkey.h"
#include "imsg.h"
#include "log.h"
#include "ssh_part.h"
#include "worker.h"

/* Who a host is.  All of this is before it is told anything of ours. */

/* The signatures for each type of key, in our order of preference. */
static const struct {
	uint8_t		 type;
	const char	*names;
} ssh_hostkeys[] = {
	{ HOSTKEY_ED25519,	"ssh-ed25519" },
	{ HOSTKEY_ECDSA_256,	"ecdsa-sha2-nistp256" },
	{ HOSTKEY_ECDSA_384,	"ecdsa-sha2-nistp384" },
	{ HOSTKEY_ECDSA_521,	"ecdsa-sha2-nistp521" },
	{ HOSTKEY_RSA,		"rsa-sha2-512,rsa-sha2-256" }
};

static int	 ssh_pinned_type(const struct ssh_pins *, uint8_t);
static int	 ssh_pinned(const struct ssh_pins *, uint8_t,
		    const uint8_t *);
static int	 ssh_presented(struct ssh *, uint8_t *, uint8_t *);
static enum ssh_step ssh_unknown(struct ssh *, uint8_t, const uint8_t *);

int
ssh_pin_add(struct ssh_pins *pins, uint8_t type, const uint8_t *hash)
{
	struct ssh_pin	*p;

	p = reallocarray(pins->pin, pins->n + 1, sizeof(*p));
	if (p == NULL)
		return (-1);
	pins->pin = p;
	p += pins->n++;
	p->type = type;
	memcpy(p->hash, hash, sizeof(p->hash));
	return (0);
}

/*
 * Ask for keys that we could recognize: a server that has others as well
 * would otherwise choose.  Returns -1 if this library can check none of them.
 */
int
ssh_hostkey_prefs(struct ssh *d)
{
	char	 names[160];
	size_t	 i;

	names[0] = '\0';
	for (i = 0; i < nitems(ssh_hostkeys); i++) {
		if (!ssh_pinned_type(&d->up->pins, ssh_hostkeys[i].type))
			continue;
		if (names[0] != '\0')
			strlcat(names, ",", sizeof(names));
		strlcat(names, ssh_hostkeys[i].names, sizeof(names));
	}
	if (names[0] == '\0')
		return (-1);
	return (ssh_pref(d, LIBSSH2_METHOD_HOSTKEY, names));
}

static int
ssh_pinned_type(const struct ssh_pins *pins, uint8_t type)
{
	size_t	 i;

	for (i = 0; i < pins->n; i++) {
		if (pins->pin[i].type == type || pins->pin[i].type == 0)
			return (1);
	}
	return (pins->n == 0);
}

static int
ssh_pinned(const struct ssh_pins *pins, uint8_t type, const uint8_t *hash)
{
	const struct ssh_pin	*p;
	size_t			 i;

	for (i = 0; i < pins->n; i++) {
		p = &pins->pin[i];
		if ((p->type == type || p->type == 0) &&
		    CRYPTO_memcmp(p->hash, hash, sizeof(p->hash)) == 0)
			return (1);
	}
	return (0);
}

/*
 * The server and this library have no method in common.  If it is for want of
 * a host key of a type that we asked for, that is what it is about.
 */
enum ssh_step
ssh_disagreed(struct ssh *d)
{
	const char	*p;
	size_t		 i, n;

	for (p = d->methods; *p != '\0'; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		for (i = 0; i < nitems(ssh_hostkeys) - 1; i++) {
			if (strlen(ssh_hostkeys[i].names) == n &&
			    memcmp(ssh_hostkeys[i].names, p, n) == 0 &&
			    ssh_pinned_type(&d->up->pins,
			    ssh_hostkeys[i].type))
				return (ssh_lost(d));
		}
	}
	return (ssh_fail(d, FAIL_HOSTKEY, "no host key of a type that was "
	    "asked for: the server has %s; libssh2 %s can check %s",
	    d->methods, libssh2_version(0), libssh2_version(SSH_RSA_VERSION)
	    == NULL ? "no RSA" : "RSA by SHA-2 only"));
}

/* The key that the server has proved to hold: its own name, and its hash. */
static int
ssh_presented(struct ssh *d, uint8_t *type, uint8_t *hash)
{
	SHA2_CTX	 ctx;
	const uint8_t	*p;
	const char	*key;
	size_t		 len, n;
	int		 unused;

	if ((key = libssh2_session_hostkey(d->session, &len, &unused)) ==
	    NULL || len < 4)
		return (-1);
	p = (const uint8_t *)key;
	n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 |
	    p[3];
	if (n > len - 4 || (*type = hostkey_type(key + 4, n)) == 0)
		return (-1);
	SHA256Init(&ctx);
	SHA256Update(&ctx, p, len);
	SHA256Final(hash, &ctx);
	return (0);
}

enum ssh_step
ssh_hostkey(struct ssh *d)
{
	struct ssh_upstream	*up = d->up;
	char			 text[FINGERPRINT_LEN + 1];
	uint8_t			 hash[HASH_LEN], type;

	if (ssh_presented(d, &type, hash) == -1)
		return (ssh_fail(d, FAIL_HOSTKEY, "host key of no type that "
		    "is known here"));
	d->hostkey_type = type;
	memcpy(d->hostkey_hash, hash, sizeof(d->hostkey_hash));
	fingerprint_put(text, hash);
	if (ssh_pinned(&up->revoked, type, hash))
		return (ssh_fail(d, FAIL_HOSTKEY, "host key is revoked: "
		    "%s %s", hostkey_name(type), text));
	if (ssh_pinned(&up->pins, type, hash))
		return (SSH_DONE);
	if (up->pins.n > 0)
		return (ssh_fail(d, FAIL_HOSTKEY, "host key mismatch: %s %s",
		    hostkey_name(type), text));
	return (ssh_unknown(d, type, hash));
}

/* Nobody vouches for this host. */
static enum ssh_step
ssh_unknown(struct ssh *d, uint8_t type, const uint8_t *hash)
{
	struct ssh_upstream	*up = d->up;
	struct imsg		 im;
	char			 text[FINGERPRINT_LEN + 1];

	fingerprint_put(text, hash);
	if (up->check == HOSTCHECK_NO) {
		log_info("session %s: host key is not checked: %s %s",
		    d->driver.session->id, hostkey_name(type), text);
		return (SSH_DONE);
	}
	if (up->check != HOSTCHECK_ACCEPT_NEW)
		return (ssh_fail(d, FAIL_HOSTKEY, "host key is not known: "
		    "%s %s", hostkey_name(type), text));
	imsg_init(&im, IMSG_HOSTKEY, d->id);
	im.m.hostkey.type = type;
	memcpy(im.m.hostkey.hash, hash, sizeof(im.m.hostkey.hash));
	if (chan_send(up->worker->parent, &im) == -1)
		return (ssh_fail(d, FAIL_LOST, "host key cannot be learned"));
	d->phase = SSH_LEARN;
	return (SSH_AGAIN);
}

/*
 * A host proves who it is again whenever keys are exchanged, and libssh2 goes
 * on whoever it is then: even when the proof was wrong it keeps the old keys.
 */
int
ssh_hostkey_same(struct ssh *d)
{
	uint8_t	 hash[HASH_LEN], type;

	return (ssh_presented(d, &type, hash) == 0 &&
	    type == d->hostkey_type &&
	    CRYPTO_memcmp(hash, d->hostkey_hash, sizeof(hash)) == 0);
}
