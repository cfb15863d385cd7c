// What the settings page shows and changes, not drawn: choices, addresses, and what went wrong where.

import { Preferences } from "../preferences.js";
import { explain } from "./explain.js";

const ADDRESSES = "/api/v1/addresses";

/**
 * `changed` is called whenever something looks different. Changes are made one after the other, each
 * on the version that the one before has made; what went wrong with the newest is in `problems`, by
 * its place on the page.
 */
export class Model {
  addresses = [];
  isLoaded = false;
  problems = new Map();
  said = ""; // of the newest change, such as that it is saved

  #client;
  #preferences;
  #changed;
  #ends;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  constructor(client, { lang, words, changed }) {
    this.lang = lang;
    this.words = words;
    this.#client = /** @type {import("../client.js").Client} */ (client);
    this.#changed = changed;
    this.#preferences = new Preferences(client, { language: lang });
    this.#preferences.addEventListener("change", changed);
    this.#ends = [
      client.on("notification", ({ kind }) => {
        if (kind === "security.address_changed") this.load().catch(reportError);
      }),
    ];
  }

  /** What is chosen and what holds; null until it is loaded. */
  get value() {
    return this.#preferences.value;
  }

  close() {
    this.#preferences.close();
    for (const end of this.#ends) end();
  }

  async load() {
    const [addresses] = await Promise.all([
      this.#client.api("GET", ADDRESSES),
      this.#preferences.load(),
    ]);
    this.addresses = addresses;
    this.isLoaded = true;
    this.#changed();
  }

  /** Change what is chosen. Resolves to whether that was done. */
  save(place, changes) {
    return this.#do(place, () => this.#preferences.change(changes));
  }

  /** Consent to a category by a channel, or no longer; `wording` is what the page shows. */
  consent(place, category, channel, granted, wording) {
    return this.#do(place, async () => {
      await this.#preferences.consent(category, channel, granted, wording);
      // What was chosen against it before would hold all the same.
      const scopes = [`category:${category}`, "all"];
      if (granted && scopes.some((scope) => this.value.cells[scope]?.[channel] === false))
        await this.#preferences.set(`category:${category}`, channel, true);
    });
  }

  /** Add an address, or one in place of another. Resolves to it, or to null where that failed. */
  async add(place, channel, value, replaces = null) {
    let added = null;
    const body = { channel, value, ...(replaces && { replaces }) };
    await this.#do(place, async () => {
      try {
        added = await this.#client.api("POST", ADDRESSES, body);
      } finally {
        await this.load(); // an address whose code could not be sent is kept
      }
    });
    return added;
  }

  verify(place, id, code) {
    return this.#act(place, "POST", `${ADDRESSES}/${encodeURIComponent(id)}/verify`, { code });
  }

  sendCode(place, id) {
    return this.#act(place, "POST", `${ADDRESSES}/${encodeURIComponent(id)}/code`);
  }

  remove(place, id) {
    return this.#act(place, "DELETE", `${ADDRESSES}/${encodeURIComponent(id)}`);
  }

  /** Do what is not a matter of the API, such as asking the browser for push. */
  attempt(place, act) {
    return this.#do(place, act);
  }

  /** Say what is wrong with what was entered; nothing was asked of the server. */
  refuse(place, text) {
    this.problems.set(place, text);
    this.said = "";
    this.#changed();
  }

  #act(place, method, path, body) {
    return this.#do(place, async () => {
      await this.#client.api(method, path, body);
      await this.load();
    });
  }

  #do(place, act) {
    this.problems.delete(place);
    this.said = "";
    const run = async () => {
      try {
        await act();
        this.said = this.words.saved;
        return true;
      } catch (error) {
        this.problems.set(place, explain(error, this.words));
        return false;
      } finally {
        this.#changed();
      }
    };
    const done = this.#last.then(run);
    this.#last = done;
    return done;
  }
}
