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

/* The list of a sandbox's sessions. */

/* How often it is looked at while the page is seen: ms. */
const EVERY = 10000;

const STATES = {
	starting: "starting",
	exited: "exited",
	lost: "connection lost"
};

export function sessionName(session) {
	return session.name ?? session.id.slice(0, 8);
}

function age(started) {
	const s = Math.max(0, Math.round(Date.now() / 1000 - started));

	if (s < 60)
		return `${s} s`;
	if (s < 3600)
		return `${Math.floor(s / 60)} min`;
	if (s < 86400)
		return `${Math.floor(s / 3600)} h`;
	return `${Math.floor(s / 86400)} d`;
}

function describe(session) {
	const words = [];

	if (session.exit?.code !== undefined && session.exit.code !== null)
		words.push(`exited with code ${session.exit.code}`);
	else if (session.exit?.signal)
		words.push(`ended by ${session.exit.signal}`);
	else if (session.state !== "running")
		words.push(STATES[session.state] ?? session.state);
	else {
		words.push(`${session.cols}\u00d7${session.rows}`);
		words.push(session.viewers === 1 ? "1 viewer" :
		    `${session.viewers} viewers`);
	}
	words.push(age(session.started));
	return words.join(" \u00b7 ");
}

export class SessionList {
	#api;
	#on;
	#timer;
	#list;
	#drawn = "";

	/* Handlers: choose(session), end(session), failed(error). */
	constructor(element, on) {
		this.#list = element;
		this.#on = on;
		this.sessions = [];
		this.current = null;
		document.addEventListener("visibilitychange", () => {
			if (!document.hidden)
				this.refresh();
		});
	}

	/* Which sandbox it is of. */
	show(api, sandbox) {
		this.#api = api;
		this.sandbox = sandbox;
		this.sessions = [];
		this.draw();
		return this.refresh();
	}

	async refresh() {
		clearTimeout(this.#timer);
		if (!this.sandbox)
			return;
		const sandbox = this.sandbox;
		try {
			const sessions = await this.#api.list(sandbox);
			if (sandbox !== this.sandbox)
				return;
			this.sessions = sessions.sort((a, b) =>
			    a.started - b.started || (a.id < b.id ? -1 : 1));
			this.draw();
		} catch (e) {
			if (sandbox === this.sandbox)
				this.#on.failed(e);
		}
		clearTimeout(this.#timer);
		if (!document.hidden)
			this.#timer = setTimeout(() => this.refresh(), EVERY);
	}

	/* Only what has changed, so that the focus stays where it is. */
	draw() {
		const drawn = this.sessions.map((s) => s.id).join();

		if (drawn !== this.#drawn) {
			const focus = document.activeElement?.dataset.session;
			this.#list.replaceChildren(...this.sessions.map((s) =>
			    this.#item(s)));
			this.#drawn = drawn;
			if (focus)
				this.#list.querySelector(
				    `[data-session="${focus}"]`)?.focus();
		}
		this.sessions.forEach((s, i) =>
		    this.#fill(this.#list.children[i], s));
		this.#list.dataset.empty = this.sessions.length === 0;
	}

	#item(session) {
		const item = document.createElement("li");
		const open = document.createElement("button");
		const name = document.createElement("span");
		const about = document.createElement("span");
		const end = document.createElement("button");

		open.className = "open";
		open.dataset.session = session.id;
		name.className = "name";
		about.className = "about";
		open.append(name, about);
		open.onclick = () => this.#on.choose(session.id);
		end.className = "end icon";
		end.textContent = "\u00d7";
		end.onclick = () => this.#on.end(session);
		item.append(open, end);
		return item;
	}

	#fill(item, session) {
		const [open, end] = item.children;
		const over = session.state === "exited" ||
		    session.state === "lost";

		open.children[0].textContent = sessionName(session);
		open.children[1].textContent = describe(session);
		open.setAttribute("aria-current",
		    String(session.id === this.current));
		end.title = end.ariaLabel =
		    `End session ${sessionName(session)}`;
		end.hidden = over;
		item.dataset.state = session.state;
	}
}
