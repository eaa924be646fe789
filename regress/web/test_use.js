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

/* What is around the terminal, and who may see what. */
"use strict";

const assert = require("assert");

const { sleep } = require("./daemon.js");

/* Pictures of the line at the bottom: no two states look the same. */
const pictures = new Map();

async function picture(v, name, pattern) {
	let png;

	/* One of two that alternate is still there behind the picture. */
	await v.until(`no picture of ${name}`, async () => {
		const was = await v.text("state");
		png = await v.shot(`line-${name}`, v.page.locator("#state"));
		return pattern.test(was) && was === await v.text("state");
	});
	for (const [other, old] of pictures)
		assert.ok(!png.equals(old), `${name} looks like ${other}`);
	pictures.set(name, png);
}

async function states({ daemon, open }) {
	const v = await open();

	await v.attached();
	await picture(v, "attached", /^Attached$/);
	await v.page.click("#t-readonly");
	await v.state(/^Attached, read-only$/);
	await picture(v, "read-only", /^Attached, read-only$/);
	await v.page.click("#t-readonly");
	await v.state(/^Attached$/);
	daemon.proxy.refusing = true;
	daemon.proxy.cut();
	await v.state(/^Connection lost: reconnecting/);
	await picture(v, "waiting", /^Connection lost: reconnecting/);
	daemon.proxy.refusing = false;
	daemon.proxy.frozen = true;
	await v.connectNow();
	await v.state(/^Connecting\u2026$/);
	await picture(v, "connecting", /^Connecting\u2026$/);
	daemon.proxy.frozen = false;
	daemon.proxy.cut();
	await v.state(/^Attached$/);
	await v.type("exit 3\n");
	await v.state(/^Exited with code 3$/);
	await picture(v, "exited", /^Exited with code 3$/);
	await v.page.click("#again");
	await v.attached();
	await daemon.api("DELETE", `sessions/${await v.now("session")}`);
	await v.state(/^(Session ended|Ended by signal HUP)$/);
	await picture(v, "ended", /^(Session ended|Ended by signal HUP)$/);
}

async function readOnly({ open }) {
	const a = await open();

	await a.attached();
	const b = await open({ hash: new URL(a.page.url()).hash.slice(1) +
	    "&mode=ro" });
	await b.state(/^Attached, read-only$/);
	await b.type("echo not-me\n");
	await a.command("echo me-$((4 + 4))", /^me-8$/m);
	await b.shows(/^me-8$/m);
	assert.doesNotMatch(await a.screen(), /not-me/);
	/* Who only watches does not change the size. */
	await b.page.setViewportSize({ width: 600, height: 400 });
	await sleep(500);
	const before = await a.page.evaluate(() => window.gatewayd
	    .terminal.cols);
	assert.equal(await b.page.evaluate(() => window.gatewayd
	    .terminal.cols), before);
	await b.until("no word of the size", async () =>
	    /not the size of this window/.test(await b.text("size")));
	/* It stays so across a reload, until it is switched. */
	await b.page.reload();
	await b.state(/^Attached, read-only$/);
	await b.page.click("#t-readonly");
	await b.state(/^Attached$/);
	await b.command("echo now-$((5 + 5))", /^now-10$/m);
}

