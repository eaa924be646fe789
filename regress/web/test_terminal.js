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

/* The terminal: what is typed, pasted, printed and drawn. */
"use strict";

const assert = require("assert");
const crypto = require("crypto");
const fs = require("fs");

const { sleep } = require("./daemon.js");

const PASTE = 1000000;		/* characters */

const hash = (data) =>
    crypto.createHash("sha256").update(data).digest("hex");

async function opens({ open }) {
	const v = await open();

	await v.attached();
	await v.command("echo $((6 * 7))-$SHELL_IS", /^42-$/m);
	await v.command("printf '\\342\\202\\254uro \\303\\251\\n'",
	    /^\u20acuro \u00e9$/m);
	/* What is typed arrives as UTF-8, too. */
	await v.command("printf %s \u00e4\u20ac\u{1f600} | od -An -tx1",
	    /c3 a4 e2 82 ac f0 9f 98 80/);
	await v.page.keyboard.press("Control+d");
	await v.state(/^Exited with code 0$/);
}

/* A page that is opened again, elsewhere, has the same shell. */
async function shares({ open }) {
	const a = await open();
	const b = await open();

	await a.attached();
	await b.attached();
	assert.equal(await a.now("session"), await b.now("session"));
	await a.command("echo from-$((1 + 1))", /^from-2$/m);
	await b.shows(/^from-2$/m);
}

async function size(v) {
	return v.page.evaluate(() => [window.gatewayd.terminal.rows,
	    window.gatewayd.terminal.cols].join(" "));
}

async function resizes({ open }) {
	const v = await open();
	let before = "";
	/* The shell's size is the page's, soon. */
	const agreed = async () => {
		await v.type("clear; stty size\n");
		await sleep(300);
		return new RegExp(`^${await size(v)}$`, "m")
		    .test(await v.screen());
	};

	await v.attached();
	const first = await size(v);
	for (const [width, height] of [[1100, 680], [800, 500], [1300, 900],
	    [420, 700]]) {
		await v.page.setViewportSize({ width, height });
		await v.until("no new size", async () =>
		    (await size(v)) !== before || before === "");
		await v.until("another size", agreed);
		before = await size(v);
	}
	/* The size of the text changes it, too. */
	await v.page.setViewportSize({ width: 1100, height: 680 });
	await v.until("no old size", async () => (await size(v)) === first);
	await v.page.click("#t-larger");
	await v.page.click("#t-larger");
	await v.until("no new size", async () => (await size(v)) !== first);
	await v.until("another size", agreed);
}

/* A million characters, of one to four bytes, into a raw terminal. */
async function pastes({ open }) {
	const v = await open();
	const some = ["a", "Z", "0", "/", "~", " ", "\t", "\u00e9", "\u20ac",
	    "\u{1f680}"];
	let text = "";
	let seed = 1;

	await v.attached();
	for (let i = 0; i < PASTE; i++) {
		seed = seed * 48271 % 0x7fffffff;
		text += some[seed % some.length];
	}
	const bytes = Buffer.from(text);
	await v.command("stty raw -echo; echo rea''dy; " +
	    `head -c ${bytes.length} | sha256sum; stty sane`, /ready/);
	await v.page.evaluate((s) => navigator.clipboard.writeText(s), text);
	await v.page.focus("#terminal textarea");
	await v.page.keyboard.press("Control+Shift+V");
	await v.shows(new RegExp(hash(bytes)), 120000);
	await v.command("echo still-$((3 + 4))", /still-7/);
}

async function edits({ daemon, open }) {
	const v = await open();
	const file = `${daemon.shared}/text`;

	await v.attached();
	await v.command("clear; vi -u NONE -N $SHARED/text", /"[^"]*text"/);
	await v.type("ihello from vi");
	await v.page.keyboard.press("Escape");
	await v.type("yy20pgg");
	await v.shows(/^hello from vi\n(hello from vi\n){20}~/);
	/* It has drawn all when it says this. */
	await v.type(":set number?\n");
	await v.shows(/^nonumber/m);
	const before = await v.screen();

	/* A page that comes in the middle shows the same at once. */
	await v.page.reload();
	await v.state(/^Attached$/);
	await v.until("another screen", async () =>
	    await v.screen() === before);
	await v.type("dG:wq\n");
	await v.shows(/demo\$$/m);
	await v.until("no file", () => fs.existsSync(file));
	assert.equal(fs.readFileSync(file, "utf8"), "");
}

async function pages({ open }) {
	const v = await open();

	await v.attached();
	await v.command("clear; seq 100000 100400 | less",
	    /^100000\n100001\n/);
	await v.type("G");
	await v.shows(/^100400\n\(END\)$/m);
	await v.type("g/100200\n");
	await v.shows(/^100200\n100201\n/);
	await v.type("q");
	await v.shows(/demo\$$/m);
	assert.doesNotMatch(await v.screen(), /100201/);
}

