// What a client and its connection have in common: client.js hands on what applications use.

// -- when to come back after a connection has ended

const BASE_MS = 500;
export const CEILING_MS = 30_000;
const STOP = new Set([1002, 1003, 1007, 1009, 4400, 4403]);

/** Choose a moment up to a limit that doubles: full jitter. */
export function backoff(attempt, random = Math.random) {
  return Math.round(random() * Math.min(CEILING_MS, BASE_MS * 2 ** Math.min(attempt, 10)));
}

/** Say what a close code asks for: "stop", "renew" (a new token, then back), "wait" (until the page is looked at) or "retry". */
export function afterClose(code) {
  if (STOP.has(code)) return "stop";
  return { 4401: "renew", 4409: "wait" }[code] || "retry";
}

/** Say how long to wait, in ms; `hint` is the server's `reconnect_after_ms`, 0 without one. */
export function delay(code, attempt, hint = 0, random = Math.random) {
  if (hint) return hint + Math.round(random() * BASE_MS);
  if (code !== 4429) return backoff(attempt, random);
  return backoff(attempt + 4, () => 0.5 + random() / 2); // it came too often: half is certain
}

// -- where each stream stands

export class Positions {
  #offsets = new Map();
  #isFiltered = false;
  #whole = null; // streams without holes since a filter ended; null: there was none
  epoch = "";

