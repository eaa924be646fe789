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
 * A daemon of the build with one local sandbox, and before it a proxy that
 * can cut, freeze and refuse connections as a bad network does.
 */
"use strict";

const { spawn, execFileSync } = require("child_process");
const fs = require("fs");
const net = require("net");
const os = require("os");
const path = require("path");

const BUILD = path.resolve(process.env.BUILD || "build");
const OWNER = "did:plc:web";
const START_TIME = 60000;	/* ms */

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* The address of a listening socket on a free port of the loopback. */
function listen(server, port) {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", () =>
		    resolve(server.address().port));
	});
}

class Proxy {
	constructor() {
		this.pairs = new Set();
		this.refusing = false;
		this.frozen = false;
		this.plain = false;	/* WebSockets do not pass */
		this.upgrades = 0;	/* to WebSockets, so far */
		this.server = net.createServer((client) =>
		    this.#pair(client));
	}

	#pair(client) {
		if (this.refusing) {
			client.destroy();
			return;
		}
		const server = net.connect(this.target, "127.0.0.1");
		const pair = [client, server];
		const end = () => {
			this.pairs.delete(pair);
			client.destroy();
			server.destroy();
		};

		this.pairs.add(pair);
		for (const s of pair) {
			s.setNoDelay(true);
			s.on("error", end);
			s.on("close", end);
		}
		if (this.frozen)
			return;
		client.on("data", (d) => {
			if (/upgrade: websocket/i.test(d)) {
				this.upgrades++;
				if (this.plain)
					end();
			}
		});
		client.pipe(server);
		server.pipe(client);
	}

	cut() {
		for (const [client, server] of this.pairs) {
			client.destroy();
			server.destroy();
		}
	}

	/* What is connected hears nothing more, and no end either. */
	freeze() {
		for (const [client, server] of this.pairs) {
			client.unpipe(server);
			server.unpipe(client);
			client.pause();
			server.pause();
		}
	}
}

class Daemon {
	/* conf is added to the configuration. */
	async start(conf = "") {
		this.dir = fs.mkdtempSync(path.join(os.tmpdir(), "gwweb"));
		/* Where shells and tests meet. */
		this.shared = path.join(this.dir, "shared");
		fs.chmodSync(this.dir, 0o711);
		fs.mkdirSync(this.shared);
		fs.chmodSync(this.shared, 0o1777);
		fs.mkdirSync(path.join(this.dir, "keys"), { mode: 0o700 });
		this.#ctl("keygen", path.join(this.dir, "keys"));
		const probe = net.createServer();
		this.port = await listen(probe, 0);
		await new Promise((resolve) => probe.close(resolve));
		this.proxy = new Proxy();
		this.proxy.target = this.port;
		this.url = "http://127.0.0.1:" +
		    `${await listen(this.proxy.server, 0)}/`;
		this.conf = path.join(this.dir, "gatewayd.conf");
		fs.writeFileSync(this.conf, this.#configuration() + conf,
		    { mode: 0o600 });
		await this.up();
		return this;
	}

	#configuration() {
		const user = process.getuid() === 0 ? "nobody" :
		    os.userInfo().username;

		return `listen on 127.0.0.1 port ${this.port}
control socket "${this.dir}/gatewayd.sock"
seal key file "${this.dir}/keys/seal.key"
limit requests 100000 per 30
egress allow 127.0.0.1/32 port 1
api terminal {
	auth jwt hs256 secret file "${this.dir}/keys/jwt.secret"
}
sandbox "demo" {
	owner "${OWNER}"
	pty "/bin/sh"
	user "${user}"
	env PS1 "demo$ "
	env SHARED "${this.shared}"
	env LC_ALL "C.UTF-8"
	env LESSHISTFILE "-"
}
sandbox "off" {
	owner "${OWNER}"
	ssh "127.0.0.1" port 1 user "nobody"
	host key "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
}
`;
	}

	#ctl(...args) {
		return execFileSync(path.join(BUILD, "gatewayctl"), args,
		    { encoding: "utf8" });
	}

	token(seconds = 3600, owner = OWNER) {
		return this.#ctl("token", "-k", `${this.dir}/keys/jwt.secret`,
		    "-s", owner, "-e", String(seconds)).trim();
	}

	/* Start the process, or start it again. */
	async up() {
		const until = Date.now() + START_TIME;

		/* When we are killed it is to end, too. */
		this.log = "";
		this.process = spawn("setpriv", ["--pdeathsig", "TERM",
		    path.join(BUILD, "gatewayd"), "-d", "-f", this.conf],
		    { stdio: ["ignore", "ignore", "pipe"] });
		this.process.stderr.on("data", (d) => this.log += d);
		this.ended = new Promise((resolve) =>
		    this.process.once("close", resolve));
		for (;;) {
			try {
				const r = await fetch("http://127.0.0.1:" +
				    `${this.port}/readyz`);
				if (r.ok)
					return;
			} catch (e) {
				/* Not yet. */
			}
			if (Date.now() > until ||
			    this.process.exitCode !== null)
				throw new Error(`no daemon:\n${this.log}`);
			await sleep(50);
		}
	}

	async down() {
		this.process.kill("SIGTERM");
		await this.ended;
	}

	async stop() {
		await this.down();
		this.proxy.cut();
		this.proxy.server.close();
		fs.rmSync(this.dir, { recursive: true });
	}

	/* A request of the native API. */
	async api(method, where, body) {
		const r = await fetch(`http://127.0.0.1:${this.port}` +
		    `/v1/${where}`, {
			method,
			headers: { Authorization: `Bearer ${this.token()}`,
			    "Content-Type": "application/json" },
			body: body && JSON.stringify(body)
		});
		const text = await r.text();

		if (!r.ok)
			throw new Error(`${method} ${where}: ${r.status} ` +
			    text);
		return text === "" ? null : JSON.parse(text);
	}

	/* A session that runs a command without a shell; its id. */
	async run(cmd, args) {
		const s = await this.api("POST", "sandboxes/demo/sessions",
		    { cols: 80, rows: 24, cmd, args });

		return s.id;
	}

	async endAll() {
		const all = await this.api("GET", "sandboxes/demo/sessions");

		for (const s of all)
			if (s.state === "running")
				await this.api("DELETE", `sessions/${s.id}`);
	}
}

module.exports = { BUILD, Daemon, sleep };
