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

/* Reloads, lost connections and gaps: what arrives is what was sent. */
"use strict";

const assert = require("assert");
const crypto = require("crypto");
const fs = require("fs");

const { sleep } = require("./daemon.js");
const { join } = require("./browser.js");

/*
 * Prints bytes as they come, at so many a second, and leaves their number
 * and hash in a file.  The terminal must not touch them.  One that is to wait
 * does so after the first of them, for another file.
 */
const PRODUCER = `
import hashlib, os, sys, termios, time
total, rate, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
a = termios.tcgetattr(1)
a[1] &= ~termios.OPOST
a[3] &= ~termios.ECHO
termios.tcsetattr(1, termios.TCSANOW, a)
h, n, step = hashlib.sha256(), 0, max(rate // 50, 1)
start = time.monotonic()
while n < total:
    line = hashlib.sha512(b"%d" % n).hexdigest().encode()
    block = b"".join(b"%09d \\x1b[3%dm%s\\x1b[0m\\r\\n" % (n, n % 8, line)
                     for n in range(n, n + step, 152))[:step]
    os.write(1, block)
    h.update(block)
    n += len(block)
    while len(sys.argv) > 4 and not os.path.exists(path + ".go"):
        start = time.monotonic()
        time.sleep(0.02)
    time.sleep(max(0, start + n / rate - time.monotonic()))
with open(path + ".new", "w") as f:
    f.write("%d %s\\n" % (n, h.hexdigest()))
os.rename(path + ".new", path)
time.sleep(60)
`;

let produced = 0;

async function produce(daemon, total, rate, ...wait) {
	const file = `${daemon.shared}/produced-${++produced}`;
	const session = await daemon.run("/usr/bin/python3",
	    ["-c", PRODUCER, String(total), String(rate), file, ...wait]);

	return { session, file };
}

const place = (daemon, session, more = "") =>
    `token=${daemon.token()}&sandbox=demo&session=${session}${more}`;

/* All has come when the file is there and the page has come to its end. */
async function whole(v, file) {
	await v.until("the producer does not end", () => fs.existsSync(file));
	const [n, hash] = fs.readFileSync(file, "utf8").trim().split(" ");
	await v.until("not all has come", async () =>
	    await v.now("offset") >= Number(n));
	/* What the page has, we have a moment later. */
	await v.until("not all was passed on", () =>
	    v.chunks.some(([at, b]) => at + b.length >= Number(n)));
	const got = join(v.chunks);
	assert.equal(got.length, Number(n));
	assert.equal(crypto.createHash("sha256").update(got).digest("hex"),
	    hash);
}

/* No more than is kept, so that no reload can take too long. */
async function reloads({ daemon, open }) {
	const { session, file } = await produce(daemon, 1000000, 125000);
	const v = await open({ hash: place(daemon, session), watched: true });

	await v.state(/^Attached$/);
	for (let i = 0; i < 5; i++) {
		await sleep(700 + 150 * i);
		await v.page.reload();
		await v.state(/^Attached$/);
		assert.doesNotMatch(await v.text("note"), /Gap/);
	}
	await whole(v, file);
}

/* The same for a network that breaks. */
async function cuts({ daemon, open }) {
	const { session, file } = await produce(daemon, 1000000, 125000);
	const v = await open({ hash: place(daemon, session), watched: true });

	await v.state(/^Attached$/);
	for (let i = 0; i < 5; i++) {
		await sleep(500 + 150 * i);
		await v.attachedAgain(daemon.proxy, () => daemon.proxy.cut());
	}
	await whole(v, file);
	assert.equal(await v.now("lost"), 0);
}

async function cutsOld({ daemon, open }) {
	const { session, file } = await produce(daemon, 800000, 400000);
	const v = await open({ hash: place(daemon, session), watched: true,
	    aged: true });

	await v.state(/^Attached$/);
	await sleep(500);
	await v.attachedAgain(daemon.proxy, () => daemon.proxy.cut());
	await whole(v, file);
}

