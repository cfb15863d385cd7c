// <hoardrun-bell>: the bell and the inbox behind it, for any page. docs/client.md shows its use.

import { dress } from "./bellstyle.js";
import { Client } from "./client.js";
import { icon } from "./icons.js";
import { Inbox } from "./inbox.js";
import { ago, wordsOf } from "./words.js";

const PATH = "ws/notifications";
const TICK_MS = 20_000; // "4 minutes ago" ages

/**
 * Give it a `client`, or a `getToken` (as Client takes it), or the attribute `token-url`: an
 * address of the page's own server that answers `{"access": "<token>"}`, and 401 or 403 when
 * nobody is logged in. Attributes: `lang` (en, sw), `server` (default: where this file is from).
 * Emits `hoardrun-arrived` and, when one is chosen, `hoardrun-open`; the detail is the notification.
 */
export class HoardrunBell extends /** @type {typeof HTMLElement} */ (
  globalThis.HTMLElement ?? Object
) {
  static observedAttributes = ["lang"];

  /** @type {Client} */
  #client = null;
  #inbox = null;
  #ends = [];
  #own = false; // whether the client is ours to end
  #life = null;
  #sees = false; // whether it is just saying that all is seen
  #parts;
  #frame = 0;
  #clock = 0;
  #problem = "";
  #warned = new Set();

  constructor() {
    super();
    dress(this.attachShadow({ mode: "open", delegatesFocus: true }));
    this.#build();
  }

  get client() {
    return this.#client;
  }

  set client(client) {
    this.#leave();
    this.#client = client;
    this.#own = false;
    if (this.isConnected) this.#enter();
  }

  get inbox() {
    return this.#inbox;
  }

  get isOpen() {
    return !this.#parts.panel.hidden;
  }

  connectedCallback() {
    for (const name of ["client", "getToken"]) this.#upgrade(name);
    this.#life = new AbortController();
    const { signal } = this.#life;
    document.addEventListener(
      "pointerdown",
      (event) => this.isOpen && !event.composedPath().includes(this) && this.close(),
      { signal },
    );
    document.addEventListener("visibilitychange", () => this.#shown(), { signal });
    this.#clock = setInterval(() => this.#tick(), TICK_MS);
    const { getToken } = /** @type {import("./bell.js").HoardrunBell} */ (this);
    if (!this.#client && (getToken || this.hasAttribute("token-url"))) {
      this.#client = new Client({
        url: this.#url,
        getToken: getToken || (() => this.#askForToken()),
      });
      this.#own = true;
    }
    this.#enter();
  }

  /** The socket is below the server's address, or next to where this file is served from. */
  get #url() {
    const server = this.getAttribute("server");
    if (server) return new URL(PATH, new URL(server.replace(/\/?$/, "/"), location.href));
    const [, before = "/"] =
      /^(.*\/)static\/realtime\/[^/]*$/.exec(new URL(import.meta.url).pathname) || [];
    return new URL(before + PATH, import.meta.url);
  }

  /** Take a property that was set before this file had run. */
  #upgrade(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }

  disconnectedCallback() {
    this.#life.abort();
    clearInterval(this.#clock);
    this.#leave();
  }

  attributeChangedCallback() {
    this.#draw();
  }

  async #askForToken() {
    const response = await fetch(this.getAttribute("token-url"), {
      headers: { Accept: "application/json" },
    });
    if ([401, 403].includes(response.status)) return null;
    const { access } = response.ok ? await response.json() : {};
    if (typeof access === "string") return access;
    const why = response.ok
      ? 'The token-url must answer {"access": "<token>"}.'
      : `The token-url answered ${response.status}.`;
    this.#warn(why);
    throw new Error(why);
  }

  /** Tell whoever builds the page, once. */
  #warn(why) {
    if (!this.#warned.has(why)) console.warn(`<hoardrun-bell>: ${why}`);
    this.#warned.add(why);
  }

  #enter() {
    if (!this.#client || this.#inbox) return;
    this.#inbox = new Inbox(this.#client);
    this.#inbox.addEventListener("change", () => this.#changed());
    this.#inbox.addEventListener("arrived", ({ detail }) => this.#arrived(detail));
    this.#ends = [
      this.#client.on("state", ({ state }) => this.#entered(state)),
      this.#client.on("resync", () => this.#see()),
      this.#client.on("reset", () => this.#forget()),
    ];
    if (this.#own) this.#client.connect();
    this.#draw();
  }

  #leave() {
    for (const end of this.#ends.splice(0)) end();
    this.#inbox?.close();
    this.#inbox = null;
    if (this.#own) this.#client.disconnect();
    this.close();
  }

  /** Nothing of a user stays behind in the page. */
  #forget() {
    this.#parts.live.textContent = "";
    this.#parts.list.replaceChildren();
    this.#soon();
  }

  // -- what one does

  open() {
    this.#parts.panel.hidden = false;
    this.#parts.bell.setAttribute("aria-expanded", "true");
    this.#draw();
    this.#place();
    this.#parts.all.focus();
    if (!this.#client)
      this.#warn("It is not connected: give it a token-url, a getToken or a client.");
    const isFirst = !this.#inbox?.isLoaded || this.#problem;
    this.#see();
    if (isFirst) this.#try(() => this.#inbox?.load());
  }

  #entered(state) {
    if (state === "connected" && this.isOpen && this.#problem) this.#try(() => this.#inbox.load());
    this.#soon();
  }

  /** Hang the panel from the side of the bell where the page has room for it. */
  #place() {
    const { panel } = this.#parts;
    panel.classList.remove("turned");
    const { left, right } = panel.getBoundingClientRect();
    panel.classList.toggle("turned", left < 0 || right > document.documentElement.clientWidth);
  }

  close(refocus = false) {
    if (!this.isOpen) return;
    this.#parts.panel.hidden = true;
    this.#parts.bell.setAttribute("aria-expanded", "false");
    if (refocus) this.#parts.bell.focus();
  }

  #changed() {
    if (this.#inbox.counts.unseen) this.#see(); // what comes is looked at
    this.#soon();
  }

  /** Say that all is seen, if it is: an open bell in a page that nobody looks at is not. */
  async #see() {
    if (!this.isOpen || document.hidden || this.#sees) return;
    this.#sees = true;
    await this.#try(() => this.#inbox?.markAllSeen());
    this.#sees = false;
  }

  /** The page is looked at again, or no longer. */
  #shown() {
    if (document.hidden) return;
    this.#see();
    this.#tick();
  }

  /** Times age while nothing happens. What has not changed is left alone. */
  #tick() {
    if (!this.isOpen || document.hidden) return;
    for (const time of this.#parts.list.querySelectorAll("time"))
      write(time, ago(time.dateTime, this.#lang), {});
  }

  #arrived(note) {
    this.#parts.live.textContent = `${note.title}. ${note.message}`;
    this.#tell("hoardrun-arrived", note);
  }

  #choose(note) {
    if (note.status === "unread") this.#try(() => this.#inbox.markRead(note.id));
    this.#tell("hoardrun-open", note);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  async #try(act) {
    this.#problem = "";
    try {
      await act();
    } catch (error) {
      this.#problem = error.message;
    }
    this.#soon();
  }

  // -- what one sees

  get #lang() {
    const { lang } = /** @type {HTMLElement} */ (this.closest("[lang]")) ?? {};
    return (lang || "en").replaceAll("_", "-");
  }

  #build() {
    const bell = h("button", {
      type: "button",
      part: "bell",
      class: "bell",
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      onclick: () => (this.isOpen ? this.close() : this.open()),
    });
    const badge = h("span", { class: "badge", part: "badge", "aria-hidden": "true" });
    const label = h("span", { class: "sr" });
    bell.append(icon("bell"), badge, label);
    const all = h("button", { type: "button", onclick: () => this.#filter(false) });
    const onlyUnread = h("button", { type: "button", onclick: () => this.#filter(true) });
    const readAll = h("button", {
      type: "button",
      class: "quiet",
      onclick: () => this.#try(() => this.#inbox.markAllRead()),
    });
    const title = h("h2", {});
    const problem = h("p", { class: "problem", role: "alert" });
    const list = h("ul", {});
    const more = h("button", {
      type: "button",
      class: "quiet more",
      onclick: () => this.#try(() => this.#inbox.more()),
    });
    const panel = h(
      "div",
      { class: "panel", part: "panel", role: "dialog", hidden: true },
      h(
        "div",
        { class: "head" },
        title,
        h("div", { class: "segments", role: "group" }, all, onlyUnread),
        readAll,
      ),
      problem,
      h("div", { class: "scroll" }, list, more),
    );
    const live = h("span", { class: "sr", "aria-live": "polite", dir: "auto" });
    this.#parts = {
      bell,
      badge,
      label,
      all,
      onlyUnread,
      readAll,
      title,
      problem,
      list,
      more,
      panel,
      live,
    };
    this.shadowRoot.append(bell, panel, live);
    this.shadowRoot.addEventListener("keydown", (/** @type {any} */ event) => {
      if (event.key !== "Escape" || !this.isOpen) return;
      event.stopPropagation();
      this.close(true);
    });
    this.addEventListener(
      "focusout",
      (/** @type {any} */ { relatedTarget }) =>
        relatedTarget && !this.contains(relatedTarget) && this.close(),
    );
    this.#draw();
  }

  #filter(unreadOnly) {
    if (this.#inbox) this.#inbox.unreadOnly = unreadOnly;
    this.#draw();
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { bell, badge, label, all, onlyUnread, readAll, title, problem, more, panel } =
      this.#parts;
    const words = wordsOf(this.#lang);
    const inbox = this.#inbox;
    const { unread, unseen } = inbox?.counts || { unread: 0, unseen: 0 };
    const state = this.#client?.state || "disconnected";
    badge.textContent = unread > 99 ? "99+" : unread || "";
    label.textContent = `${words.title}: ${words.unread(unread)}`;
    bell.title = { disconnected: words.off, connecting: words.away, connected: "" }[state];
    bell.classList.toggle("away", state !== "connected");
    bell.classList.toggle("unseen", unseen > 0);
    if (!this.isOpen) return;
    title.textContent = words.title;
    panel.setAttribute("aria-label", words.title);
    write(all, words.all, { "aria-pressed": String(!inbox?.unreadOnly) });
    write(onlyUnread, words.onlyUnread, { "aria-pressed": String(Boolean(inbox?.unreadOnly)) });
    write(readAll, words.readAll, {});
    if (unread === 0 && this.shadowRoot.activeElement === readAll) all.focus(); // a disabled one loses it
    readAll.disabled = unread === 0;
    problem.textContent = this.#problem && words.failed(this.#problem);
    more.hidden = !inbox?.hasMore || (this.#problem !== "" && inbox.items.length === 0);
    write(more, inbox?.isLoading ? words.loading : words.more, {});
    this.#drawList(inbox, words);
  }

  #drawList(inbox, words) {
    const { list, all } = this.#parts;
    const { key: focused } =
      /** @type {HTMLElement} */ (this.shadowRoot.activeElement)?.dataset ?? {};
    const items = inbox?.items || [];
    const isOff = !inbox || this.#problem !== "";
    const nothing = h(
      "li",
      { class: "empty" },
      inbox?.isLoading
        ? words.loading
        : isOff
          ? words.off
          : inbox.unreadOnly
            ? words.allRead
            : words.empty,
    );
    list.replaceChildren(
      ...(items.length ? items.map((note) => this.#item(note, words)) : [nothing]),
    );
    if (focused)
      (
        [...list.querySelectorAll("[data-key]")].find(({ dataset }) => dataset.key === focused) ||
        all
      ).focus();
  }

  #item(note, words) {
    const act = (verb, label, method) =>
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "data-key": `${note.id} ${verb}`,
          "aria-label": `${label}: ${note.title}`,
          onclick: () => this.#try(() => method.call(this.#inbox, note.id)),
        },
        label,
      );
    const priority = words[note.priority];
    return h(
      "li",
      { class: `note ${note.status}`, "data-notification": note.id },
      h("span", { class: "kind", "data-type": note.type }, icon(note.type)),
      h(
        "button",
        {
          type: "button",
          class: "open",
          "data-key": `${note.id} open`,
          onclick: () => this.#choose(note),
        },
        h("strong", { dir: "auto" }, note.title),
        " ",
        h("span", { dir: "auto" }, note.message),
        " ",
        h(
          "small",
          {},
          h("time", { datetime: note.created_at }, ago(note.created_at, this.#lang)),
          priority ? " " : "",
          priority ? h("em", {}, priority) : "",
        ),
      ),
      h(
        "div",
        { class: "acts" },
        note.status === "unread" ? act("read", words.read, this.#inbox.markRead) : "",
        act("archive", words.archive, this.#inbox.archive),
      ),
    );
  }
}

/** Make an element; text only ever becomes text. */
function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) write(node, null, { [name]: value });
  node.append(...children);
  return node;
}

function write(node, text, attributes) {
  if (text !== null && node.textContent !== text) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") node.toggleAttribute(name, value);
    else node.setAttribute(name, value);
  }
}

// Where there are no elements, as on a server that renders pages, it can be imported all the same.
if (globalThis.customElements && !customElements.get("hoardrun-bell"))
  customElements.define("hoardrun-bell", HoardrunBell);
