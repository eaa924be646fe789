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
#include <string.h>

#include "blob.h"
#include "client.h"
#include "link.h"
#include "op.h"

/*
 * The sessions of a sandbox: those of each of its workers, joined.  What a
 * worker that is gone had is gone with it, so its part is left out.
 */
struct op_part {
	TAILQ_ENTRY(op_part)	 entry;
	struct op		*op;
	struct call		*call;
};

struct op_list {
	TAILQ_HEAD(, op_part)	 parts;		/* not answered yet */
	int			 whole;		/* no grant will follow */
};

static int	 list_ask(struct op *, const struct msg_granted *);
static void	 list_answered(void *, const struct imsg *);
static int	 list_append(struct op *, const struct imsg *);
static void	 list_more(struct op *);

void
op_list_add(struct op *op, const struct msg_granted *g)
{
	if (op->list == NULL) {
		if ((op->list = calloc(1, sizeof(*op->list))) == NULL) {
			client_drop(op_end(op));
			return;
		}
		TAILQ_INIT(&op->list->parts);
	}
	op->list->whole = g->more == 0;
	if (g->worker != 0 && list_ask(op, g) == -1)
		op_refuse(op, OP_BUSY);
	else
		list_more(op);
}

static int
list_ask(struct op *op, const struct msg_granted *g)
{
	struct op_part	*part;
	struct imsg	 im;

	if ((part = calloc(1, sizeof(*part))) == NULL)
		return (-1);
	part->op = op;
	imsg_init(&im, IMSG_STATUS, 0);
	memcpy(im.m.status.grant, g->grant, GRANT_LEN);
	memcpy(im.m.status.hash, op->hash, HASH_LEN);
	im.m.status.what = STATUS_LIST;
	if ((part->call = call_new(g->worker, &im, list_answered,
	    part)) == NULL) {
		free(part);
		return (errno == ESRCH ? 0 : -1);
	}
	TAILQ_INSERT_TAIL(&op->list->parts, part, entry);
	return (0);
}

static void
list_answered(void *arg, const struct imsg *im)
{
	struct op_part	*part = arg;
	struct op	*op = part->op;

	TAILQ_REMOVE(&op->list->parts, part, entry);
	free(part);
	if (im != NULL && (im->type == IMSG_REPORT ?
	    list_append(op, im) == -1 :
	    im->m.call_fail.reason == FAIL_BUSY))
		op_refuse(op, OP_BUSY);
	else
		list_more(op);
}

/* All together may be as long as the answer of one worker. */
static int
list_append(struct op *op, const struct imsg *im)
{
	const uint8_t	*p;
	uint8_t		*data;
	size_t		 comma, len;

	if (blob_map(im->blob, BLOB_REPORT_MAX, &p, &len) == -1)
		return (-1);
	data = NULL;
	comma = op->len > 0 && len > 0;
	if (len + comma > BLOB_REPORT_MAX - op->len ||
	    (len > 0 && (data = realloc(op->data, op->len + comma +
	    len)) == NULL)) {
		blob_unmap(p, len);
		return (-1);
	}
	if (len > 0) {
		op->data = data;
		if (comma)
			op->data[op->len++] = ',';
		memcpy(op->data + op->len, p, len);
		op->len += len;
	}
	blob_unmap(p, len);
	return (0);
}

static void
list_more(struct op *op)
{
	if (op->list->whole && TAILQ_EMPTY(&op->list->parts))
		op->face->done(op, NULL);
}

void
op_list_free(struct op_list *list)
{
	struct op_part	*part;

	if (list == NULL)
		return;
	while ((part = TAILQ_FIRST(&list->parts)) != NULL) {
		TAILQ_REMOVE(&list->parts, part, entry);
		call_free(part->call);
		free(part);
	}
	free(list);
}
