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
 * The page: what is on it, and how its parts work together.
 *
 * The fragment of the URL names what to open: #token=T&sandbox=ID, and
 * session=UUID and mode=ro once there is one, so that a reload comes back to
 * it.  A fragment is never sent to a server.  A token that came in it stays
 * there, where a reload finds it; one that was pasted is in memory alone.
 */

import { Api } from "./api.js";
import { Attachment, UNDER_WAY } from "./attach.js";
import { Screen } from "./screen.js";
import { SessionList, sessionName } from "./sessions.js";
import { Settings } from "./settings.js";

/*
 * The session that is opened when none is asked for, by whatever page; one
 * that has ended keeps its name for a while, then a number follows.
 */
const FIRST = "main";

/* What the two look like. */
const SANDBOX = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/;
const SESSION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/* In such a window, also named in page.css, the list covers the terminal. */
const narrow = matchMedia("(max-width: 700px)");

/* Wait until the window has its size: ms. */
const RESIZE_WAIT = 80;

const $ = (id) => document.getElementById(id);
const count = (n, what) =>
    `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;

const settings = new Settings(applySettings);
const screen = new Screen($("terminal"), {
	input: (bytes) => attachment?.send(bytes),
	leave: () => $("t-list").focus(),
	title: (text) => showTitle(text)
});
const list = new SessionList($("sessions"), {
	choose: (session) => open(session),
	end: (session) => askToEnd(session),
	/* Who is attached stays so when the token's time is over. */
	failed: (e) => {
		if (e.status !== 401 || attachment?.state.name !== "attached")
			failed(e);
	}
});

const place = { token: null, shown: false, sandbox: "", session: null };
let api = null;
let attachment = null;
let readOnly = false;
let drawer = false;		/* the list, where it covers the terminal */
let ticking = null;

/*
 * What tests look at, and whoever wants to know: where the page stands, and
 * a function onoutput(offset, bytes) that is shown all output.
 */
window.gatewayd = {
	onoutput: window.gatewayd?.onoutput ?? null,
	get state() { return attachment?.state ?? { name: "idle" }; },
	get session() { return attachment?.session ?? null; },
	get offset() { return attachment?.offset ?? null; },
	get received() { return attachment?.received ?? 0; },
	get lost() { return attachment?.lost ?? 0; },
	get terminal() { return screen.term; },
	get renderer() { return screen.renderer; }
};

/* Where we are. */

function readPlace() {
	const named = new URLSearchParams(location.hash.slice(1));

	place.token = named.get("token");
	place.shown = place.token !== null;
	place.sandbox = named.get("sandbox") ?? "";
	place.session = named.get("session");
	/* What could lead elsewhere in a URL names neither. */
	if (!SANDBOX.test(place.sandbox))
		place.sandbox = "";
	if (!SESSION.test(place.session))
		place.session = null;
	readOnly = named.get("mode") === "ro";
}

function writePlace() {
	const named = new URLSearchParams();

	if (place.shown)
		named.set("token", place.token);
	if (place.sandbox !== "")
		named.set("sandbox", place.sandbox);
	if (place.session !== null)
		named.set("session", place.session);
	if (readOnly)
		named.set("mode", "ro");
	history.replaceState(null, "", `#${named}`);
	showWhere();
}

function showWhere() {
	const session = list.sessions.find((s) => s.id === place.session);
	const sandbox = document.createElement("b");

	sandbox.textContent = place.sandbox;
	$("where").replaceChildren(sandbox);
	if (place.session !== null)
		$("where").append(` / ${session ? sessionName(session) :
		    place.session.slice(0, 8)}`);
}

function showTitle(text) {
	document.title = text || place.sandbox ?
	    `${text || place.sandbox} \u2013 gatewayd` : "gatewayd";
}

/*
 * A page that is loaded anew has seen what the one before it had: only what
 * is missing in between is a gap.
 */
function rememberOffset() {
	if (attachment?.offset == null)
		return;
	try {
		sessionStorage.setItem("gatewayd", JSON.stringify({
			session: attachment.session,
			offset: attachment.offset
		}));
	} catch (e) {
		/* Then the next one cannot tell. */
	}
}

function rememberedOffset(session) {
	try {
		const known = JSON.parse(sessionStorage.getItem("gatewayd"));
		sessionStorage.removeItem("gatewayd");
		return known?.session === session ? known.offset : null;
	} catch (e) {
		return null;
	}
}

/* Going in. */

async function start() {
	readPlace();
	applySettings();
	showWhere();
	if (place.token === null) {
		askForToken("");
		return;
	}
	await enter();
}

