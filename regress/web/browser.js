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

/* Chromium, and the page in it as a user and a test see it. */
"use strict";

const fs = require("fs");
const path = require("path");
const { chromium } = require("playwright-core");

const { BUILD, sleep } = require("./daemon.js");

const OUT = path.join(BUILD, "regress-out", "web");
const WAIT = 60000;		/* ms, for what takes no time */
const SIZE = { width: 1100, height: 680 };

let browser = null;

async function launch() {
	fs.mkdirSync(OUT, { recursive: true });
	browser = await chromium.launch({
		executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
		/* Chromium's own sandbox does not work for root. */
		args: process.getuid() === 0 ? ["--no-sandbox"] : []
	});
}

/* Run in the page before all else: pass on what the terminal is given. */
function watch() {
	window.gatewayd = {
		onoutput: (at, bytes) => {
			let s = "";
			for (const b of bytes)
				s += String.fromCharCode(b);
			window.gotOutput(at, btoa(s));
		}
	};
}

/* Older browsers, and others: no WebSocketStream. */
function age() {
	delete window.WebSocketStream;
}

/* As on a machine without WebGL. */
function dull() {
	const get = HTMLCanvasElement.prototype.getContext;

	HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
		return kind.startsWith("webgl") ? null :
		    get.call(this, kind, ...more);
	};
}

class View {
	/* options: hash, dark, watched, aged, dull, viewport. */
	static async open(url, options = {}) {
		const v = new View();

		v.context = await browser.newContext({
			viewport: options.viewport ?? SIZE,
			colorScheme: options.dark ? "dark" : "light",
			permissions: ["clipboard-read", "clipboard-write"]
		});
		v.page = await v.context.newPage();
		v.errors = [];
		v.requests = [];
		v.chunks = [];
		v.page.on("pageerror", (e) => v.errors.push(e.stack));
		v.page.on("console", (m) => {
			if (m.text().includes("Content Security Policy"))
				v.errors.push(m.text());
		});
		v.page.on("request", (r) => v.requests.push(r.url()));
		await v.context.exposeFunction("gotOutput", (at, text) =>
		    v.chunks.push([at, Buffer.from(text, "base64")]));
		if (options.aged)
			await v.page.addInitScript(age);
		if (options.dull)
			await v.page.addInitScript(dull);
		if (options.watched)
			await v.page.addInitScript(watch);
		await v.page.goto(url);
		return v;
	}

	close() {
		return this.context.close();
	}

	text(id) {
		return this.page.textContent(`#${id}`);
	}

	/* Wait until f() gives something that is true. */
	async until(what, f, time = WAIT) {
		const end = Date.now() + time;

		for (;;) {
			const got = await f();
			if (got)
				return got;
			if (Date.now() > end)
				throw new Error(`${what}; there is:\n` +
				    `${await this.text("state")} ` +
				    `${await this.text("note")}\n` +
				    await this.screen());
			await sleep(30);
		}
	}

	/* Until the line at the bottom is like that. */
	state(pattern, time) {
		return this.until(`no state ${pattern}`, async () =>
		    (await this.text("state")).match(pattern), time);
	}

	note(pattern, time) {
		return this.until(`no note ${pattern}`, async () =>
		    (await this.text("note")).match(pattern), time);
	}

	/* What the terminal shows. */
	screen() {
		return this.page.evaluate(() => {
			const b = window.gatewayd.terminal.buffer.active;
			const lines = [];
			for (let i = 0; i < window.gatewayd.terminal.rows; i++)
				lines.push(b.getLine(b.viewportY + i)
				    ?.translateToString().trimEnd() ?? "");
			return lines.join("\n").trimEnd();
		});
	}

	shows(pattern, time) {
		return this.until(`not shown: ${pattern}`, async () =>
		    (await this.screen()).match(pattern), time);
	}

	/* What the hook says. */
	now(name) {
		return this.page.evaluate((n) => window.gatewayd[n], name);
	}

	async type(text) {
		await this.page.focus("#terminal textarea");
		await this.page.keyboard.type(text);
	}

	/* A command of the shell, and what it prints. */
	async command(line, pattern, time) {
		await this.type(`${line}\n`);
		return this.shows(pattern, time);
	}

	async attached() {
		await this.state(/^Attached/);
		await this.shows(/demo\$ $|demo\$$/m);
	}

	/* Again, by another connection, whatever is shown meanwhile. */
	async attachedAgain(proxy, f) {
		const before = proxy.upgrades;

		await f();
		await this.until("no other connection", () =>
		    proxy.upgrades > before);
		await this.state(/^Attached$/);
	}

	/* Connect without waiting; it may be about to do that by itself. */
	connectNow() {
		return this.page.evaluate(() =>
		    document.getElementById("now").click());
	}

	/* A picture of what has come to rest: two in a row are the same. */
	async still(name, what) {
		let last = await this.shot(name, what);

		await this.until(`${name} does not rest`, async () => {
			await sleep(200);
			const was = last;
			last = await this.shot(name, what);
			return was.equals(last);
		});
		return last;
	}

	/* A picture that is kept. */
	shot(name, what = this.page) {
		return what.screenshot({ path: path.join(OUT, `${name}.png`),
		    animations: "disabled", caret: "hide" });
	}
}

/*
 * One stream of what came in chunks with offsets, from the first byte on:
 * what came twice is taken once.  Throws where something is missing.
 */
function join(chunks) {
	const parts = [];
	let next = 0;

	for (const [at, bytes] of chunks) {
		if (at > next)
			throw new Error(`bytes ${next} to ${at} never came`);
		if (at + bytes.length <= next)
			continue;
		parts.push(bytes.subarray(next - at));
		next = at + bytes.length;
	}
	return Buffer.concat(parts);
}

module.exports = { View, join, launch, sleep, WAIT,
    quit: () => browser?.close() };
