// What a user has chosen about notifications, not drawn.

const PATH = "/api/v1/preferences";

/**
 * Emits `change` whenever what is chosen may look different, on whichever device it was changed.
 * Its methods reject with ApiError. Status 412 says that another device was first: the newest is
 * loaded by then.
 */
export class Preferences extends EventTarget {
  value = null;

  #client;
  #path;
  #ends;
  #run = 0;

  constructor(client, { language = "" } = {}) {
    super();
    this.#path = language ? `${PATH}?language=${encodeURIComponent(language)}` : PATH;
    this.#client = /** @type {import("./client.js").Client} */ (client);
    this.#ends = [
      client.on("preferences_changed", ({ version }) => this.#told(version)),
      client.on("resync", ({ snapshot }) => this.#told(snapshot.preferences?.version)),
      client.on("reset", () => this.#forget()),
    ];
  }

  /** Stop listening to the client. */
  close() {
    for (const end of this.#ends) end();
    this.#run++;
  }

  async load() {
    await this.#ask("GET");
  }

  /** Change some of it; what is not named stays. Null takes a choice back. */
  async change(changes) {
    if (!this.value) await this.load();
    try {
      await this.#ask("PATCH", changes, { "If-Match": `"${this.value.version}"` });
    } catch (error) {
      if (error.status === 412) await this.load();
      throw error;
    }
  }

  /** Turn one switch: `scope` is `kind:<kind>`, `category:<category>` or `all`. */
  set(scope, channel, on) {
    return this.change({ cells: { [scope]: { [channel]: on } } });
  }

  /** Consent to a category by a channel, or no longer; `wording` is what the user was shown. */
  async consent(category, channel, granted, wording = "") {
    const said = { category, channel, granted, wording };
    await this.#client.api("POST", "/api/v1/consents", said);
    await this.load();
  }

  async #ask(method, body, headers) {
    const run = this.#run;
    const answer = await this.#client.api(method, this.#path, body, headers);
    if (run !== this.#run) return; // of a user who is forgotten
    if (this.value && answer.version < this.value.version) return; // a later answer was faster
    this.value = answer;
    this.#changed();
  }

  #told(version) {
    if (this.value && version !== undefined && version !== this.value.version)
      this.load().catch(reportError);
  }

  #forget() {
    this.#run++;
    this.value = null;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
