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
 * A WebSocket of either kind that browsers have.  With WebSocketStream the
 * page reads when it can take more, so that a flood waits in the gateway,
 * which then holds the program back.  The older kind cannot be told to wait;
 * there the attachment has to leave and come back.
 *
 * Handlers: open(), message(data) with a string or a Uint8Array, which may
 * return a promise to wait for, and, once and last, close(code, reason).
 */

/* How long a handshake may take: ms. */
const OPEN_TIME = 20000;

export class Socket {
	#on;
	#closed = false;
	#timer;

	constructor(url, protocol, on) {
		this.#on = on;
		this.canWait = "WebSocketStream" in window;
		this.#timer = setTimeout(() => this.drop(), OPEN_TIME);
		if (this.canWait)
			this.#openStream(url, protocol);
		else
			this.#openEvents(url, protocol);
	}

	/* A handler that is called no more after the close. */
	#tell(what, ...args) {
		if (this.#closed)
			return undefined;
		if (what === "open")
			clearTimeout(this.#timer);
		if (what === "close") {
			this.#closed = true;
			clearTimeout(this.#timer);
		}
		return this.#on[what](...args);
	}

	#openEvents(url, protocol) {
		const ws = new WebSocket(url, [protocol]);

		ws.binaryType = "arraybuffer";
		ws.onopen = () => this.#tell("open");
		ws.onmessage = (e) => this.#tell("message",
		    typeof e.data === "string" ? e.data :
		    new Uint8Array(e.data));
		ws.onclose = (e) => this.#tell("close", e.code, e.reason);
		this.send = (data) => {
			if (ws.readyState === WebSocket.OPEN)
				ws.send(data);
		};
		this.close = () => ws.close(1000);
	}

	#openStream(url, protocol) {
		const stream = new WebSocketStream(url,
		    { protocols: [protocol] });
		let writer = null;

		this.send = (data) => writer?.write(data).catch(() => {});
		this.close = () => {
			try {
				stream.close({ closeCode: 1000 });
			} catch (e) {
				/* It is closed. */
			}
		};
		stream.opened.then(async ({ readable, writable }) => {
			writer = writable.getWriter();
			writer.closed.catch(() => {});
			this.#tell("open");
			await this.#read(readable.getReader());
		}).catch(() => {});
		stream.closed.then(
		    (e) => this.#ended(e),
		    (e) => this.#ended(e ?? {}));
	}

	async #read(reader) {
		this.#reading = true;
		try {
			for (;;) {
				const { done, value } = await reader.read();
				if (done)
					break;
				await this.#tell("message",
				    typeof value === "string" ? value :
				    new Uint8Array(value));
			}
		} catch (e) {
			/* The close says what happened. */
		}
		this.#reading = false;
		if (this.#last !== null)
			this.#ended(this.#last);
	}

	/* The close may be known before all that came before it is read. */
	#reading = false;
	#last = null;
	#ended(e) {
		this.#last = e;
		if (!this.#reading)
			this.#tell("close", e.closeCode ?? 1006,
			    e.reason ?? "");
	}

	/* Give it up at once, whether the other side hears of it or not. */
	drop() {
		this.#tell("close", 1006, "");
		this.close();
	}
}
