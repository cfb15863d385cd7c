// The newest entries of the log, and which of them a filter shows. Pure.

const KEEP = 50_000;
const SPARE = 5000; // the oldest leave in pieces of this size
const SLICE = 2500; // entries that one step of a new filter looks at

const BEATS = new Set(["ping", "pong", "ack", "acked"]);
const MARKET = new Set(["market_update", "candle_update", "market_feed"]);

/** Say which kind an entry is: event, control, market or beat. */
export function kindOf({ message, direction }) {
  const type = message?.type;
  if (BEATS.has(type)) return "beat";
  if (MARKET.has(type)) return "market";
  if (direction === "in" && (message?.stream || type === "notification_counts")) return "event";
  return "control";
}

/**
 * `shown` counts what the filter lets through, `at(index)` gets it, the oldest first. Entries get
 * `number` (from 0, never again), `kind` and `since` (milliseconds after the one before).
 */
export class LogList {
  counts = { event: 0, control: 0, market: 0, beat: 0 };
  lost = 0; // left, to make room
  #entries = [];
  #shown = []; // numbers
  #accepts = (_) => true;
  #next = 0; // the number that the filter looks at next
  #total = 0;
  #last = null;

  constructor(keep = KEEP) {
    this.keep = keep;
  }

  get size() {
    return this.#entries.length;
  }

  get shown() {
    return this.#shown.length;
  }

  /** How much of a new filter is done, 0 to 1. */
  get progress() {
    return this.size ? Math.max(0, this.#next - this.#first) / this.size : 1;
  }

  get #first() {
    return this.#total - this.#entries.length;
  }

  at(index) {
    return this.#entries[this.#shown[index] - this.#first];
  }

  /** Take entries; returns how many of those shown have left at the front. */
  add(entries) {
    for (const entry of entries) {
      entry.number = this.#total++;
      entry.kind = kindOf(entry);
      entry.since = this.#last && entry.at - this.#last;
      this.#last = entry.at;
      this.counts[entry.kind]++;
      this.#entries.push(entry);
    }
    if (this.#entries.length <= this.keep + SPARE) return 0;
    const leaving = this.#entries.length - this.keep;
    this.#entries.splice(0, leaving);
    this.lost += leaving;
    this.#next = Math.max(this.#next, this.#first);
    const gone = this.#shown.findIndex((number) => number >= this.#first);
    return this.#shown.splice(0, gone < 0 ? this.#shown.length : gone).length;
  }

  /** Show other entries from now on; `step` finds them. */
  filter(accepts) {
    this.#accepts = accepts;
    this.#shown = [];
    this.#next = this.#first;
  }

  /** Look at the next entries; returns whether there are more to look at. */
  step() {
    const end = Math.min(this.#total, this.#next + SLICE);
    for (; this.#next < end; this.#next++) {
      if (this.#accepts(this.#entries[this.#next - this.#first])) this.#shown.push(this.#next);
    }
    return this.#next < this.#total;
  }

  /** Where the entry of a number stands among those shown, or the one after it. */
  indexOf(number) {
    let [low, high] = [0, this.#shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#shown[middle] < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  clear() {
    this.#entries = [];
    this.#shown = [];
    this.#next = this.#total;
    this.lost = 0;
    for (const kind of Object.keys(this.counts)) this.counts[kind] = 0;
  }

  /** Everything that is kept, shown or not, a JSON object a line. */
  toJSONL() {
    const line = ({ at, direction, flag, message, text }) =>
      JSON.stringify({
        at: at.toISOString(),
        direction,
        flag: flag || undefined,
        ...(message ? { message } : { text }),
      });
    return this.#entries.map((entry) => `${line(entry)}\n`).join("");
  }
}

/** The text that a search looks through, made when one does. */
export function searchable(entry) {
  entry.searchable ??= `${entry.message?.type ?? ""} ${entry.text} ${entry.flag}`.toLowerCase();
  return entry.searchable;
}
