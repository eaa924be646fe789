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
 * Does a repaint bring xterm.js where the output itself has brought it?
 * Standard input has one case on each line, as JSON:
 *	{"cols","rows","prefix","repaint","tail","junk"}
 * the last four in base64.  One terminal is given the prefix, the other one
 * junk and then the repaint; both then get the tail.  They are compared
 * before it and behind it: every cell of the screen and, while the alternate
 * one is shown, of the primary one behind it, cursor, modes, margins, tab
 * stops, what is saved.  Standard output has a line for each case: a list of
 * differences, and what the second terminal said while it was repainted.
 */
"use strict";

const { Terminal } = require("../node_modules/@xterm/headless");

/*
 * Bytes that are not UTF-8 are skipped by xterm.js, and by its own rules.
 * So they are decoded for it, as the WHATWG has it: one U+FFFD each.
 */
class Screen {
	constructor(cols, rows) {
		this.term = new Terminal({ cols, rows, scrollback: 0,
		    allowProposedApi: true, logLevel: "off" });
		this.decoder = new TextDecoder("utf-8", { ignoreBOM: true });
		this.title = "";
		this.said = "";
		this.term.onTitleChange((t) => { this.title = t; });
		this.term.onData((d) => { this.said += d; });
		this.term.onBinary((d) => { this.said += d; });
	}

	write(base64) {
		this.term._core.writeSync(this.decoder.decode(
		    Buffer.from(base64, "base64"), { stream: true }));
	}
}

/*
 * The style of the underline, 0 for none.  Links, which are not kept, have a
 * style of their own in xterm.js: so not by its accessors.
 */
function underline(a) {
	if (!(a.fg & 0x10000000))
		return 0;
	return a.bg & 0x10000000 ? a.extended._ext >> 26 & 7 || 1 : 1;
}

function cellOf(line, x, cell) {
	line.getCell(x, cell);
	let chars = cell.getChars();
	let width = cell.getWidth();

	/*
	 * An empty cell and a blank look the same.  So does the second half of
	 * a wide character that lost its first: xterm.js leaves it behind when
	 * characters are inserted there.
	 */
	if (width === 0) {
		const lead = x > 0 ? line.getCell(x - 1).getWidth() : 0;
		if (lead === 2)
			return "";
		width = 1;
	}
	if (chars === "")
		chars = " ";
	/* No more than two marks are kept. */
	chars = [...chars].slice(0, 3).join("");
	return [chars, width, cell.getFgColorMode(), cell.getFgColor(),
	    cell.getBgColorMode(), cell.getBgColor(), cell.isBold() ? 1 : 0,
	    cell.isDim() ? 1 : 0, cell.isItalic() ? 1 : 0,
	    underline(cell),
	    cell.isBlink() ? 1 : 0, cell.isInverse() ? 1 : 0,
	    cell.isInvisible() ? 1 : 0, cell.isStrikethrough() ? 1 : 0,
	    cell.isOverline() ? 1 : 0].join(",");
}

function cells(term, buffer, name, out) {
	const cell = buffer.getNullCell();

	for (let y = 0; y < term.rows; y++) {
		const line = buffer.getLine(buffer.baseY + y);
		for (let x = 0; x < term.cols; x++)
			out[`${name} ${y},${x}`] = cellOf(line, x, cell);
	}
}

/*
 * A pen, whose words have colours, their kind and flags.  Of a colour that is
 * a number xterm.js leaves what was there before in the upper bits.  The flag
 * taken from the background says that there is more, in `extended'.
 */
function attributes(a) {
	const word = (v) => {
		const kind = v & 0x3000000;
		const mask = kind === 0x3000000 ? 0xffffff : kind ? 0xff : 0;
		return (v & ~0x3ffffff) | kind | (v & mask);
	};
	return [word(a.fg), word(a.bg & ~0x10000000)].join(",");
}

function margins(buffer, cols, name, out) {
	out[`${name} region`] = [buffer.scrollTop, buffer.scrollBottom].join();
	out[`${name} tabs`] = Object.keys(buffer.tabs).map(Number)
	    .filter((x) => buffer.tabs[x] && x < cols).sort().join();
	/* On restoring, a wrap is no longer pending. */
	out[`${name} saved`] = [Math.min(buffer.savedX || 0, cols - 1),
	    Math.max(buffer.savedY - buffer.ybase, 0)].join();
	out[`${name} saved pen`] = attributes(buffer.savedCurAttrData);
}

function state(screen) {
	const term = screen.term, core = term._core, out = {};
	const buffers = core._bufferService.buffers;
	const modes = core.coreService.decPrivateModes;
	const active = buffers.active;

	out.title = screen.title;
	out.alternate = active === buffers.alt;
	out.cursor = [active.y, active.x].join();
	out.modes = JSON.stringify(term.modes);
	out.hidden = core.coreService.isCursorHidden;
	out.style = [modes.cursorStyle, modes.cursorBlink].join();
	out.blink = term.options.cursorBlink;
	out.convertEol = term.options.convertEol;
	out.mouse = [core.coreMouseService.activeProtocol,
	    core.coreMouseService.activeEncoding].join();
	out.pen = attributes(core._inputHandler._curAttrData);
	out.underline = underline(core._inputHandler._curAttrData);
	out.charset = core._charsetService.charset === undefined ? "" :
	    JSON.stringify(core._charsetService.charset);
	out.level = core._charsetService.glevel;
	cells(term, term.buffer.active, "cell", out);
	margins(active, term.cols, "shown", out);
	if (out.alternate) {
		cells(term, term.buffer.normal, "primary", out);
		margins(buffers.normal, term.cols, "primary", out);
	}
	return out;
}

function compare(when, a, b, found) {
	const x = state(a), y = state(b);

	for (const k of new Set([...Object.keys(x), ...Object.keys(y)])) {
		if (x[k] !== y[k])
			found.push(`${when}: ${k}: ${x[k]} | ${y[k]}`);
	}
}

function run(c) {
	const a = new Screen(c.cols, c.rows), b = new Screen(c.cols, c.rows);
	const found = [];

	a.write(c.prefix);
	b.write(c.junk);
	b.said = "";
	b.title = "";
	/* The rest of a character that the junk began is not for us. */
	b.decoder = new TextDecoder("utf-8", { ignoreBOM: true });
	b.write(c.repaint);
	const said = b.said;
	compare("repaint", a, b, found);
	a.write(c.tail);
	b.write(c.tail);
	compare("tail", a, b, found);
	const all = found.length;
	a.term.dispose();
	b.term.dispose();
	return { all, found: found.slice(0, 12), said };
}

const lines = require("fs").readFileSync(0, "utf8").split("\n");
for (const line of lines) {
	if (line !== "")
		process.stdout.write(JSON.stringify(run(JSON.parse(line))) +
		    "\n");
}
