// <hoardrun-settings>: what a user gets, how and when. docs/client.md shows its use.

import { dress, h, write } from "./look.js";
import { addresses } from "./settings/addresses.js";
import { messages } from "./settings/choices.js";
import { button } from "./settings/controls.js";
import { explain } from "./settings/explain.js";
import { mute, quiet } from "./settings/hours.js";
import { matrix } from "./settings/matrix.js";
import { Model } from "./settings/model.js";
import { offers } from "./settings/offers.js";
import { pushHere } from "./settings/push.js";
import { CSS } from "./settings/style.js";

const LANGUAGES = {
  en: () => import("./settings/en.js"),
  sw: () => import("./settings/sw.js"),
  fr: () => import("./settings/fr.js"),
  lg: () => import("./settings/lg.js"),
};

/** In the order of the page. */
const SECTIONS = [matrix, addresses, pushHere, quiet, mute, offers, messages];

/**
 * Give it a `client` and, where the page has one, a `push` of push.js. Attribute: `lang` (en, sw, fr,
 * lg). It is a part of a page; `openSettings` shows it as a dialog.
 */
export class HoardrunSettings extends /** @type {typeof HTMLElement} */ (
  globalThis.HTMLElement ?? Object
) {
  /** @type {import("./client.js").Client} */
  client = null;
  push = null;
  isModal = false;

  #model = null;
  #sections = [];
  #ends = [];
  #frame = 0;
  #parts = null;

  constructor() {
    super();
    dress(this.attachShadow({ mode: "open", delegatesFocus: true }), CSS);
  }

  connectedCallback() {
    if (this.client) this.#start().catch(reportError);
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    for (const end of this.#ends.splice(0)) end();
    for (const { close } of this.#sections.splice(0)) close?.();
    this.#model = null;
    this.shadowRoot.replaceChildren();
  }

  async #start() {
    const { lang } = /** @type {HTMLElement} */ (this.closest("[lang]")) ?? {};
    const code = spoken(lang);
    const { default: words } = await LANGUAGES[code]();
    if (!this.isConnected || this.#model) return;
    const model = new Model(this.client, { lang: code, words, changed: () => this.#soon() });
    this.#model = model;
    this.#ends = [
      () => model.close(),
      this.client.on("reset", () => this.remove()), // nothing of a user stays behind in the page
    ];
    this.#build(words);
    try {
      await model.load();
    } catch (error) {
      write(this.#parts.wrong, explain(error, words), {});
      write(this.#parts.status, "", {});
    }
  }

  #build(words) {
    const status = h("p", { class: "status", role: "status" }, words.loading);
    const wrong = h("p", { class: "problem", role: "alert" });
    const body = h("div", { class: "sections" });
    const page = h("div", { class: "page" }, wrong, body, status);
    this.#parts = { status, wrong, body };
    if (!this.isModal) {
      this.shadowRoot.replaceChildren(page);
      return;
    }
    const close = button(words.close, () => dialog.close());
    const head = h("div", { class: "top" }, h("h2", { id: "title" }, words.title), close);
    const dialog = /** @type {HTMLDialogElement} */ (
      h("dialog", { "aria-labelledby": "title", onclose: () => this.#closed() }, head, page)
    );
    this.shadowRoot.replaceChildren(dialog);
    dialog.showModal();
  }

  #closed() {
    this.remove();
    this.dispatchEvent(new Event("close"));
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const model = this.#model;
    if (!model?.isLoaded) return;
    const { status, wrong, body } = this.#parts;
    if (!this.#sections.length) {
      this.#sections = SECTIONS.map((make) => make(model, this.push));
      body.replaceChildren(...this.#sections.map(({ node }) => node));
    }
    write(wrong, "", {});
    write(status, model.said, {});
    for (const { draw } of this.#sections) draw();
  }
}

/** The language of ours that a tag such as "sw-TZ" asks for. */
function spoken(lang) {
  const code = String(lang || "")
    .toLowerCase()
    .split(/[-_]/)[0];
  return LANGUAGES[code] ? code : "en";
}

if (globalThis.customElements && !customElements.get("hoardrun-settings"))
  customElements.define("hoardrun-settings", HoardrunSettings);

/**
 * Show what the user of a client has chosen as a dialog, put into `within`. Resolves when it is
 * closed.
 *
 * @param {any} client
 * @param {{ lang?: string, push?: any, within?: ParentNode }} [options]
 */
export function openSettings(client, options = {}) {
  const { lang = "en", push = null, within = document.body } = options;
  const page = /** @type {HoardrunSettings} */ (document.createElement("hoardrun-settings"));
  Object.assign(page, { client, push, lang, isModal: true });
  const closed = new Promise((resolve) => page.addEventListener("close", resolve, { once: true }));
  within.append(page);
  return closed;
}