async function keyboard({ open }) {
	const v = await open();
	const at = () => v.page.evaluate(() => document.activeElement.id ||
	    document.activeElement.dataset.session ||
	    document.activeElement.ariaLabel);
	const go = async (id) => {
		for (let i = 0; i < 40; i++) {
			if (await at() === id)
				return;
			await v.page.keyboard.press("Tab");
		}
		assert.fail(`Tab does not lead to ${id}`);
	};

	await v.attached();
	const first = await v.now("session");
	/* The page begins in the terminal, where Tab is the program's. */
	await v.page.keyboard.press("Tab");
	assert.equal(await at(), "Terminal input");
	await v.page.keyboard.press("Control+c");
	await v.page.keyboard.press("Control+Shift+L");
	assert.equal(await at(), "t-list");
	for (const id of ["t-readonly", "t-reader", "t-smaller", "t-larger",
	    "t-theme", "t-help", "new"])
		await go(id);
	await v.page.keyboard.press("Enter");
	await v.until("no new session", async () =>
	    await v.now("session") !== first);
	await v.attached();
	await v.page.keyboard.type("echo typed-$((3 * 3))\n");
	await v.shows(/^typed-9$/m);
	/* Out, to the list, to the other session, and to its end. */
	await v.page.keyboard.press("Control+Shift+L");
	await go(first);
	await v.page.keyboard.press("Enter");
	await v.until("not the other", async () =>
	    await v.now("session") === first);
	await v.attached();
	await v.page.keyboard.press("Control+Shift+L");
	const [, name] = (await v.text("where")).match(/ \/ (.*)$/);
	await go(`End session ${name}`);
	await v.page.keyboard.press("Enter");
	await v.page.waitForSelector("#confirm[open]");
	await v.shot("confirm");
	/* Enter alone keeps it. */
	await v.page.keyboard.press("Enter");
	await v.page.waitForSelector("#confirm", { state: "hidden" });
	await sleep(300);
	await v.state(/^Attached$/);
	await v.page.keyboard.press("Enter");
	await v.page.waitForSelector("#confirm[open]");
	await v.page.keyboard.press("Tab");
	await v.page.keyboard.press("Enter");
	await v.state(/^(Session ended|Ended by signal HUP)$/);
	/* Help opens and closes; the key leads back into the terminal. */
	await go("t-help");
	await v.page.keyboard.press("Enter");
	await v.page.waitForSelector("#help[open]");
	await v.page.keyboard.press("Escape");
	await v.page.waitForSelector("#help", { state: "hidden" });
	await v.page.keyboard.press("Control+Shift+L");
	assert.equal(await at(), "Terminal input");
}

async function reader({ open }) {
	const v = await open();

	await v.attached();
	await v.page.click("#t-reader");
	await v.command("echo rea''dable", /^readable$/m);
	await v.until("not readable", async () =>
	    (await v.page.textContent(".xterm-accessibility"))
	    .includes("readable"));
	/* What changes is said; what only counts is not. */
	assert.equal(await v.page.getAttribute("#state", "aria-live"),
	    "polite");
	assert.equal(await v.page.getAttribute("#countdown", "aria-hidden"),
	    "true");
	await v.page.reload();
	await v.attached();
	assert.equal(await v.page.getAttribute("#t-reader", "aria-pressed"),
	    "true");
}

const background = (v) => v.page.evaluate(() => [
	getComputedStyle(document.body).backgroundColor,
	window.gatewayd.terminal.options.theme.background
]);

async function themes({ open }) {
	const v = await open({ dark: true });

	await v.attached();
	await v.command("clear; ls --color=always / | head -20", /./);
	await v.shot("dark");
	const dark = await background(v);
	await v.page.emulateMedia({ colorScheme: "light" });
	await v.until("still dark", async () =>
	    String(await background(v)) !== String(dark));
	const light = await background(v);
	await v.shot("light");
	await v.page.selectOption("#t-theme", "dark");
	assert.deepEqual(await background(v), dark);
	await v.page.emulateMedia({ colorScheme: "dark" });
	await v.page.selectOption("#t-theme", "light");
	assert.deepEqual(await background(v), light);
	await v.page.reload();
	await v.attached();
	assert.deepEqual(await background(v), light);
}

/* It draws with elements then, whose styles the policy must let be. */
async function dull({ open }) {
	const v = await open({ dull: true });
	const red = () => v.page.evaluate(() => {
		const word = [...document.querySelectorAll(
		    ".xterm-rows span")].find((s) =>
		    s.textContent.startsWith("scarlet"));
		return word && getComputedStyle(word).color;
	});

	await v.attached();
	assert.equal(await v.now("renderer"), "dom");
	await v.command("clear; printf '\\033[31mscar''let\\033[0m\\n'",
	    /^scarlet$/m);
	assert.equal(await v.until("not drawn", red), "rgb(184, 35, 47)");
	await v.shot("without-webgl");
}