/* More is printed than is kept while nobody is there. */
async function gaps({ daemon, open }) {
	const { session, file } = await produce(daemon, 6000000, 12000000,
	    "wait");
	const v = await open({ hash: place(daemon, session) });

	await v.state(/^Attached$/);
	await v.until("no output", () => v.now("offset"));
	daemon.proxy.refusing = true;
	daemon.proxy.cut();
	await v.state(/^Connection lost: reconnecting/);
	const before = await v.now("offset");
	await v.shot("waiting");
	await v.until("nothing is counted", async () =>
	    /^in \d+ s$/.test(await v.text("countdown")));
	fs.writeFileSync(file + ".go", "");
	await v.until("the producer does not end", () => fs.existsSync(file));
	daemon.proxy.refusing = false;
	await v.connectNow();
	await v.state(/^Attached$/);
	const [, n] = await v.note(/^Gap of ([0-9,]+) bytes: .*lost$/);
	const lost = Number(n.replaceAll(",", ""));
	assert.ok(lost > 0);
	assert.equal(await v.now("lost"), lost);
	await v.until("not all has come", async () =>
	    await v.now("offset") ===
	    Number(fs.readFileSync(file, "utf8").split(" ")[0]));
	/* Every byte was either shown or named as lost. */
	assert.equal(await v.now("received") + lost, await v.now("offset"));
	assert.ok(before < await v.now("offset"));
	await v.shot("gap");
	const line = v.page.locator("#status");
	const told = await v.shot("line-gap", line);
	await v.page.click("#note-off");
	assert.equal(await v.text("note"), "");
	assert.ok(!told.equals(await v.shot("line-no-gap", line)));
}

/*
 * Draws on the whole screen, and then on one line much more than is kept, not
 * so fast that the gateway would lose sight of the screen.
 */
const DRAWER = `
import os, sys, time
out = lambda s: os.write(1, s.encode())
out("\\x1b[?1049h\\x1b[2J\\x1b[Hfirst line")
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
out("\\x1b[2;1Hsecond line")
for n in range(65000):
    if n % 2600 == 0:
        time.sleep(0.3)
    out("\\x1b[5;1Hcounting %06d, and much more of that" % n)
out("\\x1b[3;1Hthird line")
open(sys.argv[1] + ".done", "w").close()
time.sleep(60)
`;

/* A gap in what a program draws does not stay on the screen. */
async function mends({ daemon, open }) {
	const file = `${daemon.shared}/draw`;
	const session = await daemon.run("/usr/bin/python3",
	    ["-c", DRAWER, file]);
	const v = await open({ hash: place(daemon, session) });

	await v.state(/^Attached$/);
	await v.shows(/^first line$/m);
	daemon.proxy.refusing = true;
	daemon.proxy.cut();
	await v.state(/^Connection lost/);
	fs.writeFileSync(file, "");
	await v.until("the drawer does not end", () =>
	    fs.existsSync(`${file}.done`));
	daemon.proxy.refusing = false;
	await v.connectNow();
	await v.note(/^Gap of/);
	await v.shows(new RegExp("^first line\nsecond line\nthird line\n\n" +
	    "counting 064999, and much more of that$"));
	await v.state(/^Attached$/);
	assert.equal(await v.page.evaluate(() =>
	    window.gatewayd.terminal.buffer.active.type), "alternate");
}

/* A connection that is dead without an end is found out at waking up. */
async function wakes({ daemon, open }) {
	const v = await open();

	await v.attached();
	await v.attachedAgain(daemon.proxy, () => {
		daemon.proxy.freeze();
		return v.page.evaluate(() =>
		    dispatchEvent(new Event("online")));
	});
	await v.command("echo again-$((1 + 2))", /^again-3$/m);
	daemon.proxy.cut();
}

/* Typed while there is nobody: it is not kept for later. */
async function deaf({ daemon, open }) {
	const v = await open();

	await v.attached();
	daemon.proxy.refusing = true;
	daemon.proxy.cut();
	await v.state(/^Connection lost/);
	await v.type("echo typed-in-vain\n");
	daemon.proxy.refusing = false;
	await v.connectNow();
	await v.state(/^Attached$/);
	await v.command("echo he''re", /^here$/m);
	assert.doesNotMatch(await v.screen(), /vain/);
}

/*
 * A page that nobody sees leaves when it falls behind, so that the program
 * goes on, and is there again when it is looked at.
 */
