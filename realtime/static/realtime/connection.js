// One WebSocket, kept alive: in a page that shares none, and in the worker of pages that do.
// Long, since a further file delays both.

import {
  afterClose,
  backoff,
  CEILING_MS,
  DisconnectedError,
  delay,
  Emitter,
  LEFT,
  listen,
  Positions,
  Rooms,
  roomsOf,
  ServerError,
  TimeoutError,
} from "./parts.js";

// -- what may be acknowledged

const AFTER_MS = 1000;

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
    this.ping = ping;
    this.dead = dead;
    this.now = now;
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
    if (this.#pingedAt)
      return now - this.#pingedAt >= SLACK_MS
        ? this.dead()
        : this.#arm(this.#pingedAt + SLACK_MS - now);
    const left = this.#heardAt + this.#every - now;
    if (left > 0) this.#arm(left);
    else this.probe();
  }
}

// -- requests, and their answers by `id`

const AGAIN_MS = 1000;
const expectedBy = (command) => new Set(roomsOf(command)).size || 1;
/** Commands and their answers by `id`. Any command may be repeated. */
export class Requests {
  #waiting = new Map();
  #next = 1;
  #again = 0;

  constructor({ send, timeoutMs }) {
    this.send = send;
    this.timeoutMs = timeoutMs;
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
      this.#waiting.set(id, {
        message,
        expected: expectedBy(command),
        answers: [],
        resolve,
        reject,
        timer,
      });
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
    const isError = answer.type === "error";
    request.expected -= isError && answer.data.rooms ? answer.data.rooms.length : 1;
    if (request.expected > 0 && !(isError && !answer.data.rooms)) return;
    this.#forget(answer.id);
    const error = request.answers.find(
      ({ type, data }) => type === "error" && !(request.again && data.code === "not_joined"),
    );
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
      Object.assign(request, { answers: [], expected: expectedBy(request.message) });
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

// -- one socket, kept alive: connects, resumes, renews its login, reconnects

