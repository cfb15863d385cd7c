// <hoardrun-bell>: the bell and the inbox behind it, for any page. docs/client.md shows its use.

import { askForToken, place, socketUrl, TokenError } from "./bellpage.js";
import { STYLE } from "./bellstyle.js";
import { age, build, draw } from "./bellview.js";
import { Client } from "./client.js";
import { Inbox } from "./inbox.js";
import { dress } from "./look.js";
import { followPresence } from "./presence.js";
import { Shown } from "./shown.js";
import { until } from "./until.js";
import { wordsOf } from "./words.js";

const TICK_MS = 20_000; // "4 minutes ago" ages

/**
 * Give it a `client`, or a `getToken` (as Client takes it), or the attribute `token-url`: an
 * address of the page's own server that answers `{"access": "<token>"}`, and 401 or 403 when
 * nobody is logged in. Attributes: `lang` (en, sw, fr, lg), `server` (default: where this file is
 * from), `push-worker` (where the page's origin has the worker of push messages).
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
  #isWatched = false; // whether the person is at the page
  #parts;
  #acts = {
    toggle: () => (this.isOpen ? this.close() : this.open()),
    filter: (unreadOnly) => this.#filter(unreadOnly),
    readAll: () => this.#try(() => this.#inbox.markAllRead()),
    more: () => this.#try(() => this.#inbox.more()),
    settings: () => this.#try(() => this.openSettings()),
    choose: (note) => this.#choose(note),
    read: ({ id }) => this.#try(() => this.#inbox.markRead(id)),
    archive: ({ id }) => this.#try(() => this.#inbox.archive(id)),
    pin: ({ id, pinned_at }) =>
      this.#try(() => (pinned_at ? this.#inbox.unpin(id) : this.#inbox.pin(id))),
    snooze: ({ id }) => this.#offer(id === this.#snoozing ? "" : id),
    snoozeFor: ({ id }, choice) => this.#snooze(id, choice),
    category: (name) => this.#narrow(name),
  };
  #frame = 0;
  #clock = 0;
  #problem = "";
  #warned = new Set();
  #snoozing = ""; // the id of the one whose choices are open
  #shown = new Shown((id) => this.#inbox?.markSeen(id));

  constructor() {
    super();
    dress(this.attachShadow({ mode: "open", delegatesFocus: true }), STYLE);
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
    document.addEventListener("visibilitychange", () => this.#tick(), { signal });
    for (const name of ["scroll", "resize"])
      window.addEventListener(name, () => this.isOpen && place(this.#parts), {
        signal,
        passive: true,
      });
    this.#clock = setInterval(() => this.#tick(), TICK_MS);
    const { getToken } = /** @type {import("./bell.js").HoardrunBell} */ (this);
    if (!this.#client && (getToken || this.hasAttribute("token-url"))) {
      this.#client = new Client({
        url: socketUrl(this.getAttribute("server")),
        getToken: getToken || (() => this.#askForToken()),
      });
      this.#own = true;
    }
    this.#enter();
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
    try {
      return await askForToken(this.getAttribute("token-url"));
    } catch (error) {
      if (error instanceof TokenError) this.#warn(error.message);
      throw error;
    }
  }

  /** Warn the author of the page, once for each reason. */
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
      followPresence(this.#client, (isActive) => this.#watched(isActive)),
    ];
    if (this.#own) this.#client.connect();
    this.#draw();
    this.#push(this.#client)
      .then((push) => push.renew())
      .catch(({ message }) => this.#warn(`Push is not renewed. ${message}`));
  }

  /** Its file comes after all others: nothing that is drawn waits for it. */
  async #push(client) {
    const { createPush } = await import("./push.js");
    const push = createPush(client, { url: this.getAttribute("push-worker") ?? "" });
    push.onopen = (opened) => this.#clicked(opened);
    return push;
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

  // -- actions

  open() {
    this.#parts.panel.hidden = false;
    this.#parts.bell.setAttribute("aria-expanded", "true");
    this.#draw();
    place(this.#parts);
    this.#parts.all.focus();
    if (!this.#client)
      this.#warn("It is not connected: give it a token-url, a getToken or a client.");
    const isFirst = !this.#inbox?.isLoaded || this.#problem;
    this.#see();
    if (isFirst) this.#try(() => this.#inbox?.load());
    this.#inbox?.overview().catch(() => {}); // a bell without tabs is one, too
  }

  #entered(state) {
    if (state === "connected" && this.isOpen && this.#problem) this.#try(() => this.#inbox.load());
    this.#soon();
  }

  close(refocus = false) {
    if (!this.isOpen) return;
    this.#parts.panel.hidden = true;
    this.#snoozing = "";
    this.#parts.bell.setAttribute("aria-expanded", "false");
    if (refocus) this.#parts.bell.focus();
  }

  /** Show what the user has chosen about notifications. Resolves when that is closed. */
  async openSettings() {
    if (!this.#client) return;
    const [{ openSettings }, push] = await Promise.all([
      import("./settings.js"), // few open it: it is loaded then
      this.#push(this.#client),
    ]);
    const before = this.isOpen ? this.#parts.bell : document.activeElement;
    this.close();
    await openSettings(this.#client, { lang: this.#lang, within: this.shadowRoot, push });
    before?.focus();
  }

  #changed() {
    if (this.#inbox.counts.unseen) this.#see(); // the user looks at it
    this.#soon();
  }

  /** Mark all as seen, if the bell is open and the person is there. */
  async #see() {
    if (!this.isOpen || !this.#isWatched || this.#sees) return;
    this.#sees = true;
    await this.#try(() => this.#inbox?.markAllSeen());
    this.#sees = false;
  }

  /** The person is there again, or no longer: an open page on an empty desk is not seen. */
  #watched(isActive) {
    this.#isWatched = isActive;
    this.#see();
    this.#shown.watched(isActive);
  }

  /** Say that the page shows a notification now; `Shown` says when that counts. */
  shows(note) {
    return this.#shown.shows(note);
  }

  /** Open the choices of how long to snooze one; "" closes them. */
  #offer(id) {
    const before = this.#snoozing;
    this.#snoozing = id;
    this.#draw();
    const key = id ? `${id} hour` : `${before} snooze`;
    /** @type {HTMLElement} */ (
      this.#parts.list.querySelector(`[data-key="${CSS.escape(key)}"]`)
    )?.focus();
  }

  async #snooze(id, choice) {
    this.#snoozing = "";
    await this.#try(() => this.#inbox.snooze(id, until(choice)));
    if (!this.#problem) this.#parts.live.textContent = wordsOf(this.#lang).snoozed;
  }

  #narrow(category) {
    if (this.#inbox) this.#inbox.category = category;
    this.#draw();
  }

  /** Times age while nothing happens. What has not changed is left alone. */
  #tick() {
    if (!this.isOpen || document.hidden) return;
    age(this.#parts, this.#lang);
  }

  #arrived(note) {
    this.#parts.live.textContent = `${note.title}. ${note.message}`;
    this.#tell("hoardrun-arrived", note);
  }

  /** A push message was clicked, which brought this page to the front. */
  #clicked({ id, url, action }) {
    if (action) this.#tell("hoardrun-action", { id, url, action });
    const note = this.#inbox?.items.find((one) => one.id === id);
    if (note) this.#choose(note);
    else this.open();
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

  // -- drawing

  get #lang() {
    const { lang } = /** @type {HTMLElement} */ (this.closest("[lang]")) ?? {};
    return (lang || "en").replaceAll("_", "-");
  }

  #build() {
    this.#parts = build(this.shadowRoot, this.#acts);
    this.shadowRoot.addEventListener("keydown", (/** @type {any} */ event) => {
      if (event.key !== "Escape" || !this.isOpen) return;
      event.stopPropagation();
      if (this.#snoozing) this.#offer("");
      else this.close(true);
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
    draw(this.#parts, {
      state: this.#client?.state || "disconnected",
      inbox: this.#inbox,
      problem: this.#problem,
      snoozing: this.#snoozing,
      lang: this.#lang,
      acts: this.#acts,
    });
  }
}

// Where there are no elements, as on a server that renders pages, it can be imported all the same.
if (globalThis.customElements && !customElements.get("hoardrun-bell"))
  customElements.define("hoardrun-bell", HoardrunBell);
