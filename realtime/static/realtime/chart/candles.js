// The candles that a chart shows: in order, each time once, whatever order they come in. Pure.

export const CAP = 5000;
/** An empty stretch of more buckets than this, such as a night, is drawn as one step. */
export const DRAWN_GAP = 120;

/** Seconds of each interval that has a fixed length; days and longer follow a calendar. */
export const SECONDS = { "1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "4h": 14_400 };
export const INTERVALS = [...Object.keys(SECONDS), "1d", "1w", "1M"];

/**
 * A candle as the API and `candle_update` have it. The numbers stay the texts that they are.
 * @typedef {{ time: string, open: string, high: string, low: string, close: string,
 *   volume: string | null, trades: number | null, closed: boolean, revision: number,
 *   indicative?: boolean, source?: string }} Candle
 */

/**
 * Keeps at most `cap` candles of one interval, the newest. A candle takes the place of the one of
 * its time if its revision is higher, or the same and it does not open what was closed.
 */
export class Candles {
  /** @type {(Candle & { at: number })[]} by `at`, seconds since 1970 */
  #list = [];
  #cap;

  constructor({ cap = CAP } = {}) {
    this.#cap = cap;
  }

  [Symbol.iterator]() {
    return this.#list[Symbol.iterator]();
  }

  get size() {
    return this.#list.length;
  }

  get isFull() {
    return this.#list.length >= this.#cap;
  }

  get first() {
    return this.#list[0];
  }

  get last() {
    return this.#list.at(-1);
  }

  /** The newest closed candle: from its time on, the rest is asked for after an absence. */
  get lastClosed() {
    return this.#list.findLast((candle) => candle.closed);
  }

  at(index) {
    return this.#list.at(index);
  }

  /** Return the index of the candle of a time, -1 for none. */
  indexOf(at) {
    const index = this.#place(at);
    return this.#list[index]?.at === at ? index : -1;
  }

  clear() {
    this.#list = [];
  }

  /**
   * Take candles in. `isHistory`: they were read, so a running one may be older than what was
   * told meanwhile. Returns what to draw anew: `last` is the last candle alone, changed or new.
   * @param {Candle[]} candles
   * @returns {"none" | "last" | "all"}
   */
  merge(candles, { isHistory = false } = {}) {
    let drawn = /** @type {"none" | "last" | "all"} */ ("none");
    for (const candle of candles) {
      const at = Math.floor(Date.parse(candle.time) / 1000);
      if (!Number.isFinite(at)) continue;
      const index = this.#place(at);
      const known = this.#list[index]?.at === at ? this.#list[index] : null;
      if (known && !supersedes(candle, known, isHistory)) continue;
      const isAtTheEnd = known ? index === this.#list.length - 1 : index === this.#list.length;
      this.#list.splice(index, known ? 1 : 0, { ...candle, at });
      drawn = isAtTheEnd && candles.length === 1 ? "last" : "all";
    }
    const more = this.#list.length - this.#cap;
    if (more > 0) {
      this.#list.splice(0, more);
      drawn = "all";
    }
    return drawn;
  }

  /** The end of the list that `time` belongs in. */
  #place(at) {
    let low = 0;
    let high = this.#list.length;
    if (high && this.#list[high - 1].at < at) return high; // as nearly all do
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#list[middle].at < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Return what is drawn: numbers, and times without a number where buckets had no trade. */
  points(interval) {
    const step = SECONDS[interval];
    const points = [];
    let before = null;
    for (const candle of this.#list) {
      const missing = step && before !== null ? (candle.at - before) / step - 1 : 0;
      if (missing > 0 && missing <= DRAWN_GAP)
        for (let at = before + step; at < candle.at; at += step) points.push({ time: at });
      points.push(pointOf(candle));
      before = candle.at;
    }
    return points;
  }

  /** Say whether the last two follow each other, so that the last can be drawn alone. */
  followsOn(interval) {
    const step = SECONDS[interval];
    const [one, other] = this.#list.slice(-2);
    return !step || !other || other.at - one.at <= step || other.at - one.at > step * DRAWN_GAP;
  }
}

/** Say whether a candle takes the place of one of the same time. */
function supersedes(candle, known, isHistory) {
  if (candle.revision !== known.revision) return candle.revision > known.revision;
  if (known.closed) return candle.closed && !same(candle, known);
  return candle.closed || !isHistory;
}

const same = (one, other) =>
  ["open", "high", "low", "close", "volume", "trades"].every((name) => one[name] === other[name]);

/** Convert a candle to numbers, which are for pixels only. */
export function pointOf({ at, open, high, low, close }) {
  return {
    time: at,
    open: Number(open),
    high: Number(high),
    low: Number(low),
    close: Number(close),
  };
}
