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
 * One viewer of one session, across as many connections as it takes: it
 * counts the bytes it has passed on and goes on from there.
 *
 * Handlers, all of which come one after the other:
 *	state(state)		where it stands; see say()
 *	size(cols, rows)	the session has this size
 *	repaint(bytes)		makes the terminal show the screen, once it is
 *				as new
 *	output(bytes, at, past, taken)
 *				output from the offset at on; past if it is
 *				older than the viewer; taken() is to be called
 *				when it is shown; a promise that is returned
 *				is waited for
 *	gap(bytes)		so many are lost before what comes next
 *	unsent(bytes)		so much input may not have arrived
 */

import { ApiError } from "./api.js";
import { Socket } from "./socket.js";

const PROTOCOL = "terminal.v1";

/*
 * Input: bytes of a frame, which are typed as one, and bytes sent but not
 * accepted yet.
 */
const PIECE = 64 * 1024;
const UNACCEPTED_MAX = 256 * 1024;

/* Where a connection cannot wait: the most that may wait to be shown. */
const VALVE = 16 * 1024 * 1024;

/* Waits before another attempt: ms.  A little of chance is added. */
const BACKOFF = [500, 1000, 2000, 4000, 8000, 15000, 30000];

/*
 * How long an answer may take: ms.  Twice as long each time, since the first
 * attempts may go out on old connections that are as dead as ours was.
 */
const ANSWER_FIRST = 3000;
const ANSWER_MAX = 24000;

/* So often it may happen that a ticket is given and no WebSocket opens. */
const UNOPENED_MAX = 3;

/* After a gap, until we look whether the screen suffered: ms. */
const MEND_WAIT = 1000;

/* A ping goes out so often, and so long we wait for anything: ms. */
const PING_EVERY = 20000;
const PONG_TIME = 10000;
const WAKE_TIME = 3000;

/* What a close means; any other is tried again. */
const FINAL = { 1000: "ended", 1008: "revoked", 1011: "lost" };

/* The states that are not an end. */
export const UNDER_WAY = ["connecting", "attached", "waiting", "paused"];

export class Attachment {
	#api;
	#on;
	#socket = null;
	#turn = 0;		/* of connections; what is late is ignored */
	#tries = 0;
	#timers = {};
	#final = null;		/* the state that the next close keeps */
	#input = [];
	#sent = 0;		/* on this connection */
	#accepted = 0;
	#waiting = 0;		/* bytes that are not shown yet */
	#known;			/* where an earlier page had come to */
	#edge = 0;		/* what comes before is of the past */
	#unopened = 0;		/* connections, one after the other */

	constructor(api, session, options, on) {
		this.#api = api;
		this.#on = on;
		this.#known = options.known ?? null;
		this.session = session;
		this.readOnly = options.readOnly;
		this.offset = null;	/* none: the terminal has nothing yet */
		this.received = 0;	/* bytes of output, ever */
		this.lost = 0;		/* bytes of gaps, ever */
		this.state = { name: "idle" };
		this.#connect();
	}

	/* Leave for good; the session stays. */
	leave() {
		this.#hangUp();
		this.#say({ name: "idle" });
	}

	setReadOnly(readOnly) {
		if (readOnly === this.readOnly)
			return;
		this.readOnly = readOnly;
		if (UNDER_WAY.includes(this.state.name))
			this.reconnect();
	}

	/* Now, and not when it is time for it. */
	reconnect() {
		this.#tries = 0;
		this.#hangUp();
		this.#connect();
	}

	/*
	 * Nobody looks, and a browser does not do much for a page then.  That
	 * must not hold the program back, so we go until somebody looks.
	 */
	pause() {
		if (this.state.name !== "attached")
			return;
		this.#hangUp();
		this.#say({ name: "paused" });
	}

	/*
	 * The machine or the network woke up, or the page is seen again: a
	 * connection may be dead without anybody having said so.
	 */
	wake() {
		if (["waiting", "paused"].includes(this.state.name))
			this.reconnect();
		else if (this.state.name === "attached")
			this.#ping(WAKE_TIME);
	}

