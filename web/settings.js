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
 * What the reader of the page prefers.  This, and nothing of a session or a
 * token, is kept by the browser.
 */

const KEY = "gatewayd";
const FONT_MIN = 8;
const FONT_MAX = 40;
const DEFAULTS = {
	theme: "auto",		/* or "light", "dark" */
	fontSize: 15,		/* pixels */
	screenReader: false,
	list: true		/* of sessions is shown */
};

export class Settings {
	#dark = matchMedia("(prefers-color-scheme: dark)");
	#changed;

	/* changed() is called after each change, also of the system's theme. */
	constructor(changed) {
		this.#changed = changed;
		Object.assign(this, DEFAULTS);
		try {
			const saved = JSON.parse(localStorage.getItem(KEY));
			for (const name in DEFAULTS)
				if (typeof saved?.[name] === typeof this[name])
					this[name] = saved[name];
		} catch (e) {
			/* Nothing is kept, or nothing may be. */
		}
		this.fontSize = this.#clamp(this.fontSize);
		this.#dark.addEventListener("change", () => this.#changed());
	}

	get dark() {
		return this.theme === "dark" ||
		    (this.theme !== "light" && this.#dark.matches);
	}

	set(name, value) {
		this[name] = name === "fontSize" ? this.#clamp(value) : value;
		try {
			localStorage.setItem(KEY, JSON.stringify(
			    Object.fromEntries(Object.keys(DEFAULTS).map(
			    (key) => [key, this[key]]))));
		} catch (e) {
			/* It holds until the page is closed, then. */
		}
		this.#changed();
	}

	#clamp(size) {
		return Math.min(Math.max(Math.round(size), FONT_MIN), FONT_MAX);
	}
}