async function hides({ daemon, open }) {
	const { session, file } = await produce(daemon, 8000000, 4000000,
	    "wait");
	const v = await open({ hash: place(daemon, session) });
	const show = (hidden) => v.page.evaluate((is) => {
		Object.defineProperty(document, "hidden",
		    { configurable: true, get: () => is });
		document.dispatchEvent(new Event("visibilitychange"));
	}, hidden);

	await v.state(/^Attached$/);
	/* As slow as a browser makes what is not seen. */
	await v.page.evaluate(() => {
		const write = window.gatewayd.terminal.write;
		window.gatewayd.terminal.write = function (data, done) {
			write.call(this, data, () => setTimeout(() =>
			    done?.(), document.hidden ? 1500 : 0));
		};
	});
	await show(true);
	fs.writeFileSync(file + ".go", "");
	await v.state(/^Paused until you look$/);
	await v.until("the producer does not end", () => fs.existsSync(file));
	await show(false);
	await v.state(/^Attached$/);
	const [n] = fs.readFileSync(file, "utf8").split(" ").map(Number);
	await v.until("not all has come", async () =>
	    await v.now("offset") === n);
	assert.equal(await v.now("received") + await v.now("lost"), n);
}

async function restarts({ daemon, open }) {
	const v = await open();

	await v.attached();
	await daemon.down();
	await v.state(/^Connection lost|^Session ended/);
	await daemon.up();
	await v.state(/^There is no such session any more$/);
	await v.shot("gone");
	await v.page.click("#again");
	await v.attached();
}

/* A proxy that lets all pass but what the page needs most. */
async function blocked({ daemon, open }) {
	daemon.proxy.plain = true;
	try {
		const v = await open();

		await v.state(/^The gateway answers, but no WebSocket/);
		await v.shot("blocked");
		daemon.proxy.plain = false;
		daemon.proxy.cut();
		await v.state(/^Attached$/);
	} finally {
		daemon.proxy.plain = false;
	}
}

/* The browser's own, which comes back by itself with its first ticket. */
async function events({ daemon, open }) {
	const v = await open();

	await v.attached();
	const { session, file } = await produce(daemon, 500000, 4000000,
	    "wait");
	const { ticket } = await daemon.api("POST", "tickets", { session });
	await v.page.evaluate(([session, ticket]) => {
		const s = new EventSource(
		    `v1/sessions/${session}/output?ticket=${ticket}`);

		window.source = s;
		window.opened = 0;
		window.chunks = [];
		s.onopen = () => window.opened++;
		s.onmessage = (e) => window.chunks.push(
		    [Number(e.lastEventId), e.data]);
	}, [session, ticket]);
	await v.until("nothing came", () => v.page.evaluate(() =>
	    window.chunks.length > 0));
	daemon.proxy.cut();
	fs.writeFileSync(file + ".go", "");
	await v.until("the producer does not end", () => fs.existsSync(file));
	const [n, hash] = fs.readFileSync(file, "utf8").trim().split(" ");
	await v.until("not all has come", () => v.page.evaluate((n) =>
	    window.chunks.at(-1)[0] === n, Number(n)));
	const h = crypto.createHash("sha256");
	let at = 0;
	for (const [id, data] of await v.page.evaluate(() => window.chunks)) {
		const bytes = Buffer.from(data, "base64");
		at += bytes.length;
		assert.equal(id, at);
		h.update(bytes);
	}
	assert.equal(h.digest("hex"), hash);
	assert.equal(await v.page.evaluate(() => window.opened), 2);
	await v.page.evaluate(() => window.source.close());
}

module.exports = [
	["reloads in the middle of a flood lose no byte", reloads],
	["cuts in the middle of a flood lose no byte", cuts],
	["a cut in a browser that cannot wait", cutsOld],
	["a gap is told to the byte", gaps],
	["a gap in what a program draws", mends],
	["a dead connection is found out", wakes],
	["nothing is typed into a lost connection", deaf],
	["a page that nobody sees", hides],
	["a proxy that lets no WebSocket pass", blocked],
	["events that come back by themselves", events],
	["a daemon that was started again", restarts]
];
