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

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "session.h"
#include "ssh_part.h"
#include "worker.h"

/*
 * Logging in: "none" first, by which the server says what it takes, then
 * what the record has of that.  A server may want more than one; then it
 * says that this one was good, and with what to go on (RFC 4252, 5.1).
 *
 * Secrets can be read only while libssh2 needs them.  It takes a password
 * into the packet that it sends, and a private key for two packets: to ask
 * whether the key will do, and to sign.  It wants the arguments in every
 * call, though; once those packets are sent it gets others in their place.
 */
#define SSH_SENT_KEY		2
#define SSH_SENT_PASSWORD	1

/* Rounds of keyboard-interactive; after a wrong answer most ask again. */
#define SSH_KBDINT_MAX		3

/* Longer than any that a person has. */
#define SSH_PASSPHRASE_MAX	1024

#define SSH_BIT(state)		(1U << (state))

static const struct {
	enum ssh_auth_state	 state;
	const char		*name;
} ssh_methods[] = {
	{ SSH_AUTH_KEY,		"publickey" },
	{ SSH_AUTH_PASSWORD,	"password" },
	{ SSH_AUTH_KBDINT,	"keyboard-interactive" }
};

struct ssh_secrets {
	char		*key;		/* a copy, terminated */
	size_t		 keylen;
	const char	*password;
	size_t		 passwordlen;
	char		 passphrase[SSH_PASSPHRASE_MAX + 1];
};

/* In the place of secrets that have been used. */
static char			 ssh_no_key[] = "-";
static const struct ssh_secrets	 ssh_no_secrets = {
	.key = ssh_no_key, .keylen = 1, .password = "", .passwordlen = 0
};

static enum ssh_step	 ssh_auth_list(struct ssh *);
static void		 ssh_auth_offered(struct ssh *, const char *, size_t);
static enum ssh_step	 ssh_auth_try(struct ssh *);
static int		 ssh_auth_usable(const struct ssh *);
static int		 ssh_auth_broken(int);
static int		 ssh_auth_secret(struct ssh *);
static int		 ssh_auth_call(struct ssh *,
			    const struct ssh_secrets *);
static int		 ssh_auth_open(struct ssh *);
static int		 ssh_secrets_find(struct ssh *, struct ssh_secrets *);
static void		 ssh_secrets_clear(struct ssh_secrets *);
static void		 ssh_kbdint(const char *, int, const char *, int, int,
			    const LIBSSH2_USERAUTH_KBDINT_PROMPT *,
			    LIBSSH2_USERAUTH_KBDINT_RESPONSE *, void **);
static void		 ssh_kbdint_answer(struct ssh *,
			    LIBSSH2_USERAUTH_KBDINT_RESPONSE *, void **);
static enum ssh_step	 ssh_auth_failed(struct ssh *);

enum ssh_step
ssh_auth(struct ssh *d)
{
	enum ssh_step	 step;

	if (d->auth == SSH_AUTH_LIST) {
		if ((step = ssh_auth_list(d)) != SSH_DONE)
			return (step);
		if (libssh2_userauth_authenticated(d->session))
			return (SSH_DONE);
		d->auth++;
	}
	for (; d->auth != SSH_AUTH_NONE_LEFT; d->auth++) {
		if (!d->auth_begun && !ssh_auth_usable(d))
			continue;
		step = ssh_auth_try(d);
		if (step != SSH_FAILED)
			return (step);
		if (d->fail != 0)
			return (SSH_FAILED);
		d->auth_begun = 0;
		if ((d->passed & SSH_BIT(d->auth)) != 0)
			d->auth = SSH_AUTH_LIST;
		else
			d->tried |= SSH_BIT(d->auth);
	}
	return (ssh_auth_failed(d));
}

static enum ssh_step
ssh_auth_list(struct ssh *d)
{
	const char	*list;

	list = libssh2_userauth_list(d->session, d->up->user,
	    d->up->userlen);
	if (list != NULL)
		ssh_auth_offered(d, list, strlen(list));
	else if (libssh2_userauth_authenticated(d->session))
		return (SSH_DONE);
	else if (libssh2_session_last_errno(d->session) ==
	    LIBSSH2_ERROR_EAGAIN)
		return (SSH_AGAIN);
	else
		return (ssh_lost(d));
	return (SSH_DONE);
}

