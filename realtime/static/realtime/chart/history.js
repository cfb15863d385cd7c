// The candles of one instrument and interval: read page by page, and told as they change.

import { Candles } from "./candles.js";

const PAGE = 500;

/** Emits `change`, whose detail is what `Candles.merge` returns, and `state`. */
export class History extends EventTarget {
  candles = new Candles();
  isLoading = false;
  /** What is wrong, "" for nothing. */
  problem = "";
  #market;
  #cursor = /** @type {string | null | undefined} */ (undefined); // null: there is nothing older

  /** @param {import("../market.js").Market} market */
  constructor(market, symbol, interval) {
    super();
    this.#market = market;
    this.symbol = symbol;
    this.interval = interval;
  }

  get room() {
    return `candles:${this.symbol}:${this.interval}`;
  }

  /** Whether there may be older candles that this page can hold. */
  get hasOlder() {
    return this.#cursor !== null && !this.candles.isFull;
  }

  /** Read the newest, or what has changed since the last closed candle. */
  load() {
    const from = this.candles.lastClosed?.time;
    return this.#read(from ? { from, limit: 1000 } : { limit: PAGE }, !from);
  }

  /** Read the page before the first candle. */
  older() {
    if (this.isLoading || !this.hasOlder || !this.#cursor) return;
    return this.#read({ cursor: this.#cursor, limit: PAGE }, true);
  }

  /** Take what `candle_update` says. */
  tell(update) {
    this.#changed(this.candles.merge([update]));
  }

  async #read(query, isOlder) {
    this.isLoading = true;
    this.dispatchEvent(new Event("state"));
    try {
      const { symbol, interval } = this;
      let page = await this.#market.candles(symbol, { interval, ...query });
      if (isOlder) this.#cursor = page.next ?? null;
      let drawn = this.candles.merge(page.candles, { isHistory: true });
      while (!isOlder && page.next) {
        page = await this.#market.candles(symbol, { interval, ...query, cursor: page.next });
        if (this.candles.merge(page.candles, { isHistory: true }) !== "none") drawn = "all";
      }
      this.problem = "";
      this.isLoading = false;
      this.#changed(drawn);
    } catch (error) {
      this.problem = error.message;
      this.isLoading = false;
    }
    this.dispatchEvent(new Event("state"));
  }

  #changed(drawn) {
    if (drawn !== "none") this.dispatchEvent(new CustomEvent("change", { detail: drawn }));
  }
}
