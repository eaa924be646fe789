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

/*
 * The parent's table of sessions.  What can break: a name leads to another's
 * session, or to one that is over; what is over takes a place, or gives up
 * one twice; a session with a name is taken from under whoever wants it back.
 */
/* links: gatewayd/session_table.c common/util.c @COMMON@ */

#include "compat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "parent_part.h"

static struct parent	 parent;
static struct kid	 kid, catalog;
static struct worker	 box, other;
static int		 chan;		/* any address that is not NULL */
static struct imsg	 said[16];	/* to the catalog */
static size_t		 nsaid;

static struct msg_grant_open
		 key(uint8_t, const char *, const char *, const char *);
static struct session
		*add(struct worker *, uint8_t, const char *, const char *,
		    int);
static struct session
		*find(uint8_t, const char *, const char *, const char *);
static void	 run(struct session *);
static void	 attach(struct session *, uint32_t, uint32_t);

/* What the table calls. */
int
kid_send(struct kid *k, struct imsg *im)
{
	if (k == &catalog)
		said[nsaid++ % nitems(said)] = *im;
	return (0);
}

int
kid_up(const struct kid *k)
{
	return (k != NULL);
}

struct kid *
slot_kid(struct parent *p UNUSED, enum role role)
{
	return (role == ROLE_CATALOG ? &catalog : NULL);
}

void
terminal_hangup(struct session *s UNUSED)
{
}

void
recheck_forget(struct parent *p UNUSED, struct session *s UNUSED)
{
}

void
parent_check_drained(struct parent *p UNUSED)
{
}

void
audit_attach(struct parent *p UNUSED, const struct viewer *v UNUSED)
{
}

void
audit_detach(struct parent *p UNUSED, const struct viewer *v UNUSED,
    uint8_t reason UNUSED)
{
}

static int
setup(void **state)
{
	(void)state;
	memset(&parent, 0, sizeof(parent));
	memset(&box, 0, sizeof(box));
	memset(&other, 0, sizeof(other));
	RB_INIT(&parent.sessions);
	RB_INIT(&parent.session_keys);
	TAILQ_INIT(&parent.by_age);
	RB_INIT(&parent.viewers);
	kid.chan = (struct chan *)(void *)&chan;
	box.p = other.p = &parent;
	box.kid = other.kid = &kid;
	strlcpy(box.sandbox, "box", sizeof(box.sandbox));
	strlcpy(other.sandbox, "other", sizeof(other.sandbox));
	nsaid = 0;
	return (0);
}

static int
teardown(void **state)
{
	struct session	*s;
	size_t		 i;

	(void)state;
	while ((s = TAILQ_FIRST(&parent.by_age)) != NULL)
		session_free(s, LEAVE_END);
	assert_true(RB_EMPTY(&parent.session_keys));
	assert_int_equal(box.nsessions + other.nsessions, 0);
	assert_int_equal(box.nkept + other.nkept, 0);
	for (i = 0; i < ENDED_MAX; i++)
		free(parent.ended[i].principal);
	return (0);
}

static struct msg_grant_open
key(uint8_t api, const char *sandbox, const char *who, const char *name)
{
	struct msg_grant_open	 m;

	memset(&m, 0, sizeof(m));
	m.api = api;
	m.dialect = api == API_TERMINAL ? DIALECT_TERMINAL : DIALECT_TTY;
	strlcpy(m.sandbox, sandbox, sizeof(m.sandbox));
	strlcpy(m.principal, who, sizeof(m.principal));
	strlcpy(m.name, name, sizeof(m.name));
	return (m);
}

static struct session *
add(struct worker *w, uint8_t api, const char *who, const char *name,
    int join)
{
	struct msg_grant_open	 m;
	struct session		*s;

	m = key(api, w->sandbox, who, name);
	m.join = (uint8_t)join;
	s = session_new(w, &m);
	assert_non_null(s);
	return (s);
}

static struct session *
find(uint8_t api, const char *sandbox, const char *who, const char *name)
{
	struct msg_grant_open	 m;

	m = key(api, sandbox, who, name);
	return (session_find_key(&parent, &m));
}