	/* Bytes that were typed.  While not attached there is nobody. */
	send(bytes) {
		if (this.readOnly || this.state.name !== "attached")
			return;
		for (let i = 0; i < bytes.length; i += PIECE)
			this.#input.push(bytes.subarray(i, i + PIECE));
		this.#flush();
	}

	resize(cols, rows) {
		if (!this.readOnly && this.state.name === "attached")
			this.#control({ type: "resize", cols, rows });
	}

	#say(state) {
		this.state = state;
		this.#on.state(state);
	}

	#timer(name, ms, f) {
		clearTimeout(this.#timers[name]);
		this.#timers[name] = setTimeout(f, ms);
	}

	#hangUp() {
		const left = this.#sent - this.#accepted +
		    this.#input.reduce((n, piece) => n + piece.length, 0);

		this.#turn++;
		for (const name in this.#timers)
			clearTimeout(this.#timers[name]);
		this.#socket?.close();
		this.#socket = null;
		/*
		 * What was on its way may have arrived or not; to send the
		 * rest behind a hole would be worse than to send nothing.
		 */
		this.#input = [];
		this.#sent = this.#accepted = 0;
		if (left > 0)
			this.#on.unsent(left);
	}

	async #connect() {
		const turn = ++this.#turn;

		this.#final = null;
		this.#say({ name: "connecting" });
		try {
			const query = this.offset === null ?
			    await this.#beginning() : { offset: this.offset };
			const url = await this.#api.attachURL(this.session,
			    this.readOnly, query, this.#patience());
			if (turn === this.#turn)
				this.#open(turn, url);
		} catch (e) {
			if (turn === this.#turn)
				this.#failed(e);
		}
	}

	#patience() {
		return Math.min(ANSWER_FIRST * 2 ** this.#tries, ANSWER_MAX);
	}

	/*
	 * An empty terminal gets all that the gateway still has, which fills
	 * its scroll-back too.  A program that has the whole screen may have
	 * drawn it long before that: then it is the screen instead.
	 */
	async #beginning() {
		let now;

		try {
			now = await this.#api.screen(this.session,
			    this.#patience());
		} catch (e) {
			if (!(e instanceof ApiError) || e.status === 0 ||
			    e.status === 401 || e.status === 404)
				throw e;
			/* What cannot tell its screen can tell its state. */
			now = await this.#api.status(this.session,
			    this.#patience());
		}
		this.#edge = now.offset;
		if (!now.alternate)
			return {};
		/* It shows what nobody has to have read. */
		this.#known = null;
		return { screen: 1 };
	}

	#open(turn, url) {
		/* A connection that was given up has nothing to say. */
		const ours = (f) => (...args) =>
		    turn === this.#turn ? f(...args) : undefined;

		this.#unopened++;
		this.#socket = new Socket(url, PROTOCOL, {
			open: ours(() => {
				this.#unopened = 0;
			}),
			message: ours((data) => this.#message(data)),
			close: ours((code) => this.#close(code))
		});
	}

	#failed(e) {
		this.#unopened = 0;
		if (e instanceof ApiError && e.status >= 400 &&
		    e.status < 500 && e.status !== 408 && e.status !== 429) {
			this.#hangUp();
			this.#say({ name: e.status === 404 ? "gone" :
			    "refused", status: e.status, code: e.code,
			    message: e.message });
			return;
		}
		if (!(e instanceof ApiError))
			console.error(e);
		this.#again(e.message);
	}

	#close(code) {
		const name = FINAL[code];
		const final = this.#final ?? (name && { name });

		this.#hangUp();
		if (final)
			this.#say(final);
		else
			this.#again("");
	}

	#again(message) {
		const step = BACKOFF[Math.min(this.#tries, BACKOFF.length - 1)];
		const wait = Math.round(step * (1 + Math.random() / 4));

		this.#tries++;
		this.#hangUp();
		this.#say({ name: "waiting", message,
		    blocked: this.#unopened >= UNOPENED_MAX,
		    until: Date.now() + wait });
		this.#timer("again", wait, () => this.#connect());
	}

	#message(data) {
		this.#heard();
		if (typeof data !== "string")
			return this.#output(data);
		const m = JSON.parse(data);
		switch (m.type) {
		case "attached":
			return this.#attached(m);
		case "screen":
			return this.#on.repaint(Uint8Array.from(atob(m.data),
			    (c) => c.charCodeAt(0)));
		case "gap":
			return this.#gap(m.from, m.to);
		case "resize":
			return this.#on.size(m.cols, m.rows);
		case "accepted":
			this.#accepted = m.bytes;
			return this.#flush();
		case "exit":
			this.#final = { name: "exited", code: m.code ?? null,
			    signal: m.signal ?? null };
			return undefined;
		case "error":
			if (m.code === "transport_lost")
				this.#final = { name: "lost",
				    message: m.message };
			else
				console.warn(m.code, m.message);
			return undefined;
		default:
			return undefined;
		}
	}

	#attached(m) {
		const before = this.offset ?? this.#known;

		this.#known = null;
		this.#tries = 0;
		this.offset = Math.min(before ?? m.offset, m.offset);
		this.#on.size(m.cols, m.rows);
		this.#say({ name: "attached", readOnly: m.mode === "ro" });
		this.#gap(this.offset, m.offset);
		this.offset = m.offset;
		this.#timer("ping", PING_EVERY, () => this.#ping(PONG_TIME));
	}

	#gap(from, to) {
		const bytes = to - Math.max(from, this.offset);

		if (bytes <= 0)
			return;
		this.offset = to;
		this.lost += bytes;
		this.#on.gap(bytes);
		this.#timer("mend", MEND_WAIT, () => this.#mend());
	}

	/*
	 * A program that has the whole screen does not draw again what was
	 * lost: when the gaps are over we come back for its screen, if the
	 * gateway has kept up with it.
	 */
	async #mend() {
		const turn = this.#turn;

		try {
			const now = await this.#api.screen(this.session,
			    this.#patience());
			if (turn !== this.#turn || !now.alternate ||
			    !now.exact)
				return;
		} catch (e) {
			return;
		}
		this.offset = null;
		this.reconnect();
	}

	#output(bytes) {
		const old = Math.min(Math.max(this.#edge - this.offset, 0),
		    bytes.length);
		let wait;

		if (old > 0)
			wait = this.#show(bytes.subarray(0, old), true);
		if (old < bytes.length)
			wait = this.#show(bytes.subarray(old), false);
		if (!this.#socket.canWait && this.#waiting > VALVE)
			this.#again("");
		return wait;
	}

	#show(bytes, past) {
		const at = this.offset;

		this.offset += bytes.length;
		this.received += bytes.length;
		this.#waiting += bytes.length;
		return this.#on.output(bytes, at, past, () => {
			this.#waiting -= bytes.length;
		});
	}

	/* Anything that comes shows that the other side is there. */
	#heard() {
		clearTimeout(this.#timers.pong);
		delete this.#timers.pong;
	}

	#ping(patience) {
		this.#control({ type: "ping" });
		this.#timer("ping", PING_EVERY, () => this.#ping(PONG_TIME));
		if (this.#timers.pong === undefined)
			this.#timer("pong", patience, () => {
				this.#tries = 0;
				this.#socket?.drop();
			});
	}

	#control(m) {
		this.#socket?.send(JSON.stringify(m));
	}

	/* Never more under way than the gateway takes without a pause. */
	#flush() {
		while (this.#input.length > 0 && this.#sent - this.#accepted +
		    this.#input[0].length <= UNACCEPTED_MAX) {
			const piece = this.#input.shift();
			this.#sent += piece.length;
			this.#socket.send(piece);
		}
	}
}