/* A reload draws the same picture. */
async function same({ open }) {
	const v = await open();
	const terminal = v.page.locator("#terminal");

	await v.attached();
	await v.command("clear; for i in 1 2 3 4 5 6 7; do " +
	    "printf \"\\033[3${i}mcolour $i\\033[0m\\n\"; done; echo o''k",
	    /^ok$/m);
	const still = async () => {
		await v.page.evaluate(() => {
			window.gatewayd.terminal.options.cursorBlink = false;
		});
		await v.page.focus("#terminal textarea");
		await sleep(500);
	};
	await still();
	const before = await v.still("before-reload", terminal);
	await v.page.reload();
	await v.shows(/^ok$/m);
	await v.state(/^Attached$/);
	await still();
	await v.until("not the same picture after a reload", async () =>
	    before.equals(await v.shot("after-reload", terminal)));
}

async function small({ open }) {
	const v = await open({ viewport: { width: 390, height: 740 },
	    dark: true });

	const listed = () => v.page.isVisible("#list");

	/* The list would cover the terminal, and is there when asked for. */
	await v.attached();
	assert.ok(!await listed());
	await v.shot("small");
	assert.ok(await v.page.evaluate(() => document.body.scrollWidth <=
	    innerWidth));
	const first = await v.now("session");
	const hidden = async () => !await listed();

	await v.page.click("#t-list");
	await v.until("no list", listed);
	await v.shot("small-list");
	await v.page.mouse.click(350, 400);
	await v.until("still a list", hidden);
	await v.page.click("#t-list");
	await v.page.focus("#new");
	await v.page.keyboard.press("Escape");
	await v.until("still a list", hidden);
	await v.page.click("#t-list");
	await v.page.click("#new");
	await v.until("no new session", async () =>
	    await v.now("session") !== first);
	await v.until("still a list", hidden);
	await v.attached();
	/* A wide window has room for both. */
	await v.page.setViewportSize({ width: 1000, height: 600 });
	await v.until("no list", listed);
}

/* A token is in memory, and no more of it is anywhere than was given. */
async function tokens({ daemon, open }) {
	const v = await open({ hash: "sandbox=demo" });
	const token = daemon.token();

	await v.page.waitForSelector("#login");
	await v.shot("login");
	await v.page.fill("#token", "eyJ.no.token");
	await v.page.keyboard.press("Tab");
	await v.page.click("#login button");
	await v.until("not refused", async () =>
	    /not accepted/.test(await v.text("login-why")));
	await v.page.fill("#token", ` ${token}\n`);
	await v.page.click("#login button");
	await v.attached();
	assert.ok(!v.page.url().includes(token));
	const kept = await v.page.evaluate(() => JSON.stringify([
		{ ...localStorage }, { ...sessionStorage }, document.cookie,
		history.state, document.documentElement.outerHTML,
		document.getElementById("token").value
	]));
	assert.ok(!kept.includes(token));
	assert.deepEqual(await v.context.cookies(), []);
	for (const url of v.requests)
		assert.ok(!url.includes(token), url);
	/* A reload asks again, and leads to the same session. */
	const session = await v.now("session");
	await v.page.reload();
	await v.page.waitForSelector("#login");
	await v.page.fill("#token", token);
	await v.page.click("#login button");
	await v.attached();
	assert.equal(await v.now("session"), session);
}

async function expires({ daemon, open }) {
	const before = Date.now();
	const w = await open();

	await w.attached();
	/* It lives for as long as it takes to get in, with time to spare. */
	const seconds = 10 + Math.ceil((Date.now() - before) / 250);
	await w.close();
	const token = daemon.token(seconds);
	const over = Date.now() + seconds * 1000 + 1000;
	const v = await open({ hash: `token=${token}&sandbox=demo` });

	await v.attached();
	await sleep(over - Date.now());
	/* Who is attached stays, whatever the list is told. */
	const refused = v.page.waitForResponse((r) => r.status() === 401);
	await v.page.evaluate(() =>
	    document.dispatchEvent(new Event("visibilitychange")));
	await refused;
	/* Who comes back is asked. */
	await v.command("echo still-$((1 + 1))", /^still-2$/m);
	daemon.proxy.cut();
	await v.page.waitForSelector("#login");
	await v.until("no word why", async () =>
	    /expired/.test(await v.text("login-why")));
	await v.page.fill("#token", daemon.token());
	await v.page.click("#login button");
	await v.attached();
}