static void
run(struct session *s)
{
	s->state = SESSION_RUNNING;
}

static void
attach(struct session *s, uint32_t viewer, uint32_t ticket)
{
	struct msg_viewer_up	 m;

	memset(&m, 0, sizeof(m));
	m.viewer = viewer;
	m.ticket = ticket;
	m.mode = MODE_RW;
	s->attaches++;
	assert_int_equal(viewer_up(s, &m), 0);
}

static void
test_names(void **state)
{
	struct session	*a, *b, *c, *d, *e, *f;

	(void)state;
	a = add(&box, API_TERMINAL, "alice", "x", 1);
	b = add(&other, API_TERMINAL, "alice", "x", 1);
	c = add(&box, API_TERMINAL, "bob", "x", 1);
	d = add(&box, API_POCKETENV, "alice", "x", 1);
	e = add(&box, API_POCKETENV, "alice", "", 1);
	f = add(&box, API_TERMINAL, "alice", "y", 1);
	assert_ptr_equal(find(API_TERMINAL, "box", "alice", "x"), a);
	assert_ptr_equal(find(API_TERMINAL, "other", "alice", "x"), b);
	assert_ptr_equal(find(API_TERMINAL, "box", "bob", "x"), c);
	assert_ptr_equal(find(API_POCKETENV, "box", "alice", "x"), d);
	assert_ptr_equal(find(API_POCKETENV, "box", "alice", ""), e);
	assert_ptr_equal(find(API_TERMINAL, "box", "alice", "y"), f);
	assert_null(find(API_TERMINAL, "box", "alice", ""));
	assert_null(find(API_TERMINAL, "bo", "xalice", "x"));
	assert_null(find(API_TERMINAL, "box", "alicex", ""));
	assert_null(find(API_TERMINAL, "box", "alice", "xx"));
	/* Those that are not joined are not found by what they lack. */
	(void)add(&box, API_TERMINAL, "alice", "", 0);
	assert_null(find(API_TERMINAL, "box", "alice", ""));
}

/* The name is free as soon as it begins to end, and the next has it then. */
static void
test_name_again(void **state)
{
	struct session	*a, *b, *c;

	(void)state;
	a = add(&box, API_TERMINAL, "alice", "x", 1);
	run(a);
	assert_int_equal(session_kill(a, END_CLOSED), 0);
	assert_null(find(API_TERMINAL, "box", "alice", "x"));
	b = add(&box, API_TERMINAL, "alice", "x", 1);
	session_free(a, LEAVE_END);
	assert_ptr_equal(find(API_TERMINAL, "box", "alice", "x"), b);
	run(b);
	session_exited(b, END_EXIT);
	assert_null(find(API_TERMINAL, "box", "alice", "x"));
	c = add(&box, API_TERMINAL, "alice", "x", 1);
	session_free(b, LEAVE_END);
	assert_ptr_equal(find(API_TERMINAL, "box", "alice", "x"), c);
	session_unkey(c);
	session_unkey(c);
	assert_null(find(API_TERMINAL, "box", "alice", "x"));
}

static void
test_kept(void **state)
{
	struct session	*a, *b;

	(void)state;
	a = add(&box, API_TERMINAL, "alice", "", 0);
	b = add(&box, API_TERMINAL, "alice", "", 0);
	run(a);
	run(b);
	assert_int_equal(session_count_sandbox(&parent, "box"), 2);
	session_exited(a, END_LOST);
	assert_true(session_kept(a));
	assert_int_equal(a->state, SESSION_LOST);
	assert_int_equal(box.nkept, 1);
	assert_int_equal(box.nsessions, 2);
	assert_int_equal(session_count_sandbox(&parent, "box"), 1);
	assert_int_equal(session_count_principal(&parent, "alice"), 1);
	assert_ptr_equal(session_find(&parent, a->id), a);
	/* It can be killed, and is then as any that ends. */
	assert_int_equal(session_kill(a, END_CLOSED), 0);
	assert_false(session_kept(a));
	session_free(a, LEAVE_END);
	assert_int_equal(box.nkept, 0);
	assert_int_equal(box.nsessions, 1);
	/* The worker of those that are left is gone. */
	kid.chan = NULL;
	assert_int_equal(session_count_sandbox(&parent, "box"), 0);
}

