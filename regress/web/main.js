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
 * Runs the tests of test_*.js here, one after the other in one browser and
 * with one daemon, and prints what came of them (TAP).  Arguments are parts
 * of the names of those to run.  Pictures of the page stay in
 * $BUILD/regress-out/web.
 */
"use strict";

const { Daemon } = require("./daemon.js");
const browser = require("./browser.js");

/* What a test may take: ms. */
const TEST_TIME = 240000;

const tests = [
	...require("./test_terminal.js"),
	...require("./test_network.js"),
	...require("./test_use.js")
];

function limit(promise, ms) {
	let timer;
	const late = new Promise((resolve, reject) => {
		timer = setTimeout(() => reject(
		    new Error(`not done after ${ms / 1000} s`)), ms);
	});

	return Promise.race([promise, late]).finally(() =>
	    clearTimeout(timer));
}

async function one(n, [name, f], daemon) {
	const views = [];
	const start = Date.now();

	/* Every view is closed, and may have said nothing that is wrong. */
	const open = async (options = {}) => {
		const hash = options.hash ??
		    `token=${daemon.token()}&sandbox=demo`;
		const v = await browser.View.open(
		    `${daemon.url}#${hash}`, options);
		views.push(v);
		return v;
	};
	try {
		await limit(f({ daemon, open }), TEST_TIME);
		for (const v of views)
			if (v.errors.length > 0)
				throw new Error(v.errors.join("\n"));
		console.log(`ok ${n} - ${name} (${Date.now() - start} ms)`);
		return 0;
	} catch (e) {
		console.log(`not ok ${n} - ${name}`);
		console.log((e.stack ?? String(e)).replace(/^/gm, "# "));
		for (const [i, v] of views.entries())
			await v.shot(`failed-${n}-${i}`).catch(() => {});
		return 1;
	} finally {
		for (const v of views)
			await v.close().catch(() => {});
		await daemon.endAll().catch(() => {});
	}
}

async function main() {
	const wanted = process.argv.slice(2);
	const chosen = tests.filter(([name]) => wanted.length === 0 ||
	    wanted.some((w) => name.includes(w)));
	const daemon = await new Daemon().start();
	let failed = 0;

	try {
		await browser.launch();
		console.log(`1..${chosen.length}`);
		for (const [i, test] of chosen.entries())
			failed += await one(i + 1, test, daemon);
		if (failed > 0)
			console.log(daemon.log.replace(/^/gm, "# "));
	} finally {
		await browser.quit();
		await daemon.stop();
	}
	process.exit(failed > 0 ? 1 : 0);
}

main().catch((e) => {
	console.error(e);
	process.exit(2);
});
