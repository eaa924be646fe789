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

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include <sodium.h>

#include "base64.h"
#include "secrets.h"

#define KEY_BYTES	crypto_box_SECRETKEYBYTES
#define KEY_DIGITS	(KEY_BYTES * 2)

/* Cleared below the stack of whoever has just decrypted. */
#define STACK_CLEARED	4096

struct slot {
	size_t	 off;
	size_t	 len;
};

/*
 * All plaintexts lie in one guarded region, exactly as long as they are
 * together: a region costs three guard pages and the system calls of each
 * begin() and end(), so one for each secret would be paid a thousandfold.
 * Offsets and lengths are no secret and stay outside.
 */
struct secrets {
	uint8_t		*keys;		/* secret halves, guarded */
	uint8_t		 pubs[SECRETS_KEYS_MAX][crypto_box_PUBLICKEYBYTES];
	unsigned int	 nkeys;

	uint8_t		*arena;		/* guarded; NULL: nothing reserved */
	size_t		 size;
	size_t		 used;
	struct slot	*slots;
	unsigned int	 nslots;

	int		 unlocked;	/* may do without mlock */
	enum {
		STORE_FILLING,		/* keys may be there */
		STORE_CLOSED,
		STORE_READABLE
	}		 state;
};

static enum secrets_result
		 guarded_new(const struct secrets *, size_t, uint8_t **);
static enum secrets_result
		 slot_room(struct secrets *, size_t);
static unsigned int
		 slot_fill(struct secrets *, size_t);
static int	 key_read(int, uint8_t *);
static unsigned int
		 key_pick(const struct secrets *, const char *, size_t);
static enum secrets_result
		 box_open(struct secrets *, unsigned int, const char *, size_t,
		    size_t);

struct secrets *
secrets_new(int unlocked)
{
	struct secrets	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	s->unlocked = unlocked;
	return (s);
}

void
secrets_free(struct secrets *s)
{
	if (s == NULL)
		return;
	sodium_free(s->keys);
	sodium_free(s->arena);
	free(s->slots);
	freezero(s, sizeof(*s));
}

enum secrets_result
secrets_keys_add(struct secrets *s, int fd)
{
	enum secrets_result	 res;
	uint8_t			*key;

	if (s->state != STORE_FILLING)
		return (SECRETS_NOKEY);
	if (s->nkeys == SECRETS_KEYS_MAX)
		return (SECRETS_FULL);
	if (s->keys == NULL) {
		if (sodium_init() == -1)
			return (SECRETS_NOMEM);
		res = guarded_new(s, SECRETS_KEYS_MAX * KEY_BYTES, &s->keys);
		if (res != SECRETS_OK)
			return (res);
	}
	key = s->keys + s->nkeys * KEY_BYTES;
	if (key_read(fd, key) == -1 ||
	    crypto_scalarmult_base(s->pubs[s->nkeys], key) != 0) {
		sodium_memzero(key, KEY_BYTES);
		return (SECRETS_BAD);
	}
	sodium_stackzero(STACK_CLEARED);
	s->nkeys++;
	return (SECRETS_OK);
}

size_t
secrets_size(size_t len)
{
	size_t	 n;

	n = len / 4 * 3 + len % 4 * 3 / 4;
	return (n < crypto_box_SEALBYTES ? 0 : n - crypto_box_SEALBYTES);
}

enum secrets_result
secrets_reserve(struct secrets *s, size_t size)
{
	enum secrets_result	 res;

	if (s->state != STORE_FILLING)
		return (SECRETS_NOKEY);
	if (s->arena != NULL || size > SECRETS_TOTAL_MAX)
		return (SECRETS_FULL);
	if (size == 0)
		return (SECRETS_OK);
	if (sodium_init() == -1)
		return (SECRETS_NOMEM);
	if ((res = guarded_new(s, size, &s->arena)) == SECRETS_OK)
		s->size = size;
	return (res);
}

enum secrets_result
secrets_open(struct secrets *s, const char *pub, size_t publen,
    const char *text, size_t len, unsigned int *idx)
{
	enum secrets_result	 res;
	unsigned int		 i;
	size_t			 n;

	if (s->nkeys == 0)
		return (SECRETS_NOKEY);
	n = secrets_size(len);
	if ((res = slot_room(s, n)) != SECRETS_OK)
		return (res);
	if ((i = key_pick(s, pub, publen)) < s->nkeys)
		res = box_open(s, i, text, len, n);
	else
		for (i = 0, res = SECRETS_BAD; i < s->nkeys &&
		    res == SECRETS_BAD; i++)
			res = box_open(s, i, text, len, n);
	if (res == SECRETS_OK)
		*idx = slot_fill(s, n);
	return (res);
}

/* The offset of the descriptor is given, and one byte more looked for. */
enum secrets_result
secrets_file(struct secrets *s, int fd, size_t len, unsigned int *idx)
{
	enum secrets_result	 res;
	uint8_t			 more;

	if (s->state != STORE_FILLING || fd == -1 || len == 0)
		return (SECRETS_BAD);
	if ((res = slot_room(s, len)) != SECRETS_OK)
		return (res);
	if (pread(fd, s->arena + s->used, len, 0) != (ssize_t)len ||
	    pread(fd, &more, 1, (off_t)len) != 0)
		return (SECRETS_BAD);
	*idx = slot_fill(s, len);
	return (SECRETS_OK);
}

