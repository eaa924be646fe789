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
 * Requests of the native API, gatewayd-terminal(7).  The token is kept here
 * and nowhere else.
 */

/* An answer that is no success, or none at all: then status is 0. */
export class ApiError extends Error {
	constructor(status, code, message) {
		super(message);
		this.status = status;
		this.code = code;
	}
}

/* For people: what the codes mean to who wants a terminal. */
const REASONS = {
	authentication_failed: "The host of the sandbox did not let us in",
	connection_lost: "There is no connection to the host of the sandbox",
	connection_refused: "The host of the sandbox refused the connection",
	host_key_mismatch: "The host of the sandbox is not the one it should " +
	    "be: its key is another",
	rate_limited: "Too many requests: wait a little",
	timed_out: "The sandbox did not answer in time",
	too_many_sessions: "Too many sessions: end one of them first",
	too_many_viewers: "Too many viewers of this session"
};

/* How long an answer may take: ms.  Opening a session is the slowest. */
const ANSWER_TIME = 20000;
const OPEN_TIME = 90000;

export class Api {
	#token;

	/* The page may stand below a path of a proxy: all is relative to it. */
	constructor(token) {
		this.#token = token;
		this.base = new URL("v1/", document.baseURI);
	}

	list(sandbox) {
		return this.#ask("GET",
		    `sandboxes/${encodeURIComponent(sandbox)}/sessions`);
	}

	create(sandbox, wish) {
		return this.#ask("POST",
		    `sandboxes/${encodeURIComponent(sandbox)}/sessions`, wish,
		    OPEN_TIME);
	}

	status(session, patience) {
		return this.#ask("GET", `sessions/${session}`, undefined,
		    patience);
	}

	screen(session, patience) {
		return this.#ask("GET", `sessions/${session}/screen`,
		    undefined, patience);
	}

	end(session) {
		return this.#ask("DELETE", `sessions/${session}`);
	}

	/*
	 * Browsers cannot set a header on a WebSocket, so each attachment
	 * has a ticket in its URL, which is good once and for a moment.
	 */
	async attachURL(session, readOnly, query, patience) {
		const mode = readOnly ? "ro" : "rw";
		const { ticket } = await this.#ask("POST", "tickets",
		    { session, mode }, patience);
		const url = new URL(`sessions/${session}/attach`, this.base);

		url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
		url.search = new URLSearchParams({ ...query, mode, ticket });
		return url.href;
	}

	async #ask(method, path, body, patience = ANSWER_TIME) {
		const init = {
			method,
			headers: { Authorization: `Bearer ${this.#token}` },
			cache: "no-store",
			credentials: "omit",
			referrerPolicy: "no-referrer",
			signal: AbortSignal.timeout(patience)
		};

		if (body !== undefined) {
			init.headers["Content-Type"] = "application/json";
			init.body = JSON.stringify(body);
		}
		let answer, text;
		try {
			answer = await fetch(new URL(path, this.base), init);
			text = await answer.text();
		} catch (e) {
			throw new ApiError(0, "unreachable",
			    "The gateway does not answer");
		}
		let json = null;
		try {
			json = text === "" ? null : JSON.parse(text);
		} catch (e) {
			/* A proxy's page: the status says enough. */
		}
		if (!answer.ok)
			throw new ApiError(answer.status,
			    json?.error?.code ?? "http",
			    REASONS[json?.error?.code] ??
			    json?.error?.message ??
			    `The gateway answered ${answer.status}`);
		return json;
	}
}
