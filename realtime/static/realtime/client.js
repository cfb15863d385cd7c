// hoardrun's client: one WebSocket that comes back, resumes, and hands each event over once.
// docs/client.md shows its use, client.d.ts every name.

// -- when to come back after a connection has ended

const BASE_MS = 500;
const CEILING_MS = 30_000;
const STOP = new Set([1002, 1003, 1007, 1009, 4400, 4403, 4409]);

/** Choose a moment up to a limit that doubles: full jitter. */
export function backoff(attempt, random = Math.random) {
  return Math.round(random() * Math.min(CEILING_MS, BASE_MS * 2 ** Math.min(attempt, 10)));
}

/** Say what a close code asks for: "stop", "renew" (a new token, then back) or "retry". */
export function afterClose(code) {
  if (STOP.has(code)) return "stop";
  return code === 4401 ? "renew" : "retry";
}

/** Say how long to wait, in ms; `hint` is the server's `reconnect_after_ms`, 0 without one. */
export function delay(code, attempt, hint = 0) {
  if (hint) return hint + Math.round(Math.random() * 1000);
  return backoff(code === 4429 ? attempt + 4 : attempt); // it came too often: wait longer
}

// -- where each stream stands

export class Positions {
  #offsets = new Map();
  #lenient = false;
  epoch = "";