/* Whether there is room for a plaintext of n bytes. */
static enum secrets_result
slot_room(struct secrets *s, size_t n)
{
	struct slot	*slots;

	if (n > s->size - s->used || s->nslots == SECRETS_COUNT_MAX)
		return (SECRETS_FULL);
	slots = reallocarray(s->slots, s->nslots + 1, sizeof(*slots));
	if (slots == NULL)
		return (SECRETS_NOMEM);
	s->slots = slots;
	return (SECRETS_OK);
}

/* The n bytes at the end of what is used are a plaintext. */
static unsigned int
slot_fill(struct secrets *s, size_t n)
{
	s->slots[s->nslots].off = s->used;
	s->slots[s->nslots].len = n;
	s->used += n;
	return (s->nslots++);
}

int
secrets_keys_wipe(struct secrets *s)
{
	/* Clears it before it is unmapped. */
	sodium_free(s->keys);
	s->keys = NULL;
	memset(s->pubs, 0, sizeof(s->pubs));
	s->nkeys = 0;
	return (secrets_end(s));
}

int
secrets_begin(struct secrets *s)
{
	if (s->arena != NULL && sodium_mprotect_readonly(s->arena) == -1)
		return (-1);
	s->state = STORE_READABLE;
	return (0);
}

int
secrets_end(struct secrets *s)
{
	if (s->arena != NULL && sodium_mprotect_noaccess(s->arena) == -1)
		return (-1);
	s->state = STORE_CLOSED;
	return (0);
}

const uint8_t *
secrets_get(const struct secrets *s, unsigned int idx, size_t *len)
{
	static const uint8_t	 empty[1];

	*len = 0;
	if (s->state != STORE_READABLE || idx >= s->nslots)
		return (NULL);
	*len = s->slots[idx].len;
	return (*len == 0 ? empty : s->arena + s->slots[idx].off);
}

const char *
secrets_strerror(enum secrets_result res)
{
	switch (res) {
	case SECRETS_OK:
		return ("ok");
	case SECRETS_BAD:
		return ("cannot be opened");
	case SECRETS_NOKEY:
		return ("no seal key");
	case SECRETS_FULL:
		return ("too many or too large");
	case SECRETS_UNLOCKED:
		return ("memory cannot be locked");
	case SECRETS_NOMEM:
		return ("out of memory");
	}
	return ("unknown");
}

/* sodium_malloc() locks, but does not say when that failed. */
static enum secrets_result
guarded_new(const struct secrets *s, size_t size, uint8_t **out)
{
	uint8_t	*p;
	int	 save;

	if ((p = sodium_malloc(size)) == NULL)
		return (SECRETS_NOMEM);
	if (sodium_mlock(p, size) == -1 && !s->unlocked) {
		save = errno;
		sodium_free(p);
		errno = save;
		return (SECRETS_UNLOCKED);
	}
	*out = p;
	return (SECRETS_OK);
}

static int
key_read(int fd, uint8_t *key)
{
	char	 text[KEY_DIGITS + 2];
	ssize_t	 n;
	size_t	 got;
	int	 ret;

	/* One byte more than may be there shows that there is more. */
	ret = -1;
	n = pread(fd, text, sizeof(text), 0);
	if (n == KEY_DIGITS + 1 && text[KEY_DIGITS] == '\n')
		n = KEY_DIGITS;
	if (n == KEY_DIGITS && sodium_hex2bin(key, KEY_BYTES, text,
	    KEY_DIGITS, NULL, &got, NULL) == 0 && got == KEY_BYTES)
		ret = 0;
	sodium_memzero(text, sizeof(text));
	return (ret);
}

/* The key that is named; their number if none is, or none of ours. */
static unsigned int
key_pick(const struct secrets *s, const char *pub, size_t publen)
{
	uint8_t		 bin[crypto_box_PUBLICKEYBYTES];
	size_t		 got;
	unsigned int	 i;

	if (pub == NULL || publen != sizeof(bin) * 2 ||
	    sodium_hex2bin(bin, sizeof(bin), pub, publen, NULL, &got,
	    NULL) != 0 || got != sizeof(bin))
		return (s->nkeys);
	for (i = 0; i < s->nkeys; i++) {
		if (memcmp(bin, s->pubs[i], sizeof(bin)) == 0)
			return (i);
	}
	return (s->nkeys);
}

/*
 * Plaintext goes to the end of the arena and nowhere else: only sealed
 * bytes pass through the heap.
 */
static enum secrets_result
box_open(struct secrets *s, unsigned int key, const char *text, size_t len,
    size_t plainlen)
{
	uint8_t	*box, none;
	ssize_t	 n;
	int	 ok;

	if ((box = malloc(plainlen + crypto_box_SEALBYTES)) == NULL)
		return (SECRETS_NOMEM);
	n = base64url_decode(box, plainlen + crypto_box_SEALBYTES, text, len);
	ok = n >= crypto_box_SEALBYTES &&
	    (size_t)n == plainlen + crypto_box_SEALBYTES &&
	    crypto_box_seal_open(plainlen == 0 ? &none : s->arena + s->used,
	    box, (unsigned long long)n, s->pubs[key],
	    s->keys + key * KEY_BYTES) == 0;
	free(box);
	sodium_stackzero(STACK_CLEARED);
	return (ok ? SECRETS_OK : SECRETS_BAD);
}
