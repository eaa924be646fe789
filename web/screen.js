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
 * The terminal on the page: xterm.js with its addons, and what it costs to
 * keep up with a session.
 */

import { Terminal } from "./xterm.mjs";
import { FitAddon } from "./addon-fit.mjs";
import { Unicode11Addon } from "./addon-unicode11.mjs";
import { WebLinksAddon } from "./addon-web-links.mjs";
import { WebglAddon } from "./addon-webgl.mjs";

/*
 * Output that is not shown yet, bytes: past the first we want no more, below
 * the second we go on.  The emulator itself gives up at 50 MB.
 */
const PENDING_HIGH = 1024 * 1024;
const PENDING_LOW = 256 * 1024;

const SCROLLBACK = 10000;	/* lines */

/*
 * Sequences that the emulator does as often as they say: tabs, lines, scrolls
 * and characters.  It is busy for minutes with what no screen has room for.
 */
const REPEATING = "ILMSTZb";
const REPEAT_MAX = 10000;

/* What the gateway takes, and what programs can live with. */
const SIZE_MIN = 2;
const SIZE_MAX = 1000;

const FONT = "ui-monospace, \"SF Mono\", \"Cascadia Mono\", Menlo, " +
    "Consolas, \"DejaVu Sans Mono\", \"Liberation Mono\", monospace";

const THEMES = {
	dark: {
		background: "#10141b", foreground: "#d7dde8",
		cursor: "#7cc4ff", cursorAccent: "#10141b",
		selectionBackground: "#34507a",
		black: "#1c222d", red: "#f47f86", green: "#7fcf8f",
		yellow: "#e6c06a", blue: "#74b0ff", magenta: "#cf9bf2",
		cyan: "#62cbd6", white: "#c8cfdb",
		brightBlack: "#737f93", brightRed: "#ff9aa0",
		brightGreen: "#9be3a8", brightYellow: "#f4d489",
		brightBlue: "#98c6ff", brightMagenta: "#e0b8fa",
		brightCyan: "#86e0e9", brightWhite: "#ffffff"
	},
	light: {
		background: "#ffffff", foreground: "#1d2430",
		cursor: "#0b5fbf", cursorAccent: "#ffffff",
		selectionBackground: "#bcd9fb",
		black: "#1d2430", red: "#b8232f", green: "#1a7038",
		yellow: "#8a5a00", blue: "#0b5fbf", magenta: "#8035a8",
		cyan: "#0a6b77", white: "#6b7482",
		brightBlack: "#545e6e", brightRed: "#cf3440",
		brightGreen: "#22834a", brightYellow: "#9c6a08",
		brightBlue: "#2274d4", brightMagenta: "#964cbd",
		brightCyan: "#1a7d89", brightWhite: "#3b4452"
	}
};

const encoder = new TextEncoder();

/* Links of a program lead to the web or nowhere, and not back to us. */
function openLink(uri) {
	let url;

	try {
		url = new URL(uri);
	} catch (e) {
		return;
	}
	if (url.protocol === "http:" || url.protocol === "https:")
		window.open(url.href, "_blank", "noopener,noreferrer");
}

/* A text that is a link may say one thing and lead to another. */
function confirmLink(uri) {
	if (confirm(`Open this link?\n\n${uri}`))
		openLink(uri);
}

export class Screen {
	#on;
	#pending = 0;		/* bytes */
	#past = 0;		/* those of them that are of the past */
	#go = null;
	#fitter = new FitAddon();
	#webgl = null;

