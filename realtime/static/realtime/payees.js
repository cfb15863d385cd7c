// The people whom a user pays by phone, not drawn.

const PATH = "/api/v1/payees";

/**
 * Emits `change` whenever the list may look different, on whichever device it was changed. Its
 * methods reject with ApiError.
 */
export class Payees extends EventTarget {
  items = null;

  #client;
  #ends;
  #user = 0; // counts the users who were forgotten
  #changes = 0;

  constructor(client) {
    super();
    this.#client = /** @type {import("./client.js").Client} */ (client);
    this.#ends = [
      client.on("payee_changed", (change) => this.#told(change)),
      client.on("resync", ({ snapshot }) => this.#show(snapshot.payees ?? null)),
      client.on("reset", () => this.#forget()),
    ];
  }

  /** Stop listening to the client. */
  close() {
    for (const end of this.#ends) end();
    this.#user++;
  }

  async load() {
    const user = this.#user;
    let changes, items;
    do {
      changes = this.#changes;
      items = await this.#client.api("GET", PATH);
      if (user !== this.#user) return;
    } while (changes !== this.#changes); // what was told meanwhile may be newer than the answer
    this.#show(items);
  }

  /** Save a payee; the answer has `verdict`, and `shown_name` to look at before `confirm`. */
  async add(provider, currency, msisdn, name) {
    const saved = await this.#client.api("POST", PATH, { provider, currency, msisdn, name });
    return /** @type {any} */ (saved);
  }

  /** Say that whoever has the name that was shown is meant. */
  async confirm(id, shownName) {
    const path = `${PATH}/${encodeURIComponent(id)}/confirm`;
    await this.#client.api("POST", path, { shown_name: shownName });
  }

  async remove(id) {
    await this.#client.api("DELETE", `${PATH}/${encodeURIComponent(id)}`);
  }

  #told({ id, payee }) {
    this.#changes++;
    if (!this.items) return;
    const others = this.items.filter((item) => item.id !== id);
    this.#show(payee ? [...others, payee].sort(byName) : others);
  }

  #forget() {
    this.#user++;
    this.#show(null);
  }

  #show(items) {
    this.#changes++;
    this.items = items;
    this.dispatchEvent(new Event("change"));
  }
}

const byName = (one, other) =>
  one.name.localeCompare(other.name) || Number(one.id) - Number(other.id);
