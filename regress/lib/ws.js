// Copyright (c) 2026 The gatewayd authors
//
// Permission to use, copy, modify, and distribute this software for any
// purpose with or without fee is hereby granted, provided that the above
// copyright notice and this permission notice appear in all copies.
//
// THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
// WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
// MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
// ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
// WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
// ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
// OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.

// A WebSocket client of npm's ws for lib/clients.py: orders are JSON lines on
// standard input, what happens is JSON lines on standard output.

"use strict";

const readline = require("readline");
const WebSocket = require("../node_modules/ws");

const say = (o) => process.stdout.write(JSON.stringify(o) + "\n");
const ws = new WebSocket(process.argv[2], process.argv.slice(4), {
	headers: JSON.parse(process.argv[3]),
	perMessageDeflate: true,
});

ws.on("open", () => say({ open: ws.extensions, protocol: ws.protocol }));
ws.on("message", (data, binary) =>
	say(binary ? { binary: data.toString("base64") } :
	    { text: data.toString("utf8") }));
ws.on("ping", () => say({ ping: true }));
ws.on("pong", (data) => say({ pong: data.toString("utf8") }));
ws.on("unexpected-response", (req, res) => {
	say({ status: res.statusCode });
	process.exit(0);
});
ws.on("error", (e) => say({ error: e.message }));
ws.on("close", (code, reason) => {
	say({ close: code, reason: reason.toString("utf8") });
	process.exit(0);
});

readline.createInterface({ input: process.stdin }).on("line", (line) => {
	const o = JSON.parse(line);

	if (o.text !== undefined)
		ws.send(o.text);
	else if (o.binary !== undefined)
		ws.send(Buffer.from(o.binary, "base64"));
	else if (o.ping !== undefined)
		ws.ping(o.ping);
	else if (o.close !== undefined)
		ws.close(...o.close);
	else if (o.terminate)
		ws.terminate();
});