const SUBPROTOCOL = "hoardrun.v1";
const GREETING_WITHIN_MS = 35_000; // a login may take 30 s
const STABLE_MS = 10_000;
const REFUSALS = 3;
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Emits `state` (a StateChange), `message` (each once, events in order) and `frame`.
 * "connecting" is also a connection that waits to try again: for `retryInMs`, or until it is seen.
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
  #presence = "";
  #isAside = false; // others of the user have taken its place: until the page is looked at
  #awaited = ""; // why the next attempt asks for a token; "" when there is none
  #listening = null;
  #renewAt = 0;
  #timers = {};
  #requests;
  #acks = new Acks((message) => this.#send(message));
  #heartbeat = new Heartbeat({
    ping: () => this.#send({ type: "ping" }),
    dead: () => this.#lost("no sign of life"),
  });

  constructor({ url, tokenIn, device, deviceClass, timeoutMs, getToken, WebSocket }) {
    super();
    this.#options = { url, tokenIn, device, deviceClass, WebSocket };
    this.#getToken = getToken;
    this.#requests = new Requests({ timeoutMs, send: (message) => this.#send(message) });
  }

  /** Connect and stay connected. Resumes after `positions`, unless it has its own. */
  start({ positions, epoch, types, hidden, presence }) {
    if (this.positions.isEmpty) this.positions.reset(positions, epoch);
    this.setTypes(types);
    this.#isHidden = hidden;
    this.#presence = presence;
    this.#attempt = this.#refusals = 0;
    this.#listening = new AbortController();
    listen(globalThis, this.#listening, {
      online: () => this.#wake(),
      offline: () => this.#socket && this.#lost("the network is away"),
    });
    this.#open("connect");
  }

  stop(reason = LEFT) {
    this.#acks.flush();
    this.#end(0, reason);
  }

  /** A hidden page does not reconnect, but stays connected. Set `false` also when the page is visible again. */
  set hidden(hidden) {
    if (hidden === this.#isHidden && !this.#isAside) return;
    this.#isHidden = hidden;
    if (hidden) this.#acks.flush();
    else {
      this.#isAside = false;
      this.#wake();
    }
  }

  /** "active" while the person is at the page, else "away", or "" as long as nobody says so. */
  set presence(state) {
    state ||= this.#presence && "away"; // who said so is gone
    if (state === this.#presence) return;
    this.#presence = state;
    if (this.greeting) this.#tellPresence();
  }

  /** Only the newest counts: a lost one is told again, in its order, or anew with the next greeting. */
  #tellPresence() {
    this.#requests.ask({ type: "presence", state: this.#presence }).catch(() => {});
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
    if (!this.#socket) return this.types; // the address will say it
    const [added, gone] = [
      [...after].filter((type) => !before.has(type)),
      [...before].filter((type) => !after.has(type)),
    ];
    // First add: in between, it must not be everything.
    try {
      if (added.length) await this.ask({ type: "subscribe_notifications", types: added });
      if (gone.length)
        await this.ask({
          type: "unsubscribe_notifications",
          ...(after.size ? { types: gone } : {}),
        });
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
      this.emit("frame", {
        direction: "out",
        text: message ? JSON.stringify(message) : text,
        message,
        flag: "",
      });
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
    this.#isAside = false;
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
    const { tokenIn, WebSocket = globalThis.WebSocket } = this.#options;
    this.positions.connect(this.types.length > 0);
    const protocols = tokenIn === "subprotocol" ? [SUBPROTOCOL, `bearer.${token}`] : [SUBPROTOCOL];
    const socket = new WebSocket(this.#address(tokenIn === "query" ? token : ""), protocols);
    this.#socket = socket;
    socket.onopen = () =>
      tokenIn === "message" && this.sendText(JSON.stringify({ type: "authenticate", token }));
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
    socket.onerror = () => {}; // `onclose` follows; some implementations throw an error without a listener
    this.#timers.greeting = setTimeout(() => this.#lost("no greeting"), GREETING_WITHIN_MS);
  }

  #address(token) {
    const { url, device, deviceClass } = this.#options;
    const address = new URL(url);
    const since = this.positions.since();
    const parameters = {
      device,
      device_class: deviceClass,
      since,
      epoch: since && this.positions.epoch,
      types: this.types.join(","),
      token,
    };
    for (const [name, value] of Object.entries(parameters))
      if (value) address.searchParams.set(name, value);
    return address;
  }

  // -- closing

  #closed(code, reason) {
    this.#drop();
    const [next, words] = [afterClose(code), reason || "the connection broke"];
    if (next === "stop" || (next === "renew" && ++this.#refusals >= REFUSALS))
      return this.#end(code, words);
    this.#isAside = next === "wait";
    this.#retry(code, words, next === "renew" ? "refused" : "connect");
  }

  #lost(reason) {
    this.#drop();
    this.#retry(0, reason);
  }

  #retry(code, reason, tokenReason = "connect") {
    let wait = delay(code, this.#attempt++, this.#hint);
    // A browser may wrongly say so for ever: believe it for half a minute at a time.
    if (globalThis.navigator?.onLine === false)
      wait = Math.max(wait, CEILING_MS / 2 + backoff(10) / 2);
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
    else if (this.greeting) this.#heartbeat.probe(); // a sleep may have ended the connection
  }

  get #isAwake() {
    return !this.#isHidden && !this.#isAside;
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
    const flag =
      verdict === "old"
        ? "duplicate"
        : verdict === "gap"
          ? "gap"
          : !message || message.type === "error"
            ? "error"
            : "";
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
      case "pong":
        return this.#compare(data.positions);
      case "room_joined":
        return void (
          this.rooms.late.delete(data.room) &&
          this.ask({ type: "leave_room", room: data.room }).catch(() => {})
        );
      case "room_left":
        return void (data.reason === "revoked" && this.rooms.delete(data.room));
      case "subscription_updated":
        if (!this.#requests.open.some(({ types }) => types)) this.types = data.types;
        this.positions.filtered = data.types.length > 0;
        return;
      case "resync_required":
        this.positions.set(data.stream, data.position.offset);
        this.positions.epoch = data.epoch;
        return this.#acks.restart(data.stream, data.position.offset);
      case "server_shutdown":
        this.#hint = data.reconnect_after_ms;
    }
  }

  /** Look for a hole at the end of a stream. */
  #compare(positions) {
    const stream = this.positions.told(positions);
    if (stream === undefined) return;
    this.stats.gaps++;
    this.#lost(`${stream} has a gap before ${positions[stream].offset + 1}`);
  }

  #greeted(data, timestamp) {
    clearTimeout(this.#timers.greeting);
    this.#refusals = 0;
    this.rooms.late.clear();
    this.greeting = data;
    if (this.positions.greeted(data)) this.#acks.forget(); // they are of the old life
    // Only peace lets the backoff begin anew.
    this.#timers.stable = setTimeout(() => (this.#attempt = 0), STABLE_MS);
    this.#heartbeat.start(data.heartbeat_seconds * 1000);
    this.#renewBefore(data.expires_at, timestamp);
    const asked = this.#requests.open.flatMap(roomsOf);
    this.#requests.sendAll();
    if (this.#presence) this.#tellPresence();
    for (const command of this.rooms.commands(asked)) this.ask(command).catch(() => {}); // its `error` is emitted
    this.#acks.flush();
    this.#enter({ state: "connected" });
  }

  // -- the login

  #renewBefore(expiresAt, timestamp) {
    clearTimeout(this.#timers.renew);
    if (!expiresAt) return;
    const left = Date.parse(expiresAt) - Date.parse(timestamp); // both are the server's clock
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
      // 4401 asks for a token at the latest.
      if (run === this.#run && this.greeting)
        this.#timers.renew = setTimeout(() => this.#renew(attempt + 1), 1000 + backoff(attempt));
    }
  }

  #enter(change) {
    this.change = { code: 0, reason: "", retryInMs: null, ...change };
    this.state = change.state;
    this.emit("state", this.change);
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
