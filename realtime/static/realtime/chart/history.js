// The candles of one instrument and interval: read page by page, and told as they change.

import { Candles } from "./candles.js";

const PAGE = 500;
const LONGEST_PAGE = 1000;
const RETRY_MS = 2000; // doubles with each failure in a row
const LONGEST_RETRY_MS = 60_000;

/**
 * Emits `change`, whose detail is what `Candles.merge` returns, and `state`. What the server could
 * not answer is asked again, until `end`.
 */
export class History extends EventTarget {
  candles = new Candles();
  /** What is wrong, "" for nothing. */
  problem = "";
  #market;
  #cursor = /** @type {string | null | undefined} */ (undefined); // null: there is nothing older
  #missing = /** @type {string | undefined} */ (undefined); // since when candles may be missing
  #reading = /** @type {Promise<void>} */ (null);
  #isDue = false; // the newest are asked for again after what is being read
  #isOlderDue = false; // and then those before the first
  #failures = 0;
  #timer;
  #isOver = false;

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

  get isLoading() {
    return this.#reading !== null;
  }

  /** Whether there may be older candles that this page can hold. */
  get hasOlder() {
    return this.#cursor !== null && !this.candles.isFull;
  }

  /** Read the newest, or what has changed since the last closed candle. */
  load() {
    if (this.isLoading) {
      this.#isDue = true;
      return;
    }
    clearTimeout(this.#timer);
    // What comes meanwhile is newer, so only the first time that could not be read counts.
    this.#missing ??= this.candles.lastClosed?.time;
    const isFirst = this.#cursor === undefined;
    this.#read(isFirst ? () => this.#readOlder() : () => this.#readSince(this.#missing), true);
  }

  /** Read the page before the first candle. */
  older() {
    if (this.isLoading) this.#isOlderDue = true;
    else if (this.hasOlder && this.#cursor) this.#read(() => this.#readOlder());
  }

  /** Take what `candle_update` says. */
  tell(update) {
    this.#changed(this.candles.merge([update]));
  }

  /** Ask for nothing more. */
  end() {
    clearTimeout(this.#timer);
    this.#isOver = true;
  }

  #read(ask, isOfNewest = false) {
    this.#reading = ask()
      .then(
        () => {
          this.problem = "";
          this.#failures = 0;
          if (isOfNewest) this.#missing = undefined;
        },
        (error) => {
          this.problem = error.message;
          if (isOfNewest) this.#retry(error);
        },
      )
      .then(() => {
        this.#reading = null;
        this.dispatchEvent(new Event("state"));
        if (this.#isDue) {
          this.#isDue = false;
          this.load();
        } else if (this.#isOlderDue) {
          this.#isOlderDue = false;
          this.older();
        }
      });
    this.dispatchEvent(new Event("state"));
  }

  /** Ask again later, unless the answer will be the same. */
  #retry({ status }) {
    if (this.#isOver || (status >= 400 && status < 500 && status !== 429)) return;
    const pause = Math.min(RETRY_MS * 2 ** this.#failures++, LONGEST_RETRY_MS);
    this.#timer = setTimeout(() => this.load(), pause);
  }

  async #readOlder() {
    const page = await this.#page({ limit: PAGE, cursor: this.#cursor }).finally(() => {
      this.#isOlderDue = false; // this page is the answer to who asked meanwhile
    });
    this.#cursor = page.next ?? null;
    this.#changed(this.candles.merge(page.candles, { isHistory: true }));
  }

  async #readSince(from) {
    let cursor;
    do {
      const page = await this.#page({ from, limit: LONGEST_PAGE, cursor });
      this.#changed(this.candles.merge(page.candles, { isHistory: true }));
      cursor = page.next;
    } while (cursor);
  }

  #page(query) {
    return this.#market.candles(this.symbol, { interval: this.interval, ...query });
  }

  #changed(drawn) {
    if (drawn !== "none") this.dispatchEvent(new CustomEvent("change", { detail: drawn }));
  }
}