/* It is listed as what it was, once, and for no more than its minute. */
static void
test_ended(void **state)
{
	struct session	*a, *b;

	(void)state;
	a = add(&box, API_TERMINAL, "alice", "x", 1);
	run(a);
	session_exited(a, END_LOST);
	a->exited -= 10;
	session_ended(a, END_CLOSED);
	assert_int_equal(parent.ended_next, 1);
	assert_int_equal(parent.ended[0].state, SESSION_LOST);
	assert_int_equal(parent.ended[0].when, a->exited);
	assert_string_equal(parent.ended[0].name, "x");
	b = add(&box, API_TERMINAL, "alice", "y", 1);
	run(b);
	session_exited(b, END_EXIT);
	b->exited -= SESSION_KEPT_TIME;
	session_ended(b, END_EXIT);
	assert_int_equal(parent.ended_next, 1);
}

static void
test_who_makes_room(void **state)
{
	struct session	*named, *shared, *plain;

	(void)state;
	named = add(&box, API_TERMINAL, "alice", "x", 1);
	shared = add(&box, API_POCKETENV, "alice", "", 1);
	plain = add(&box, API_TERMINAL, "alice", "", 0);
	run(named);
	run(shared);
	run(plain);
	named->was_attached = shared->was_attached = 1;
	plain->was_attached = 1;
	named->detached = 1;
	plain->detached = 2;
	shared->detached = 3;
	assert_ptr_equal(session_oldest_detached(&parent, "box", NULL),
	    plain);
	session_exited(plain, END_EXIT);
	assert_ptr_equal(session_oldest_detached(&parent, NULL, "alice"),
	    shared);
	shared->nviewers = 1;
	assert_null(session_oldest_detached(&parent, "box", NULL));
	shared->nviewers = 0;
	/* It is not counted any more, so there would be no more room. */
	kid.chan = NULL;
	assert_null(session_oldest_detached(&parent, "box", NULL));
}

/* The catalog hears of each stream that came with a ticket, and its end. */
static void
test_tickets(void **state)
{
	struct session	*s;
	char		 id[WIRE_UUID_LEN + 1];

	(void)state;
	s = add(&box, API_TERMINAL, "alice", "", 0);
	run(s);
	strlcpy(id, s->id, sizeof(id));
	attach(s, 1, 0);
	attach(s, 2, 77);
	attach(s, 3, 78);
	assert_int_equal(nsaid, 2);
	assert_int_equal(said[1].type, IMSG_TICKET_UP);
	assert_int_equal(said[1].m.ticket_use.ticket, 78);
	assert_string_equal(said[1].m.ticket_use.session, id);
	viewer_down(viewer_find(&box, 1), LEAVE_CLIENT);
	viewer_down(viewer_find(&box, 2), LEAVE_CLIENT);
	assert_int_equal(nsaid, 3);
	session_free(s, LEAVE_END);
	assert_int_equal(nsaid, 4);
	assert_int_equal(said[2].m.ticket_use.ticket, 77);
	assert_int_equal(said[3].type, IMSG_TICKET_DOWN);
	assert_int_equal(said[3].m.ticket_use.ticket, 78);
	assert_string_equal(said[3].m.ticket_use.session, id);
}

/* Outsiders choose the names; that they are many must cost nobody. */
static void
test_many(void **state)
{
	char	 name[16];
	int	 i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		snprintf(name, sizeof(name), "n%08d", i);
		(void)add(&box, API_TERMINAL, "alice", name, 1);
	}
	for (i = 0; i < 50000; i++) {
		snprintf(name, sizeof(name), "n%08d", i);
		assert_string_equal(find(API_TERMINAL, "box", "alice",
		    name)->name, name);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_name_again, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_makes_room, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_tickets, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