async function enter() {
	$("login").hidden = true;
	$("frame").hidden = false;
	api = new Api(place.token);
	applySettings();
	if (place.session !== null)
		open(place.session, rememberedOffset(place.session));
	else if (place.sandbox !== "")
		await openFirst();
	else
		askForSandbox("Which sandbox?");
	/* Unless it has turned out meanwhile that the token is no good. */
	if (api === null)
		return;
	await list.show(api, place.sandbox);
	showWhere();
}

function askForToken(why) {
	attachment?.leave();
	api = null;
	list.show(null, "");
	applySettings();
	$("frame").hidden = true;
	$("login").hidden = false;
	$("login-token").hidden = false;
	$("login-why").textContent = why;
	$("sandbox").value = place.sandbox;
	$("sandbox").required = place.session === null;
	showState({ name: "idle" });
	$("token").focus();
}

/* There is nothing wrong with the token that we have. */
function askForSandbox(why) {
	askForToken(why);
	$("login-token").hidden = true;
	$("sandbox").select();
}

function login(e) {
	const token = $("token").value.trim();

	e.preventDefault();
	if (token !== "") {
		place.token = token;
		place.shown = false;
	}
	if (place.token === null) {
		$("token").focus();
		return;
	}
	$("token").value = "";
	place.sandbox = $("sandbox").value.trim();
	writePlace();
	enter();
}

/* What went wrong outside of a terminal. */
function failed(e) {
	if (e.status === 401)
		askForToken(e.code === "token_expired" ?
		    "The token has expired." : "The token is not accepted.");
	else if (e.status === undefined)
		throw e;
	else if (e.status !== 0)
		note(e.message);
}

/* The shell that a plain URL leads to. */
async function openFirst() {
	showState({ name: "connecting" });
	try {
		const ended = (await api.list(place.sandbox)).filter((s) =>
		    s.state === "exited" || s.state === "lost");
		let name = FIRST;
		for (let i = 2; ended.some((s) => s.name === name); i++)
			name = `${FIRST}-${i}`;
		const session = await api.create(place.sandbox, { name,
		    ...(screen.fit() ?? { cols: 80, rows: 24 }) });
		open(session.id);
	} catch (e) {
		if (e.status === 404)
			askForSandbox("There is no such sandbox, or none " +
			    "that you may use.");
		else
			showState({ name: "refused", status: e.status,
			    code: e.code, message: e.message });
	}
}

async function openNew() {
	$("new").disabled = $("again").disabled = true;
	try {
		const session = await api.create(place.sandbox,
		    screen.fit() ?? { cols: 80, rows: 24 });
		open(session.id);
		await list.refresh();
		showWhere();
	} catch (e) {
		failed(e);
	}
	$("new").disabled = $("again").disabled = false;
}

function open(session, known = null) {
	attachment?.leave();
	note("");
	screen.clear();
	showTitle("");
	place.session = list.current = session;
	writePlace();
	closeDrawer();
	list.draw();
	attachment = new Attachment(api, session, { readOnly, known }, {
		state: showState,
		size: showSize,
		repaint: (bytes) => screen.repaint(bytes),
		output: (bytes, at, past, taken) => {
			window.gatewayd.onoutput?.(at, bytes);
			const wait = screen.write(bytes, past, taken);
			if (wait !== undefined && document.hidden)
				attachment.pause();
			return wait;
		},
		gap: (bytes) => {
			screen.cancelSequence();
			note(`Gap of ${count(bytes, "byte")}: ` +
			    "this output is lost");
		},
		unsent: (bytes) => note(`${count(bytes, "byte")} of input ` +
		    "may not have arrived")
	});
	screen.focus();
}

function askToEnd(session) {
	$("confirm-text").textContent = `${sessionName(session)}: its ` +
	    "programs are hung up, and all who watch it are disconnected.";
	$("confirm").returnValue = "no";
	$("confirm").showModal();
	$("confirm").onclose = async () => {
		if ($("confirm").returnValue !== "yes")
			return;
		try {
			await api.end(session.id);
		} catch (e) {
			failed(e);
		}
		list.refresh();
	};
}

/* How it stands. */

function stateText(state) {
	switch (state.name) {
	case "connecting":
		return "Connecting\u2026";
	case "attached":
		return state.readOnly ? "Attached, read-only" : "Attached";
	case "waiting":
		return state.blocked ? "The gateway answers, but no " +
		    "WebSocket gets through: trying again" :
		    "Connection lost: reconnecting";
	case "paused":
		return "Paused until you look";
	case "exited":
		if (state.code !== null)
			return `Exited with code ${state.code}`;
		return state.signal !== null ?
		    `Ended by signal ${state.signal}` :
		    "Exited, the code is not known";
	case "ended":
		return "Session ended";
	case "gone":
		return "There is no such session any more";
	case "lost":
		return "Connection to the sandbox lost";
	case "revoked":
		return "You may no longer use this session";
	case "refused":
		return state.message;
	default:
		return "Not attached";
	}
}