  /** Begin anew: `positions` maps each stream to its offset, or to `{offset}`. */
  reset(positions, epoch = "") {
    this.#offsets = new Map(
      Object.entries(positions).map(([stream, at]) => [stream, at.offset ?? at]),
    );
    this.epoch = epoch;
  }

  get isEmpty() {
    return this.#offsets.size === 0;
  }

  get(stream) {
    return this.#offsets.get(stream);
  }

  set(stream, offset) {
    this.#offsets.set(stream, offset);
  }

  toJSON() {
    return Object.fromEntries(this.#offsets);
  }

  /** Take from a greeting what is not known; returns whether what was known is of another epoch. */
  greeted({ positions, epoch }) {
    const isOther = this.epoch !== "" && this.epoch !== epoch;
    if (isOther) this.#offsets.clear();
    this.epoch = epoch;
    for (const [stream, { offset }] of Object.entries(positions))
      if (!this.#offsets.has(stream)) this.#offsets.set(stream, offset);
    return isOther;
  }

  /** Begin a connection, with a filter or without: what it is sent has holes by its own filters only. */
  connect(isFiltered) {
    this.#isFiltered = isFiltered;
    this.#whole = isFiltered ? new Set() : null;
  }

  /** While a subscription filters, offsets are missing on purpose; after it, once more in each stream. */
  set filtered(on) {
    if (on) this.#whole = new Set();
    this.#isFiltered = on;
  }

  #maySkip(stream) {
    return this.#whole !== null && !this.#whole.has(stream);
  }

  /** Say what an event is: "new", "old" (had already) or "gap" (something before is missing). */
  judge(stream, offset) {
    const position = this.#offsets.get(stream);
    if (position === undefined) return "new";
    if (offset <= position) return "old";
    return offset === position + 1 || this.#maySkip(stream) ? "new" : "gap";
  }

  advance(stream, offset) {
    this.#offsets.set(stream, offset);
    if (!this.#isFiltered) this.#whole?.add(stream);
  }

  /**
   * Take the positions of a `pong`: all up to them was sent on this socket, or filtered. Returns the
   * first stream of which something else is missing, undefined for none.
   */
  told(positions) {
    for (const [stream, { offset }] of Object.entries(positions)) {
      const position = this.#offsets.get(stream);
      if (offset > position && !this.#maySkip(stream)) return stream;
      if (position !== undefined) this.advance(stream, Math.max(offset, position));
    }
  }

  since() {
    return [...this.#offsets].map(([stream, offset]) => `${stream}:${offset}`).join(",");
  }
}

// -- handlers by name

export const FAILED = Symbol("failed");

export class Emitter {
  #handlers = new Map();

  /** Returns a function that ends it. */
  on(type, handler) {
    if (!this.#handlers.has(type)) this.#handlers.set(type, new Set());
    const handlers = this.#handlers.get(type).add(handler);
    return () => void handlers.delete(handler);
  }

  has(type) {
    return Boolean(this.#handlers.get(type)?.size);
  }

  /** Call the handlers in their order; returns what they returned, FAILED for one that threw. */
  emit(type, ...args) {
    return [...(this.#handlers.get(type) || [])].map((handler) => {
      try {
        const result = handler(...args);
        return typeof result?.then === "function" ? result.then(null, report) : result;
      } catch (error) {
        return report(error);
      }
    });
  }
}

function report(error) {
  (globalThis.reportError || console.error)(error);
  return FAILED;
}

// -- what goes wrong, and how long it may take

export const LEFT = "closed by the application";

export class ServerError extends Error {
  name = "ServerError";

  constructor({ code, message, retryable }) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }
}

export class TimeoutError extends Error {
  name = "TimeoutError";
}

export class DisconnectedError extends Error {
  name = "DisconnectedError";

  constructor({ code, reason }) {
    super(`Disconnected: ${reason}.`);
    this.code = code;
    this.reason = reason;
  }
}

// -- rooms

export const roomsOf = ({ room, rooms }) => rooms || (room ? [room] : []);

export class Rooms extends Map {
  late = new Set(); // the join timed out: its answer may still come
  #joining = new Map(); // name → the last join, and the rate before it

  /** Note what `asking` joins and leaves; a failed join leaves its room as it was. */
  async follow(command, asking) {
    const names = roomsOf(command);
    if (command.type === "leave_room")
      for (const name of names) {
        this.#joining.delete(name);
        this.delete(name);
      }
    if (command.type !== "join_room") return asking;
    const rate = command.rate || "realtime";
    for (const name of names) {
      const { before } = this.#joining.get(name) || { before: this.get(name) };
      this.#joining.set(name, { before, command });
      this.late.delete(name);
      this.set(name, rate);
    }
    try {
      const answers = await asking;
      for (const name of names) this.#joined(name, command, rate);
      return answers;
    } catch (error) {
      for (const name of names)
        error.joined?.includes(name)
          ? this.#joined(name, command, rate)
          : this.#failed(name, command, error);
      throw error;
    }
  }

  #joined(name, command, rate) {
    const last = this.#joining.get(name);
    if (last?.command === command) this.#joining.delete(name);
    else if (last) last.before = rate;
  }

  #failed(name, command, error) {
    const last = this.#joining.get(name);
    if (last?.command !== command) return; // a later one decides
    this.#joining.delete(name);
    if (last.before && error.retryable !== false) this.set(name, last.before);
    else this.delete(name);
    if (error instanceof TimeoutError) this.late.add(name);
  }

  clear() {
    super.clear();
    this.#joining.clear();
    this.late.clear();
  }

  /** Write the fewest commands that join all but `except`. */
  commands(except = []) {
    const byRate = new Map();
    for (const [name, rate] of this)
      if (!except.includes(name)) byRate.set(rate, [...(byRate.get(rate) || []), name]);
    return [...byRate].map(([rate, rooms]) => ({ type: "join_room", rooms, rate }));
  }
}

/** Read the claims of a JWT, unchecked and taken for ASCII; null when it is none. */
export function claimsOf(token) {
  try {
    const claims = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    return typeof claims === "object" ? claims : null;
  } catch {
    return null;
  }
}

// -- one at a time

const PATIENCE_MS = 10_000; // a tab that hangs does not stop the others
const turns = new Map(); // where there are no Web Locks: name → the last in the queue

/**
 * Run `act` while no other of this name runs: in all tabs of the origin, without Web Locks in this
 * page. After 10 s it waits for other tabs no longer. Returns what `act` returns.
 */
export async function exclusively(name, act) {
  const { locks } = globalThis.navigator || {};
  if (!locks) {
    const turn = Promise.resolve(turns.get(name)).then(act);
    turns.set(
      name,
      turn.catch(() => {}),
    );
    return turn;
  }
  let result;
  const run = () => (result ??= Promise.resolve().then(act));
  await locks.request(name, { signal: AbortSignal.timeout(PATIENCE_MS) }, run).catch(() => {}); // `result` has the reason
  return run();
}

// -- small things

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function listen(target, { signal }, handlers) {
  for (const [type, handler] of Object.entries(handlers))
    target?.addEventListener?.(type, handler, { signal });
}
