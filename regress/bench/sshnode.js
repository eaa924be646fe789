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

// sshnode.js port user keyfile
//
// The handler as platforms write it, on npm's ssh2 and ws: POST /ssh/connect
// opens a shell on the SSH server of that port and answers with a session, a
// WebSocket gets its output as text frames of base64.  It leaves out what
// such handlers also do, looking up the sandbox and checking the token.

"use strict";

const crypto = require("crypto");
const fs = require("fs");
const http = require("http");
const { Client } = require("../node_modules/ssh2");
const { WebSocketServer } = require("../node_modules/ws");

const [port, username, keyfile] = process.argv.slice(2);
const privateKey = fs.readFileSync(keyfile);
const sessions = new Map();

function end(session) {
	sessions.delete(session.id);
	session.client.end();
	for (const ws of session.viewers)
		ws.close(1000, "closed");
}

function output(session, data) {
	const text = data.toString("base64");

	if (session.viewers.size === 0)
		session.queue.push(text);
	for (const ws of session.viewers)
		ws.send(text);
}

function connect(res) {
	const client = new Client();
	const session = { id: crypto.randomUUID(), client, queue: [],
	    viewers: new Set(), stream: null };
	const fail = (e) => {
		if (!res.headersSent)
			answer(res, 500, { error: "SSH connection failed",
			    message: e.message });
		end(session);
	};

	client.on("error", fail);
	client.on("ready", () => client.shell({ term: "xterm-256color",
	    cols: 80, rows: 24 }, (e, stream) => {
		if (e)
			return (fail(e));
		session.stream = stream;
		stream.on("data", (data) => output(session, data));
		stream.stderr.on("data", (data) => output(session, data));
		stream.on("close", () => end(session));
		sessions.set(session.id, session);
		answer(res, 200, { sessionId: session.id });
	}));
	client.connect({ host: "127.0.0.1", port: Number(port), username,
	    privateKey, readyTimeout: 20000 });
	// Without it each key waits 40 ms, which handlers can do better.
	client.setNoDelay(true);
}

function answer(res, status, body) {
	res.writeHead(status, { "Content-Type":
	    "application/json; charset=utf-8" });
	res.end(JSON.stringify(body));
}

function input(session, data) {
	const text = data.toString();

	if (text.startsWith("{")) {
		try {
			const m = JSON.parse(text);
			if (m.type === "resize")
				return (session.stream.setWindow(m.rows,
				    m.cols, 0, 0));
		} catch (e) {
			// It was typed.
		}
	}
	session.stream.write(data);
}

const server = http.createServer((req, res) => {
	const session = sessions.get(req.url.split("/")[3]);

	if (req.method === "POST" && req.url === "/ssh/connect")
		return (connect(res));
	if (req.method !== "DELETE" || session === undefined)
		return (answer(res, 404, { error: "Session not found" }));
	end(session);
	answer(res, 200, { ok: true });
});
const wss = new WebSocketServer({ noServer: true, perMessageDeflate: false });

server.on("upgrade", (req, socket, head) => {
	wss.handleUpgrade(req, socket, head, (ws) => {
		const session = sessions.get(req.url.split("/")[2]);

		if (session === undefined)
			return (ws.close(1011, "Session not found"));
		for (const text of session.queue.splice(0))
			ws.send(text);
		session.viewers.add(ws);
		ws.on("message", (data) => input(session, data));
		ws.on("close", () => session.viewers.delete(ws));
	});
});
server.listen(0, "127.0.0.1",
    () => console.log(server.address().port));
