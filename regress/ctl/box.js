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
 * crypto_box by tweetnacl, which shares no code with libsodium.  One request
 * as JSON on standard input, all values in hex; the nonce of a sealed box,
 * BLAKE2b, is the caller's business.
 */
"use strict";

const nacl = require("../node_modules/tweetnacl");

const hex = (s) => new Uint8Array(Buffer.from(s, "hex"));
const out = (a) => (a === null ? null : Buffer.from(a).toString("hex"));

const req = JSON.parse(require("fs").readFileSync(0, "utf8"));
let res;
switch (req.op) {
case "keypair": {
	const pair = req.key ? nacl.box.keyPair.fromSecretKey(hex(req.key)) :
	    nacl.box.keyPair();
	res = { pub: out(pair.publicKey), key: out(pair.secretKey) };
	break;
}
case "box":
	res = out(nacl.box(hex(req.text), hex(req.nonce), hex(req.pub),
	    hex(req.key)));
	break;
case "open":
	res = out(nacl.box.open(hex(req.text), hex(req.nonce), hex(req.pub),
	    hex(req.key)));
	break;
}
process.stdout.write(JSON.stringify(res));