/* Names with commas in between; other than ours they may be anything. */
static void
ssh_auth_offered(struct ssh *d, const char *list, size_t len)
{
	char		 buf[SSH_METHODS_MAX / 2];
	const char	*end;
	size_t		 i, n;

	(void)snprintf(buf, sizeof(buf), "%.*s", (int)(len < sizeof(buf) ?
	    len : sizeof(buf) - 1), list);
	log_escape(d->methods, sizeof(d->methods), buf);
	d->offered = 0;
	for (;;) {
		end = memchr(list, ',', len);
		n = end == NULL ? len : (size_t)(end - list);
		for (i = 0; i < nitems(ssh_methods); i++) {
			if (strlen(ssh_methods[i].name) == n &&
			    memcmp(list, ssh_methods[i].name, n) == 0)
				d->offered |= SSH_BIT(ssh_methods[i].state);
		}
		if (end == NULL)
			break;
		list += n + 1;
		len -= n + 1;
	}
}

/*
 * The method at hand was good, but is not enough: these can continue.  Comes
 * from within the library, which takes that for a refusal.
 */
void
ssh_auth_partial(struct ssh *d, const char *list, size_t len)
{
	if (!d->auth_begun)
		return;
	d->passed |= SSH_BIT(d->auth);
	ssh_auth_offered(d, list, len);
}

/* Both it and the server have to have it, and each is tried once. */
static int
ssh_auth_usable(const struct ssh *d)
{
	if ((d->offered & SSH_BIT(d->auth)) == 0 ||
	    ((d->tried | d->passed) & SSH_BIT(d->auth)) != 0)
		return (0);
	return (d->auth == SSH_AUTH_KEY ? d->up->has_key :
	    d->up->has_password);
}

/* SSH_FAILED without d->fail: not this way, but perhaps another. */
static enum ssh_step
ssh_auth_try(struct ssh *d)
{
	struct opened	*o = d->up->worker->opened;
	int		 error;

	if (!d->auth_begun) {
		d->auth_begun = 1;
		d->auth_mark = d->sent;
		/* What it sends first depends on nothing of the server's. */
		d->deaf = 1;
	}
	if (ssh_auth_secret(d)) {
		if (opened_begin(o) == -1)
			return (ssh_fail(d, FAIL_BUSY,
			    "secrets cannot be read"));
		error = ssh_auth_open(d);
		opened_end(o);
	} else
		error = ssh_auth_call(d, &ssh_no_secrets);
	if (d->deaf) {
		/* Now there may be an answer. */
		d->deaf = 0;
		if (error == LIBSSH2_ERROR_EAGAIN)
			ssh_kick(d);
	}
	if (error == 0)
		return (SSH_DONE);
	if (error == LIBSSH2_ERROR_EAGAIN && d->prompts <= SSH_KBDINT_MAX)
		return (SSH_AGAIN);
	if (d->gone || ssh_auth_broken(error)) {
		d->tried |= SSH_BIT(d->auth);
		return (ssh_lost(d));
	}
	return (SSH_FAILED);
}

/* Not an answer: the transport does not work any more. */
static int
ssh_auth_broken(int error)
{
	switch (error) {
	case LIBSSH2_ERROR_INVALID_MAC:
	case LIBSSH2_ERROR_DECRYPT:
	case LIBSSH2_ERROR_SOCKET_SEND:
	case LIBSSH2_ERROR_SOCKET_RECV:
	case LIBSSH2_ERROR_SOCKET_DISCONNECT:
	case LIBSSH2_ERROR_OUT_OF_BOUNDARY:
		return (1);
	default:
		return (0);
	}
}

/* A call with the secrets, which can be read now. */
static int
ssh_auth_open(struct ssh *d)
{
	struct ssh_secrets	 secrets;
	int			 error;

	error = LIBSSH2_ERROR_ALLOC;
	if (ssh_secrets_find(d, &secrets) == 0)
		error = ssh_auth_call(d, &secrets);
	ssh_secrets_clear(&secrets);
	return (error);
}

/* Does this call need what is secret? */
static int
ssh_auth_secret(struct ssh *d)
{
	uint64_t	 sent;

	sent = d->sent - d->auth_mark;
	if (d->auth == SSH_AUTH_KEY)
		return (sent < SSH_SENT_KEY);
	if (d->auth == SSH_AUTH_PASSWORD)
		return (sent < SSH_SENT_PASSWORD);
	return (0);
}

/*
 * A password that the server calls expired is a wrong one: without a
 * callback for a new one libssh2 says so.
 */