/*
 * Far more than a terminal can show: the program is held back, nothing is
 * lost, and the keyboard is heard.
 */
async function floods({ open }) {
	const v = await open();

	await v.attached();
	await v.type("yes 0123456789012345678901234567890123456789\n");
	await v.until("no flood", async () =>
	    await v.now("received") > 20000000, 120000);
	await v.page.keyboard.press("Control+c");
	await v.command("echo done-$((2 + 3))", /^done-5$/m);
	assert.equal(await v.now("lost"), 0);
}

/* Where a browser cannot wait there may be gaps, and they are told. */
async function floodsOld({ open }) {
	const v = await open({ aged: true });

	await v.attached();
	/* One of lost input may take the place of one of a gap. */
	await v.page.evaluate(() => {
		window.notes = "";
		new MutationObserver((all) => all.forEach((m) =>
		    m.addedNodes.forEach((n) => {
			window.notes += n.textContent;
		    }))).observe(document.getElementById("note"),
		    { childList: true });
	});
	await v.type("yes 0123456789012345678901234567890123456789\n");
	await v.until("no flood", async () =>
	    await v.now("received") > 20000000, 120000);
	/* What is typed while it has left and comes back is not kept. */
	await v.until("the keyboard is not heard", async () => {
		await v.page.keyboard.press("Control+c");
		await v.type("\necho done-$((2 + 3))\n");
		await sleep(1000);
		return /^done-5$/m.test(await v.screen());
	}, 120000);
	if (await v.now("lost") > 0)
		await v.until("no gap was told", () => v.page.evaluate(() =>
		    /Gap of [0-9,]+ bytes/.test(window.notes)));
}

/* Questions in old output are not answered again into the shell. */
async function silent({ open }) {
	const v = await open();

	await v.attached();
	await v.type("stty -echo; printf '\\033[c\\033[6n\\033]11;?\\007'; " +
	    "sleep 0.5; stty sane; echo li''stening; cat >/dev/null\n");
	/* What comes before that on the screen has been answered. */
	await v.shows(/^.*listening$/m);
	await v.page.keyboard.press("Control+c");
	await v.command("clear; echo cle''an", /^clean\n/m);
	await v.page.reload();
	await v.attached();
	await sleep(500);
	await v.command("echo en''d", /^end$/m);
	assert.doesNotMatch(await v.screen(), /\[\?1;2c|rgb:|;1R/);
}

/* What no screen has room for, as often as a number can say. */
async function repeats({ open }) {
	const v = await open();

	await v.attached();
	await v.command("for c in I L M S T Z b; do " +
	    "printf \"x\\033[2147483647$c\"; done; printf '\\033[3Slast\\n'",
	    /last$/m);
	await v.command("echo en''d", /^end$/m);
}

async function ends({ daemon, open }) {
	const v = await open();

	await v.attached();
	await v.type("exit 7\n");
	await v.state(/^Exited with code 7$/);
	await v.shot("exited");
	/* There is a way on, and an old session says how it went. */
	await v.page.click("#again");
	await v.attached();
	await v.type("kill -KILL $$\n");
	await v.state(/^Ended by signal KILL$/);
	await v.page.reload();
	await v.state(/^Ended by signal KILL$/);
	assert.equal((await daemon.api("GET",
	    `sessions/${await v.now("session")}`)).state, "exited");
}

async function links({ daemon, open }) {
	const v = await open();

	await v.attached();
	await v.command(`clear; echo ${daemon.url}assets/licenses.txt`,
	    /^http/m);
	const popup = v.context.waitForEvent("page");
	const box = await v.page.locator("#terminal .xterm-screen")
	    .boundingBox();
	/* The first line after "clear" is the command's output. */
	let way = 0;
	await v.until("no link", async () => {
		await v.page.mouse.move(box.x + 60 + ++way % 2, box.y + 9);
		await sleep(100);
		return v.page.evaluate(() => document.querySelector(
		    "#terminal .xterm-cursor-pointer") !== null);
	});
	await v.page.mouse.click(box.x + 60, box.y + 9);
	const other = await popup;
	await other.waitForLoadState();
	assert.match(other.url(), /licenses\.txt$/);
	assert.equal(await other.evaluate(() => window.opener), null);
	assert.equal(await other.evaluate(() => document.referrer), "");
}

module.exports = [
	["a shell, typed to", opens],
	["one shell in two pages", shares],
	["sizes of the window", resizes],
	["a paste of a million characters", pastes],
	["vi, and a reload in the middle of it", edits],
	["less", pages],
	["a flood waits for the page", floods],
	["a flood in a browser that cannot wait", floodsOld],
	["old questions are not answered", silent],
	["what would be done too often", repeats],
	["how a session ends", ends],
	["a link opens without an opener", links]
];