	/*
	 * Handlers: input(bytes), leave() for the key that leads out of the
	 * terminal, title(text).
	 */
	constructor(element, on) {
		this.#on = on;
		this.element = element;
		this.term = new Terminal({
			/* For the widths of characters. */
			allowProposedApi: true,
			cursorBlink: true,
			fontFamily: FONT,
			macOptionIsMeta: true,
			rightClickSelectsWord: true,
			scrollback: SCROLLBACK,
			linkHandler: {
				activate: (e, uri) => confirmLink(uri)
			}
		});
		this.term.loadAddon(this.#fitter);
		this.term.loadAddon(new WebLinksAddon((e, uri) =>
		    openLink(uri)));
		this.term.loadAddon(new Unicode11Addon());
		this.term.unicode.activeVersion = "11";
		this.term.attachCustomKeyEventHandler((e) => this.#key(e));
		this.term.onData((s) => this.#typed(encoder.encode(s)));
		/* Reports of old mouse modes are bytes, not text. */
		this.term.onBinary((s) => this.#typed(Uint8Array.from(s,
		    (c) => c.charCodeAt(0))));
		this.term.onTitleChange((title) => on.title(title));
		for (const final of REPEATING)
			this.term.parser.registerCsiHandler({ final },
			    ([times]) => times > REPEAT_MAX);
		this.term.open(element);
		this.term.textarea.setAttribute("aria-describedby",
		    element.getAttribute("aria-describedby"));
		this.#accelerate();
	}

	/* It draws faster with WebGL, which may be missing or get lost. */
	#accelerate() {
		try {
			this.#webgl = new WebglAddon();
			this.#webgl.onContextLoss(() => {
				this.#webgl.dispose();
				this.#webgl = null;
			});
			this.term.loadAddon(this.#webgl);
		} catch (e) {
			this.#webgl = null;
		}
	}

	get renderer() {
		return this.#webgl === null ? "dom" : "webgl";
	}

	apply(settings, dark) {
		const options = this.term.options;

		options.theme = dark ? THEMES.dark : THEMES.light;
		/* Programs choose colours for backgrounds they do not know. */
		options.minimumContrastRatio = dark ? 3 : 4.5;
		options.fontSize = settings.fontSize;
		options.screenReaderMode = settings.screenReader;
	}

	#key(e) {
		/* Where nothing is typed, Tab is not either. */
		if (e.key === "Tab" && this.term.options.disableStdin)
			return false;
		if (!e.ctrlKey || !e.shiftKey || e.altKey || e.metaKey)
			return true;
		if (e.code === "KeyL") {
			if (e.type === "keydown")
				this.#on.leave();
			e.preventDefault();
			return false;
		}
		if (e.code === "KeyC" && this.term.hasSelection()) {
			if (e.type === "keydown")
				document.execCommand("copy");
			e.preventDefault();
			return false;
		}
		/* The browser pastes. */
		return e.code !== "KeyV";
	}

	/*
	 * What programs asked the terminal in output of long ago was answered
	 * then; an answer now would be typed into what runs today.  So nothing
	 * goes out while such output is worked on, which takes a moment.
	 */
	#typed(bytes) {
		if (this.#past === 0)
			this.#on.input(bytes);
	}

	/*
	 * As new, for another session.  What is yet to be shown of the one
	 * before is then of the past, and is wiped off when its turn has come.
	 */
	clear() {
		this.#past++;
		this.term.write("\x18\x1bc", () => {
			this.#past--;
		});
		this.term.reset();
	}

	/*
	 * Show bytes; taken() is called when they are shown.  What is of the
	 * past was answered long ago.  Returns undefined, or a promise when
	 * no more should come for a while.
	 */
	write(bytes, past, taken) {
		this.#pending += bytes.length;
		if (past)
			this.#past += bytes.length;
		this.term.write(bytes, () => {
			this.#pending -= bytes.length;
			if (past)
				this.#past -= bytes.length;
			taken?.();
			if (this.#pending < PENDING_LOW) {
				this.#go?.();
				this.#go = null;
			}
		});
		if (this.#pending <= PENDING_HIGH)
			return undefined;
		return new Promise((resolve) => {
			this.#go = resolve;
		});
	}

	/* A text that makes a terminal as new show a screen. */
	repaint(bytes) {
		this.cancelSequence();
		this.term.write("\x1bc");
		return this.write(bytes, true);
	}

	/* A sequence that was cut off must not swallow what comes next. */
	cancelSequence() {
		this.term.write("\x18");
	}

	/* The size that fills the place it has, or null while it has none. */
	fit() {
		const d = this.#fitter.proposeDimensions();

		if (d === undefined || !(d.cols > 0) || !(d.rows > 0))
			return null;
		return {
			cols: Math.min(Math.max(d.cols, SIZE_MIN), SIZE_MAX),
			rows: Math.min(Math.max(d.rows, SIZE_MIN), SIZE_MAX)
		};
	}

	resize(cols, rows) {
		if (cols !== this.term.cols || rows !== this.term.rows)
			this.term.resize(cols, rows);
	}

	focus() {
		this.term.focus();
	}
}