static int
ssh_auth_call(struct ssh *d, const struct ssh_secrets *secrets)
{
	struct ssh_upstream	*up = d->up;

	switch (d->auth) {
	case SSH_AUTH_KEY:
		return (libssh2_userauth_publickey_frommemory(d->session,
		    up->user, up->userlen, NULL, 0, secrets->key,
		    secrets->keylen, secrets->passphrase));
	case SSH_AUTH_PASSWORD:
		return (libssh2_userauth_password_ex(d->session, up->user,
		    up->userlen, secrets->password, secrets->passwordlen,
		    NULL));
	default:
		return (libssh2_userauth_keyboard_interactive_ex(d->session,
		    up->user, up->userlen, ssh_kbdint));
	}
}

/*
 * The first of each.  The library takes the length of a key, but then looks
 * for a NUL behind it.  A passphrase with a NUL in it nobody can type.
 */
static int
ssh_secrets_find(struct ssh *d, struct ssh_secrets *secrets)
{
	struct opened_walk	 walk;
	struct record_item	 item;

	memset(secrets, 0, sizeof(*secrets));
	secrets->password = "";
	memset(&walk, 0, sizeof(walk));
	while (opened_next(d->up->worker->opened, &walk, &item)) {
		if (item.tag == RECORD_SSH_KEY && secrets->key == NULL) {
			if ((secrets->key = malloc(item.len + 1)) == NULL)
				return (-1);
			secrets->keylen = item.len;
			memcpy(secrets->key, item.value, item.len);
			secrets->key[item.len] = '\0';
		} else if (item.tag == RECORD_SSH_PASSWORD &&
		    secrets->passwordlen == 0) {
			secrets->password = item.value;
			secrets->passwordlen = item.len;
		} else if (item.tag == RECORD_SSH_PASSPHRASE &&
		    secrets->passphrase[0] == '\0' &&
		    item.len <= SSH_PASSPHRASE_MAX)
			memcpy(secrets->passphrase, item.value, item.len);
	}
	return (0);
}

static void
ssh_secrets_clear(struct ssh_secrets *secrets)
{
	freezero(secrets->key, secrets->keylen + 1);
	explicit_bzero(secrets, sizeof(*secrets));
}

/*
 * One hidden prompt is a question for the password.  What is shown while it
 * is typed is no password, and to several questions we have no answers.
 */
static void
ssh_kbdint(const char *name, int name_len, const char *text, int text_len,
    int n, const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts,
    LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses, void **abstract)
{
	struct ssh	*d = *abstract;

	(void)name;
	(void)name_len;
	(void)text;
	(void)text_len;
	if (n > 0 && ++d->prompts > SSH_KBDINT_MAX)
		return;
	if (n == 1 && !prompts[0].echo)
		ssh_kbdint_answer(d, &responses[0], abstract);
}

/* The library frees the copy with our function, which clears it. */
static void
ssh_kbdint_answer(struct ssh *d, LIBSSH2_USERAUTH_KBDINT_RESPONSE *response,
    void **abstract)
{
	struct ssh_secrets	 secrets;
	struct opened		*o = d->up->worker->opened;

	if (opened_begin(o) == -1) {
		log_warn("secrets");
		return;
	}
	if (ssh_secrets_find(d, &secrets) == 0 &&
	    (response->text = ssh_alloc(secrets.passwordlen, abstract)) !=
	    NULL) {
		memcpy(response->text, secrets.password,
		    secrets.passwordlen);
		response->length = secrets.passwordlen;
	}
	ssh_secrets_clear(&secrets);
	opened_end(o);
}

/* A server that has heard enough hangs up, which is an answer as well. */
static enum ssh_step
ssh_auth_failed(struct ssh *d)
{
	char		 text[SSH_REASON_MAX];
	unsigned int	 bit;
	size_t		 i;

	if ((d->tried | d->passed) == 0)
		return (ssh_fail(d, FAIL_AUTH, "authentication failed: the "
		    "record has none of what the server takes: %s",
		    d->methods));
	text[0] = '\0';
	for (i = 0; i < nitems(ssh_methods); i++) {
		bit = SSH_BIT(ssh_methods[i].state);
		if (((d->tried | d->passed) & bit) == 0)
			continue;
		if (text[0] != '\0')
			strlcat(text, ", ", sizeof(text));
		strlcat(text, ssh_methods[i].name, sizeof(text));
		strlcat(text, (d->passed & bit) != 0 ? " is not enough" :
		    " refused", sizeof(text));
	}
	return (ssh_fail(d, FAIL_AUTH, "authentication failed: %s; the "
	    "server takes: %s", text, d->methods));
}
