// The user's alerts on one instrument: read once, then told as they change.

const GONE = { version: 1 }; // of one that was removed meanwhile, as the server will say
/** Those that a price can still set off. */
const ACTIVE = ["pending", "armed", "waiting_rearm", "paused"];

/**
 * Emits `change`. An alert that is older than the one held is left out: an answer may come after a
 * message that is newer.
 */
export class Alerts extends EventTarget {
  #rows;
  #symbol;
  #items = new Map();
  #removed = new Set();

  /** @param {import("../market.js").Market["alerts"]} rows */
  constructor(rows, symbol) {
    super();
    this.#rows = rows;
    this.#symbol = symbol;
  }

  /** Oldest first. */
  get items() {
    return [...this.#items.values()].sort((one, other) => Number(one.id) - Number(other.id));
  }

  /** Those that are drawn: on a price, and not over. */
  get lines() {
    return this.items.filter(
      ({ kind, state }) => kind.startsWith("price_") && ACTIVE.includes(state),
    );
  }

  get(id) {
    return this.#items.get(id);
  }

  async load() {
    const found = await this.#rows.list({ symbol: this.#symbol });
    const ids = new Set(found.map(({ id }) => id));
    for (const id of this.#items.keys()) if (!ids.has(id)) this.#items.delete(id);
    for (const alert of found) this.#keep(alert);
    this.#changed();
  }

  /** Take what `price_alert_changed` says: an alert, or null for one that is gone. */
  tell({ id, alert }) {
    if (alert) this.#keep(alert);
    else this.#drop(String(id));
    this.#changed();
  }

  async create(given) {
    this.tell({ id: "", alert: await this.#rows.create({ symbol: this.#symbol, ...given }) });
  }

  async update(id, changes) {
    const { version } = this.#items.get(id) ?? GONE;
    try {
      this.tell({ id, alert: await this.#rows.update(id, { version, ...changes }) });
    } catch (error) {
      if (error.status === 412 || error.status === 404) await this.load();
      throw error;
    }
  }

  async remove(id) {
    await this.#rows.remove(id);
    this.tell({ id, alert: null });
  }

  #keep(alert) {
    const id = String(alert.id);
    if (alert.symbol !== this.#symbol || this.#removed.has(id)) return;
    if (alert.version >= (this.#items.get(id)?.version ?? 0)) this.#items.set(id, alert);
  }

  #drop(id) {
    this.#removed.add(id);
    this.#items.delete(id);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