  /** Begin anew: `positions` maps each stream to its offset, or to `{offset}`. */
  reset(positions, epoch = "") {
    this.#offsets = new Map(Object.entries(positions).map(([stream, at]) => [stream, at.offset ?? at]));
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
    for (const [stream, { offset }] of Object.entries(positions)) if (!this.#offsets.has(stream)) this.#offsets.set(stream, offset);
    return isOther;
  }

  /** While a subscription filters, offsets are missing on purpose; after it, once more. */
  set filtered(on) {
    if (on) this.#lenient = true;
    else if (this.#lenient) this.#lenient = "once";
  }

  /** Say what an event is: "new", "old" (had already) or "gap" (something before is missing). */
  judge(stream, offset) {
    const position = this.#offsets.get(stream);
    if (position === undefined) return "new";
    if (offset <= position) return "old";
    return offset === position + 1 || (this.#lenient && isOwn(stream)) ? "new" : "gap";
  }

  advance(stream, offset) {
    this.#offsets.set(stream, offset);
    if (this.#lenient === "once" && isOwn(stream)) this.#lenient = false;
  }

  since() {
    return [...this.#offsets].map(([stream, offset]) => `${stream}:${offset}`).join(",");
  }
}

const isOwn = (stream) => stream.startsWith("user:"); // only these are filtered

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

// -- what has been handled, and may be acknowledged

const AFTER_MS = 1000;

export class Handled {
  #streams = new Map();

  begin(stream, offset) {
    if (!this.#streams.has(stream)) this.#streams.set(stream, { open: new Set(), done: 0 });
    this.#streams.get(stream).open.add(offset);
  }

  /** Returns up to where the stream is handled, 0 for nowhere. What failed counts with the next. */
  end(stream, offset, ok) {
    const at = this.#streams.get(stream);
    at.open.delete(offset);
    if (ok) at.done = Math.max(at.done, offset);
    const [oldest] = at.open;
    return oldest === undefined ? at.done : Math.min(at.done, oldest - 1);
  }
}

export class Acks {
  #due = new Map();
  #acked = new Map();
  #timer = 0;

  constructor(send) {
    this.send = send;
  }

  put(stream, offset) {
    if (offset <= (this.#acked.get(stream) ?? 0)) return;
    this.#acked.set(stream, offset);
    this.#due.set(stream, offset);
    this.#timer ||= setTimeout(() => this.flush(), AFTER_MS);
  }

  restart(stream, offset) {
    this.#due.delete(stream);
    this.#acked.set(stream, offset);
  }

  forget() {
    this.#due.clear();
    this.#acked.clear();
  }

  flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const [stream, offset] of this.#due) {
      if (this.send({ type: "ack", stream, offset })) this.#due.delete(stream);
    }
  }
}

// -- a peer that is gone without a goodbye: silence, a ping, silence

const SLACK_MS = 5000;

export class Heartbeat {
  #heardAt = 0;
  #pingedAt = 0; // 0: no ping is out
  #timer = 0;
  #every = 0;

  constructor({ ping, dead, now = () => performance.now() }) {
    Object.assign(this, { ping, dead, now });
  }

  start(everyMs) {
    this.#every = everyMs;
    this.heard();
    this.#arm(everyMs);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  heard() {
    this.#heardAt = this.now();
    this.#pingedAt = 0;
  }

  /** Ask now, as after a sleep. */
  probe() {
    if (this.#pingedAt) return;
    this.#pingedAt = this.now();
    this.ping();
    this.#arm(SLACK_MS);
  }

  #arm(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), ms);
  }

  // Timers may come late: only a ping that has no answer counts.
  #check() {
    const now = this.now();
    if (this.#pingedAt) return now - this.#pingedAt >= SLACK_MS ? this.dead() : this.#arm(this.#pingedAt + SLACK_MS - now);
    const left = this.#heardAt + this.#every - now;
    if (left > 0) this.#arm(left);
    else this.probe();
  }
}

// -- requests, and their answers by `id`

const AGAIN_MS = 1000;
const OF_ONE_ROOM = new Set(["unknown_room", "too_many_rooms", "not_joined", "internal"]);

export class ServerError extends Error {
  name = "ServerError";

  constructor({ code, message, retryable }) {
    super(message);
    Object.assign(this, { code, retryable });
  }
}

export class TimeoutError extends Error {
  name = "TimeoutError";
}

export class DisconnectedError extends Error {
  name = "DisconnectedError";

  constructor({ code, reason }) {
    super(`Disconnected: ${reason}.`);
    Object.assign(this, { code, reason });
  }
}

/** Any command may be repeated. */
export class Requests {
  #waiting = new Map();
  #next = 1;
  #again = 0;

  constructor({ send, timeoutMs }) {
    Object.assign(this, { send, timeoutMs });
  }

  /** Resolves to the answers, one for each room; rejects with the first error. */
  ask(command) {
    const id = `c${this.#next++}`;
    const message = { ...command, id };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new TimeoutError(`No answer to ${command.type} within ${this.timeoutMs} ms.`));
      }, this.timeoutMs);
      const expected = new Set(roomsOf(command)).size || 1;
      this.#waiting.set(id, { message, expected, answers: [], resolve, reject, timer });
      this.send(message);
    });
  }

  answered(answer) {
    if (answer.type === "error" && answer.id === undefined && answer.data.code === "rate_limited") {
      this.#again ||= setTimeout(() => this.sendAll(), AGAIN_MS); // it does not say which
    }
    const request = this.#waiting.get(answer.id);
    if (!request) return;
    request.answers.push(answer);
    const whole = answer.type === "error" && !OF_ONE_ROOM.has(answer.data.code);
    if (!whole && request.answers.length < request.expected) return;
    this.#forget(answer.id);
    const error = request.answers.find(({ type, data }) => type === "error" && !(request.again && data.code === "not_joined"));
    if (!error) return request.resolve(request.answers.filter(({ type }) => type !== "error"));
    const joined = request.answers.map(({ room }) => room); // an error has none
    request.reject(Object.assign(new ServerError(error.data), { joined }));
  }

  get open() {
    return [...this.#waiting.values()].map(({ message }) => message);
  }

  sendAll() {
    clearTimeout(this.#again);
    this.#again = 0;
    for (const request of this.#waiting.values()) {
      request.answers = [];
      request.again = true; // and then `not_joined` is no error
      this.send(request.message);
    }
  }

  failAll(error) {
    clearTimeout(this.#again);
    this.#again = 0;
    for (const [id, { reject }] of this.#waiting) {
      this.#forget(id);
      reject(error);
    }
  }

  #forget(id) {
    clearTimeout(this.#waiting.get(id).timer);
    this.#waiting.delete(id);
  }
}

export const roomsOf = ({ room, rooms }) => rooms || (room ? [room] : []);

export class Rooms extends Map {
  async follow(command, asking) {
    const names = roomsOf(command);
    if (command.type === "leave_room") for (const name of names) this.delete(name);
    if (command.type !== "join_room") return asking;
    for (const name of names) this.set(name, command.rate || "realtime");
    try {
      return await asking;
    } catch (error) {
      if (error.retryable === false) for (const name of names) if (!error.joined?.includes(name)) this.delete(name);
      throw error;
    }
  }

  /** Write the fewest commands that join all but `except`. */
  commands(except = []) {
    const byRate = new Map();
    for (const [name, rate] of this) if (!except.includes(name)) byRate.set(rate, [...(byRate.get(rate) || []), name]);
    return [...byRate].map(([rate, rooms]) => ({ type: "join_room", rooms, rate }));
  }
}

// -- the application's token, kept while it is good

const MARGIN_S = 10;

export class Tokens {
  #token = "";
  #asking = null;

  constructor(getToken) {
    this.getToken = getToken;
  }

  /** Resolves to a token, for "connect" the one there is; "" when nobody is logged in. */
  async get(reason) {
    if (reason === "connect" && this.#token && !isEnding(this.#token)) return this.#token;
    this.#asking ??= Promise.resolve(this.getToken({ reason })).finally(() => (this.#asking = null));
    const token = await this.#asking;
    if (token !== null && typeof token !== "string") throw new TypeError(`getToken gave ${typeof token}, not a string or null.`);
    return (this.#token = token || "");
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

function isEnding(token) {
  const end = claimsOf(token)?.exp;
  return typeof end === "number" && end - Date.now() / 1000 < MARGIN_S;
}

// -- one socket, kept alive: opens, resumes, renews its login, comes back

const SUBPROTOCOL = "hoardrun.v1";
const GREETING_WITHIN_MS = 35_000; // a login may take 30 s
const STABLE_MS = 10_000;
const REFUSALS = 3;
export const LEFT = "closed by the application";
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Emits `state` (a StateChange), `message` (each once, events in order) and `frame`.
 * "connecting" is also who waits to try again: for `retryInMs`, or while hidden or offline.
 */
export class Connection extends Emitter {
  state = "disconnected";
  change = null;
  greeting = null;
  positions = new Positions();
  rooms = new Rooms();
  types = [];
  stats = { in: 0, out: 0, bytesIn: 0, bytesOut: 0, reconnects: 0, gaps: 0, duplicates: 0 };

  #options;
  #getToken;
  #socket = null;
  #run = 0;
  #attempt = 0;
  #refusals = 0;
  #hint = 0;
  #isHidden = false;
  #awaited = ""; // the next attempt, by why it asks for a token; "" when there is none
  #listening = null;
  #renewAt = 0;
  #timers = {};
  #requests;
  #acks = new Acks((message) => this.#send(message));
  #heartbeat = new Heartbeat({ ping: () => this.#send({ type: "ping" }), dead: () => this.#lost("no sign of life") });

  constructor({ url, tokenIn, device, timeoutMs, getToken }) {
    super();
    this.#options = { url, tokenIn, device };
    this.#getToken = getToken;
    this.#requests = new Requests({ timeoutMs, send: (message) => this.#send(message) });
  }

  /** Connect and stay so. Goes on after `positions`, unless it has some of its own. */
  start({ positions, epoch, types, hidden }) {
    if (this.positions.isEmpty) this.positions.reset(positions, epoch);
    this.setTypes(types);
    this.#isHidden = hidden;
    this.#attempt = this.#refusals = 0;
    this.#listening = new AbortController();
    listen(globalThis, this.#listening, { online: () => this.#wake(), offline: () => this.#socket && this.#lost("the network is away") });
    this.#open("connect");
  }

  stop(reason = LEFT) {
    this.#acks.flush();
    this.#end(0, reason);
  }

  /** A hidden page does not come back, but stays if it is there. */
  set hidden(hidden) {
    if (hidden === this.#isHidden) return;
    this.#isHidden = hidden;
    if (hidden) this.#acks.flush();
    else this.#wake();
  }

  // -- asking

  /** Resolves to the answers; waits for the connection if there is none. */
  ask(command) {
    return this.rooms.follow(command, this.#requests.ask(command));
  }

  /** Be sent these types only; none means everything. */
  async setTypes(types) {
    const [before, after] = [new Set(this.types), new Set(types)];
    this.types = [...after].sort();
    if (!this.#socket) this.positions.filtered = after.size > 0; // the address will say it
    if (!this.#socket) return this.types;
    const [added, gone] = [[...after].filter((type) => !before.has(type)), [...before].filter((type) => !after.has(type))];
    if (after.size) this.positions.filtered = true;
    // First add: in between, it must not be everything.
    try {
      if (added.length) await this.ask({ type: "subscribe_notifications", types: added });
      if (gone.length) await this.ask({ type: "unsubscribe_notifications", ...(after.size ? { types: gone } : {}) });
    } catch (error) {
      this.types = [...before];
      throw error;
    }
    return this.types;
  }

  ack(stream, offset) {
    this.#acks.put(stream, offset);
  }

  sendText(text) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(text);
    this.stats.out++;
    this.stats.bytesOut += text.length;
    if (this.has("frame")) {
      const message = parse(text);
      if (typeof message?.token === "string") message.token = "•••"; // not for logs
      this.emit("frame", { direction: "out", text: message ? JSON.stringify(message) : text, message, flag: "" });
    }
    return true;
  }

  #send(message) {
    return this.greeting !== null && this.sendText(JSON.stringify(message));
  }

  // -- opening

  async #open(tokenReason) {
    const run = ++this.#run;
    this.#clearTimers();
    this.#awaited = "";
    this.#enter({ state: "connecting" });
    try {
      const token = await this.#getToken(tokenReason);
      if (run === this.#run) this.#connect(token);
    } catch (error) {
      if (run === this.#run) this.#retry(0, error.message, tokenReason);
    }
  }

  #connect(token) {
    if (!token) return this.#end(0, "nobody is logged in");
    const { tokenIn } = this.#options;
    const protocols = tokenIn === "subprotocol" ? [SUBPROTOCOL, `bearer.${token}`] : [SUBPROTOCOL];
    const socket = (this.#socket = new WebSocket(this.#address(tokenIn === "query" ? token : ""), protocols));
    socket.onopen = () => tokenIn === "message" && this.sendText(JSON.stringify({ type: "authenticate", token }));
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
    this.#timers.greeting = setTimeout(() => this.#lost("no greeting"), GREETING_WITHIN_MS);
  }

  #address(token) {
    const { url, device } = this.#options;
    const address = new URL(url);
    const since = this.positions.since();
    const parameters = { device, since, epoch: since && this.positions.epoch, types: this.types.join(","), token };
    for (const [name, value] of Object.entries(parameters)) if (value) address.searchParams.set(name, value);
    return address;
  }

  // -- closing

  #closed(code, reason) {
    this.#drop();
    const [next, words] = [afterClose(code), reason || "the connection broke"];
    if (next === "stop" || (next === "renew" && ++this.#refusals >= REFUSALS)) return this.#end(code, words);
    this.#retry(code, words, next === "renew" ? "refused" : "connect");
  }

  #lost(reason) {
    this.#drop();
    this.#retry(0, reason);
  }

  #retry(code, reason, tokenReason = "connect") {
    const wait = delay(code, this.#attempt++, this.#hint);
    this.#hint = 0;
    this.stats.reconnects++;
    this.#run++;
    this.#awaited = tokenReason;
    const retryInMs = this.#isAwake ? wait : null;
    this.#enter({ state: "connecting", code, reason, retryInMs });
    this.#timers.retry = setTimeout(() => this.#isAwake && this.#open(tokenReason), wait);
  }

  retryNow() {
    if (this.#awaited) this.#open(this.#awaited);
  }

  #wake() {
    if (!this.#isAwake) return;
    if (this.#awaited) this.#open(this.#awaited);
    else if (this.greeting) this.#heartbeat.probe(); // a sleep may have cost it
  }

  get #isAwake() {
    return !this.#isHidden && globalThis.navigator?.onLine !== false;
  }

  #end(code, reason) {
    this.#run++;
    this.#drop();
    this.#awaited = "";
    this.#listening?.abort();
    if (this.state !== "disconnected") this.#enter({ state: "disconnected", code, reason });
    this.#requests.failAll(new DisconnectedError({ code, reason }));
  }

  #drop() {
    this.#clearTimers();
    this.#heartbeat.stop();
    const socket = this.#socket;
    this.#socket = this.greeting = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #clearTimers() {
    Object.values(this.#timers).forEach(clearTimeout);
    this.#timers = {};
  }

  // -- receiving

  #receive(text) {
    this.stats.in++;
    this.stats.bytesIn += text.length;
    this.#heartbeat.heard();
    const message = parse(text);
    const verdict = message?.stream ? this.positions.judge(message.stream, message.offset) : "new";
    const flag = verdict === "old" ? "duplicate" : verdict === "gap" ? "gap" : !message || message.type === "error" ? "error" : "";
    if (this.has("frame")) this.emit("frame", { direction: "in", text, message, flag });
    if (!message) return;
    if (verdict === "old") return void this.stats.duplicates++;
    if (verdict === "gap") {
      this.stats.gaps++;
      return this.#lost(`${message.stream} has a gap before ${message.offset}`);
    }
    if (message.stream) this.positions.advance(message.stream, message.offset);
    this.#requests.answered(message);
    this.emit("message", message);
    this.#handle(message);
  }

  #handle({ type, data, timestamp }) {
    switch (type) {
      case "connection_established":
        return this.#greeted(data, timestamp);
      case "authenticated":
        return this.#renewBefore(data.expires_at, timestamp);
      case "token_expiring":
        return void (Date.now() > this.#renewAt && this.#renew()); // its timer may be throttled
      case "room_left":
        return void (data.reason === "revoked" && this.rooms.delete(data.room));
      case "subscription_updated":
        if (!this.#requests.open.some(({ types }) => types)) this.types = data.types;
        return void (this.positions.filtered = data.types.length > 0);
      case "resync_required":
        this.positions.set(data.stream, data.position.offset);
        this.positions.epoch = data.epoch;
        return this.#acks.restart(data.stream, data.position.offset);
      case "server_shutdown":
        return void (this.#hint = data.reconnect_after_ms);
    }
  }

  #greeted(data, timestamp) {
    clearTimeout(this.#timers.greeting);
    this.#refusals = 0;
    this.greeting = data;
    if (this.positions.greeted(data)) this.#acks.forget(); // they are of the old life
    // Only peace lets the backoff begin anew.
    this.#timers.stable = setTimeout(() => (this.#attempt = 0), STABLE_MS);
    this.#heartbeat.start(data.heartbeat_seconds * 1000);
    this.#renewBefore(data.expires_at, timestamp);
    const asked = this.#requests.open.flatMap(roomsOf);
    this.#requests.sendAll();
    for (const command of this.rooms.commands(asked)) this.ask(command).catch(() => {}); // its `error` is emitted
    this.#acks.flush();
    this.#enter({ state: "connected" });
  }

  // -- the login

  #renewBefore(expiresAt, timestamp) {
    clearTimeout(this.#timers.renew);
    if (!expiresAt) return;
    const left = new Date(expiresAt) - new Date(timestamp); // both are the server's clock
    const wait = Math.min(left - Math.min(60_000, left / 5), MAX_TIMER_MS);
    this.#renewAt = Date.now() + wait - 1000;
    this.#timers.renew = setTimeout(() => this.#renew(), wait);
  }

  async #renew(attempt = 0) {
    clearTimeout(this.#timers.renew);
    this.#renewAt = Infinity;
    const run = this.#run;
    try {
      const token = await this.#getToken("expiring");
      if (run !== this.#run) return;
      if (!token) return this.stop("nobody is logged in");
      await this.#requests.ask({ type: "authenticate", token });
    } catch {
      // At the latest, 4401 asks for one.
      if (run === this.#run && this.greeting) this.#timers.renew = setTimeout(() => this.#renew(attempt + 1), 1000 + backoff(attempt));
    }
  }

  #enter(change) {
    this.change = { code: 0, reason: "", retryInMs: null, ...change };
    this.state = change.state;
    this.emit("state", this.change);
  }
}

function listen(target, { signal }, handlers) {
  for (const [type, handler] of Object.entries(handlers)) target?.addEventListener?.(type, handler, { signal });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// -- what an application uses

const MAX_HELD = 10_000;

/** An HTTP request of `api` failed: `status` is 0 when there was no answer. */
export class ApiError extends Error {
  name = "ApiError";

  constructor(status, message, problem = {}) {
    super(message);
    Object.assign(this, { status, problem });
  }
}

export class Client {
  state = "disconnected";
  greeting = null;
  latency = null; // milliseconds, of the last ping()
  counts = null;

  #options;
  #tokens;
  #events = new Emitter();
  #link = null;
  #run = 0;
  #positions = new Positions();
  #handled = new Handled();
  #held = null; // what waits for a snapshot
  #due = null; // the Resync to do
  #isStale = false; // one was given up
  #rooms = new Rooms();
  #types;
  #early = new Set(); // asked before there is a link
  #ended = null; // by itself: the error
  #listening = null;

  constructor({ getToken, url = new URL("/ws/notifications", globalThis.location.href), device = "", types = [], rooms = [], tokenIn = "subprotocol", share = true, snapshot = false, snapshotUrl = "/api/v1/snapshot", requestTimeoutMs = 10_000, positions = {}, epoch = "" }) {
    const address = new URL(url);
    address.protocol = address.protocol.replace("http", "ws");
    this.#options = { url: String(address), device, tokenIn, share, snapshot, snapshotUrl, timeoutMs: requestTimeoutMs, getToken: (reason) => this.#tokens.get(reason) };
    this.#tokens = new Tokens(getToken);
    this.#positions.reset(positions, epoch);
    this.#types = new Set(types);
    for (const [room, rate] of Array.isArray(rooms) ? rooms.map((room) => [room, "realtime"]) : Object.entries(rooms)) this.#rooms.set(room, rate);
  }

  get positions() {
    return this.#positions.toJSON();
  }

  get stats() {
    return this.#link?.stats || {};
  }

  on(type, handler) {
    return this.#events.on(type, handler);
  }

  // -- the connection

  connect() {
    if (this.state !== "disconnected") return;
    this.disconnect();
    this.#listening = new AbortController();
    listen(globalThis.document, this.#listening, { visibilitychange: () => this.#link && (this.#link.hidden = document.hidden) });
    listen(globalThis, this.#listening, { pagehide: () => this.#link?.stop(), pageshow: ({ persisted }) => persisted && (this.disconnect(), this.connect()) });
    this.#begin(++this.#run);
  }

  /** Close and stay closed. A later connect() goes on where this one was. */
  disconnect() {
    this.#run++;
    this.#tokens = new Tokens(this.#tokens.getToken); // an answer may still come, for another user
    this.#listening?.abort();
    this.#link?.stop();
    this.#isStale ||= Boolean(this.#held);
    this.#link = this.#held = this.#due = null;
    if (this.state !== "disconnected") this.#enter({ state: "disconnected", reason: LEFT });
    this.#ended = null;
  }

  /** Disconnect and forget the user: nothing of one may reach the next. */
  reset() {
    this.disconnect();
    this.#isStale = false;
    this.counts = null;
    this.#early.clear();
    this.#events.emit("reset");
    this.#positions.reset({});
    this.#handled = new Handled();
    this.#rooms.clear();
    this.#types.clear();
  }

  /** Try now, if one waits to; from "disconnected", connect. */
  reconnect() {
    if (this.state === "disconnected") this.connect();
    else this.#link?.retryNow();
  }

  async #begin(run) {
    for (let attempt = 0; ; attempt++) {
      try {
        this.#enter({ state: "connecting" });
        if (this.#isStale || (this.#options.snapshot && this.#positions.isEmpty)) await this.#resync({ stream: "", reason: "start" });
        const link = this.#options.share ? await this.#shared() : new Connection(this.#options);
        if (run !== this.#run) return link.stop();
        return this.#use(link);
      } catch (error) {
        if (run !== this.#run) return;
        if ([401, 403].includes(error.status)) return this.#enter({ state: "disconnected", code: 4000 + error.status, reason: error.message });
        const retryInMs = backoff(attempt);
        this.#enter({ state: "connecting", reason: error.message, retryInMs });
        await pause(retryInMs);
        if (run !== this.#run) return;
      }
    }
  }

  async #shared() {
    const token = await this.#tokens.get("connect");
    try {
      const { share } = await import("./shared.js");
      return await share(this.#options, token);
    } catch {
      return new Connection(this.#options); // no such worker here, or not for this page
    }
  }

  #use(link) {
    this.#link = link;
    link.on("state", (change) => this.#enter(change));
    link.on("message", (message) => this.#receive(message));
    link.on("lost", () => (this.disconnect(), this.connect()));
    link.on("behind", (stream) => this.#resync({ stream, reason: "behind" }));
    const hidden = globalThis.document?.hidden ?? false;
    link.start({ positions: this.positions, epoch: this.#positions.epoch, types: [...this.#types], hidden });
    if (this.#events.has("frame")) link.on("frame", (frame) => this.#events.emit("frame", frame));
    const early = [...this.#early];
    this.#early.clear();
    for (const command of this.#rooms.commands(early.flatMap(({ command }) => roomsOf(command)))) this.#ask(command).catch(() => {});
    for (const { command, resolve } of early) resolve(link.ask(command));
  }

  #enter(change) {
    change = { code: 0, reason: "", retryInMs: null, ...change };
    this.state = change.state;
    if (change.state !== "connected") this.greeting = this.latency = null;
    if (change.state === "disconnected") {
      this.#ended = new DisconnectedError(change);
      for (const { reject } of this.#early) reject(this.#ended);
      this.#early.clear();
    }
    this.#events.emit("state", change);
  }

  // -- what comes

  #receive(message) {
    const { type, data, stream, offset } = message;
    if (type === "connection_established") this.#greeted(data);
    if (this.#held && (stream || type === "notification_counts")) {
      if (this.#held.push(message) > MAX_HELD) this.#resync({ stream, reason: "behind" });
      return;
    }
    if (stream && this.#positions.judge(stream, offset) === "old") return;
    if (stream) this.#positions.advance(stream, offset);
    if (!message.skip) this.#deliver(message);
    if (type === "room_left" && data.reason === "revoked") this.#rooms.delete(data.room);
    if (type === "resync_required") this.#resync(data);
  }

  #greeted(data) {
    this.greeting = data;
    if (this.#positions.greeted(data)) this.#resync({ stream: "", reason: "epoch" });
  }

  async #deliver(message) {
    const { type, data, stream, offset } = message;
    if (type === "notification_counts") this.counts = data;
    const handled = this.#handled;
    if (stream) handled.begin(stream, offset);
    const results = [...this.#events.emit(type, data, message), ...this.#events.emit("message", message)];
    if (!stream) return;
    const isLater = results.some((result) => typeof result?.then === "function");
    const ended = isLater ? await Promise.all(results) : results;
    const upTo = handled.end(stream, offset, !ended.includes(FAILED));
    if (upTo && handled === this.#handled) this.#link?.ack(stream, upTo);
  }

  /** Read the snapshot, hand it over, and go on with what is newer. */
  async #resync(about) {
    this.#due = about;
    const isReading = this.#held;
    this.#held = []; // a later snapshot has them all
    if (isReading) return; // who reads already reads once more
    const run = this.#run;
    for (let attempt = 0; this.#due; ) {
      const { stream, reason, snapshot: path } = this.#due;
      this.#due = null;
      try {
        const snapshot = await this.api("GET", path || this.#options.snapshotUrl);
        if (run !== this.#run) return;
        if (!this.#due) this.#restart(snapshot, stream, reason);
      } catch (error) {
        if (run !== this.#run) return;
        if (reason === "start") {
          this.#held = null;
          throw error;
        }
        this.#due ??= about;
        await pause(backoff(attempt++));
        if (run !== this.#run) return;
      }
    }
  }

  #restart(snapshot, stream, reason) {
    this.#positions.reset(snapshot.positions, snapshot.epoch); // throws at what is no snapshot
    const held = this.#held;
    this.#held = null;
    this.#isStale = false;
    this.#handled = new Handled();
    this.counts = snapshot.counts || this.counts;
    this.#events.emit("resync", { snapshot, stream, reason });
    for (const message of held) if (message.stream || message.timestamp >= snapshot.timestamp) this.#receive(message);
  }

  // -- asking

  async request(command) {
    return (await this.#ask(command))[0];
  }

  #ask(command) {
    const { timeoutMs } = this.#options;
    const later = (resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      const early = { command, resolve, reject };
      this.#early.add(early);
      setTimeout(() => this.#early.delete(early) && reject(new TimeoutError(`No connection within ${timeoutMs} ms.`)), timeoutMs);
    };
    return this.#rooms.follow(command, (!this.#ended && this.#link?.ask(command)) || new Promise(later));
  }

  async join(rooms, { rate = "realtime" } = {}) {
    const answers = await this.#ask({ type: "join_room", rooms: [rooms].flat(), rate });
    return answers.map(({ data }) => data);
  }

  async leave(rooms) {
    const answers = await this.#ask({ type: "leave_room", rooms: [rooms].flat() });
    return answers.map(({ data }) => data);
  }

  async listRooms() {
    return (await this.request({ type: "list_rooms" })).data;
  }

  subscribe(types) {
    return this.#choose([...this.#types, ...types]);
  }

  unsubscribe(types = [...this.#types]) {
    return this.#choose([...this.#types].filter((type) => !types.includes(type)));
  }

  async #choose(types) {
    const before = this.#types;
    this.#types = new Set(types);
    try {
      return (await this.#link?.setTypes([...this.#types])) ?? [...this.#types];
    } catch (error) {
      this.#types = before; // else the next address would be refused
      throw error;
    }
  }

  async ping() {
    const began = performance.now();
    await this.request({ type: "ping" });
    return (this.latency = performance.now() - began);
  }

  sendText(text) {
    return this.#link?.sendText(text) ?? false;
  }

  /** Ask the HTTP API; a refused token is renewed once. */
  async api(method, path, body, headers) {
    const url = new URL(path, this.#options.url.replace(/^ws/, "http"));
    for (const reason of ["connect", "refused"]) {
      const token = await this.#tokens.get(reason);
      if (!token) throw new ApiError(401, "nobody is logged in");
      const response = await fetch(url, {
        method,
        signal: AbortSignal.timeout(this.#options.timeoutMs),
        credentials: "omit", // the token alone says who asks
        headers: { ...headers, Accept: "application/json", Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
        body: body === undefined ? undefined : JSON.stringify(body),
      }).catch(() => Promise.reject(new ApiError(0, "The server cannot be reached.")));
      if (response.status === 401 && reason === "connect") continue;
      const answer = await response.json().catch(() => null);
      if (!response.ok) throw new ApiError(response.status, answer?.detail || answer?.title || `The server answered ${response.status}.`, answer);
      return answer;
    }
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