function showState(state) {
	const over = !UNDER_WAY.includes(state.name);

	$("status").dataset.state = state.name === "attached" &&
	    state.readOnly ? "readonly" : state.name;
	$("state").textContent = stateText(state);
	$("now").hidden = state.name !== "waiting";
	$("again").hidden = !over || !api || place.sandbox === "";
	screen.term.options.disableStdin = state.name !== "attached" ||
	    state.readOnly;
	screen.term.options.cursorBlink = state.name === "attached";
	clearInterval(ticking);
	$("countdown").textContent = "";
	if (state.name === "waiting") {
		ticking = setInterval(() => tick(state.until), 250);
		tick(state.until);
	}
	if (state.name === "attached")
		fit();
	if (state.name === "attached" || over)
		list.refresh().then(showWhere);
	if (state.name === "refused" && state.status === 401)
		failed(state);
}

/* Seconds are for the eye: a screen reader would never come to an end. */
function tick(until) {
	const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));

	$("countdown").textContent = `in ${seconds} s`;
}

function showSize(cols, rows) {
	const own = screen.fit();

	screen.resize(cols, rows);
	$("size").textContent = `${cols}\u00d7${rows}` +
	    (own && (own.cols !== cols || own.rows !== rows) ?
	    ", not the size of this window" : "");
}

function note(text) {
	$("note").textContent = text;
	$("note-off").hidden = text === "";
}

/* The session gets the size of the window, unless we only watch. */
function fit() {
	const d = screen.fit();

	if (d === null)
		return;
	if (attachment?.state.name === "attached") {
		showSize(screen.term.cols, screen.term.rows);
		if (d.cols !== screen.term.cols || d.rows !== screen.term.rows)
			attachment.resize(d.cols, d.rows);
	} else if (attachment === null)
		screen.resize(d.cols, d.rows);
}

function applySettings() {
	const root = document.documentElement;

	root.dataset.theme = settings.dark ? "dark" : "light";
	screen.apply(settings, settings.dark);
	$("t-theme").value = settings.theme;
	$("t-reader").setAttribute("aria-pressed", settings.screenReader);
	$("t-readonly").setAttribute("aria-pressed", readOnly);
	showList();
	$("t-list").disabled = $("t-readonly").disabled = api === null;
	fit();
}

function showList() {
	const shown = narrow.matches ? drawer : settings.list;

	$("t-list").setAttribute("aria-expanded", shown);
	$("list").hidden = !shown || api === null;
}

function toggleList() {
	if (!narrow.matches) {
		settings.set("list", !settings.list);
		return;
	}
	drawer = !drawer;
	showList();
}

/* Whoever goes back to the terminal is done with the list that covers it. */
function closeDrawer() {
	drawer = false;
	showList();
}

function toggleReadOnly() {
	readOnly = !readOnly;
	writePlace();
	applySettings();
	attachment?.setReadOnly(readOnly);
}

/* The key that leads out of the terminal leads into it from elsewhere. */
function key(e) {
	if (e.code === "KeyL" && e.ctrlKey && e.shiftKey &&
	    !e.defaultPrevented && !$("frame").hidden) {
		e.preventDefault();
		screen.focus();
	}
}

$("login").addEventListener("submit", login);
$("new").onclick = $("again").onclick = () => openNew();
$("now").onclick = () => attachment?.reconnect();
$("note-off").onclick = () => note("");
$("t-list").onclick = toggleList;
$("list").onkeydown = (e) => {
	if (e.key === "Escape" && drawer)
		screen.focus();
};
$("frame").addEventListener("focusin", closeDrawer);
$("frame").addEventListener("pointerdown", closeDrawer);
$("t-readonly").onclick = toggleReadOnly;
$("t-reader").onclick = () =>
    settings.set("screenReader", !settings.screenReader);
$("t-smaller").onclick = () => settings.set("fontSize", settings.fontSize - 1);
$("t-larger").onclick = () => settings.set("fontSize", settings.fontSize + 1);
$("t-theme").onchange = () => settings.set("theme", $("t-theme").value);
$("t-help").onclick = () => $("help").showModal();

let resizing;
new ResizeObserver(() => {
	clearTimeout(resizing);
	resizing = setTimeout(fit, RESIZE_WAIT);
}).observe($("frame"));
addEventListener("keydown", key);
addEventListener("focus", fit);
narrow.addEventListener("change", showList);
addEventListener("pagehide", rememberOffset);
addEventListener("hashchange", () => location.reload());
for (const event of ["online", "pageshow"])
	addEventListener(event, () => attachment?.wake());
document.addEventListener("visibilitychange", () => {
	if (!document.hidden)
		attachment?.wake();
});

start();