async function foreign({ daemon, open }) {
	const v = await open({ hash: `token=${daemon.token()}&` +
	    "sandbox=nobody-has-this" });

	/* Another name is asked for, and no other token. */
	await v.page.waitForSelector("#login");
	await v.until("no word why", async () =>
	    /no such sandbox/.test(await v.text("login-why")));
	assert.equal(await v.text("note"), "");
	assert.ok(!await v.page.isVisible("#token"));
	await v.shot("no-sandbox");
	await v.page.keyboard.type("demo\n");
	await v.attached();
	/* What could lead somewhere else in a URL is no name. */
	const w = await open({ hash: `token=${daemon.token()}&` +
	    "sandbox=..&session=../../../assets/page.js" });
	await w.page.waitForSelector("#login");
	for (const url of w.requests)
		assert.ok(!/v1/.test(url), url);
}

/* Why there is none is said in words, and it can be tried again. */
async function unreachable({ daemon, open }) {
	const v = await open({ hash: `token=${daemon.token()}&sandbox=off` });

	await v.state(/^The host of the sandbox refused the connection$/);
	await v.shot("refused");
	await v.page.click("#again");
	await v.note(/^The host of the sandbox refused the connection$/);
}

/* Only what is ours runs. */
async function policy({ open }) {
	const v = await open();

	await v.attached();
	assert.deepEqual(v.errors, []);
	for (const url of v.requests)
		assert.equal(new URL(url).host, new URL(v.page.url()).host);
	const ran = await v.page.evaluate(() => {
		const s = document.createElement("script");
		s.textContent = "window.injected = 1";
		document.body.append(s);
		const i = document.createElement("img");
		i.setAttribute("onerror", "window.injected = 2");
		i.src = "http://127.0.0.1:9/x";
		document.body.append(i);
		return new Promise((resolve) => setTimeout(() =>
		    resolve(window.injected ?? 0), 500));
	});
	assert.equal(ran, 0);
	await v.until("nothing was refused", () => v.errors.length > 0);
	v.errors.length = 0;
}

async function sessions({ daemon, open }) {
	const v = await open();
	const items = () => v.page.locator(
	    "#sessions li[data-state=running]").allTextContents();

	await v.attached();
	const first = await v.now("session");
	const s = await daemon.api("POST", "sandboxes/demo/sessions",
	    { cols: 80, rows: 24, name: "other" });
	await v.page.click("#new");
	await v.until("no new session", async () =>
	    await v.now("session") !== first);
	await v.until("not three", async () => (await items()).length === 3);
	await v.attached();
	await v.until("no other", async () => (await items())
	    .filter((s) => /^other80/.test(s)).length === 1);
	/* What the terminal still has to show is of the session before. */
	await v.page.evaluate((id) => {
		window.gatewayd.terminal.write("before ".repeat(100000));
		document.querySelector(`[data-session="${id}"]`).click();
	}, s.id);
	await v.until("not that one", async () =>
	    await v.now("session") === s.id);
	await v.attached();
	assert.ok(await v.page.evaluate(() => {
		const { terminal } = window.gatewayd;

		terminal.selectAll();
		return !terminal.getSelection().includes("before");
	}), "the session before is still to be seen");
	await v.until("another place", async () =>
	    /demo \/ other/.test(await v.text("where")));
	await v.page.click("li:has([aria-current=true]) .end");
	await v.page.click("#confirm .danger");
	await v.state(/^(Session ended|Ended by signal HUP)$/);
	await v.shot("sessions");
}

module.exports = [
	["states and how they look", states],
	["read-only", readOnly],
	["the keyboard alone", keyboard],
	["a screen reader", reader],
	["light and dark", themes],
	["a machine without WebGL", dull],
	["the same picture after a reload", same],
	["a small window", small],
	["a token that was pasted", tokens],
	["a token that expires", expires],
	["names that lead nowhere", foreign],
	["a host that is not there", unreachable],
	["the content security policy", policy],
	["the list of sessions", sessions]
];
