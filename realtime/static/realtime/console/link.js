// The connection: opens, greets, pings, notices gaps, comes back and goes on where it was.

import { Acks, Heartbeat } from "./beat.js";
import { decide, explain } from "./closing.js";
import { handshake, redact, rejoin } from "./handshake.js";
import { Positions } from "./positions.js";

const STABLE_MS = 10_000;

/**
 * Emits `state`; `entry` (a log line: {direction, text, message, flag}); `event` (apply this
 * message); `rooms` and `resync`. States: idle, loading, connecting, online, waiting, stopped.
 */
export class Link extends EventTarget {
  state = "idle";
  says = "";
  retryAt = 0;
  greeting = null;
  rooms = new Map(); // joined: name → rate
  wanted = new Map([["market_data", "realtime"]]); // to be joined again after a reconnect
  available = [];
  subscriptions = [];
  positions = new Positions();
  stats = { in: 0, out: 0, bytesIn: 0, bytesOut: 0, reconnects: 0, gaps: 0, duplicates: 0 };
  options = { transport: "query", autoReconnect: true, autoAck: true };

  #socket = null;
  #attempt = 0;
  #refusals = 0;
  #run = 0;
  #hint = 0;
  #nextId = 1;
  #asked = new Map(); // request id → the message, until its answer
  #retryTimer = 0;
  #stableTimer = 0;
  #beat = new Heartbeat({ ping: () => this.send({ type: "ping" }), dead: () => this.#lost("No answer to a ping: the connection is dead.") });
  #acks = new Acks({ send: (message) => this.send(message), positions: this.positions });

  constructor({ session, config, loadSnapshot }) {
    super();
    this.session = session;
    this.config = config;
    this.loadSnapshot = loadSnapshot;
    session.addEventListener("renewed", () => this.state === "online" && this.send({ type: "authenticate", token: session.token }));
    addEventListener("offline", () => this.#lost("The network is away."));
    addEventListener("online", () => this.state === "waiting" && this.connect());
  }

  /** Milliseconds to the server and back; null before the first answer. */
  get latency() {
    return this.#beat.latency;
  }

  // -- opening

  /** Connect, or connect now rather than later. The first time, load the snapshot before. */
  async connect() {
    const run = ++this.#run;
    clearTimeout(this.#retryTimer);
    this.#drop();
    if (!this.positions.entries().length) {
      this.#enter("loading", "Loading balances and positions…");
      try {
        await this.loadSnapshot();
      } catch (error) {
        if (run !== this.#run) return;
        if (error.status === 401 || error.status === 403) return this.#enter("stopped", `${error.message} Log in again.`);
        return this.#retry(decide(1006, this.#attempt), `Snapshot: ${error.message}`);
      }
      if (run !== this.#run) return;
    }
    this.#open();
  }

  #open() {
    const { transport } = this.options;
    const { token, device } = this.session;
    const { url, protocols, since } = handshake({ token, device, transport, positions: this.positions, subprotocol: this.config.subprotocol, types: this.subscriptions });
    this.#enter("connecting", "Connecting…");
    this.#note(since ? `connect, resume after ${since}` : "connect");
    const socket = (this.#socket = new WebSocket(url, protocols));
    socket.onopen = () => transport === "message" && this.send({ type: "authenticate", token: this.session.token });
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#closed(event.code);
  }

  /** Close and stay closed. */
  disconnect() {
    this.#run++;
    clearTimeout(this.#retryTimer);
    if (this.#socket) this.#note("disconnect");
    this.#drop();
    this.#enter("idle", "Disconnected.");
  }

  /** Forget the user: nothing of one may reach the next. */
  forget() {
    this.disconnect();
    this.positions.reset({}, "");
    this.positions.filtered = false;
    this.subscriptions = [];
    this.available = [];
    this.wanted = new Map([["market_data", "realtime"]]);
    this.#attempt = this.#refusals = 0;
    this.#acks.stop({ forget: true });
  }

  #drop() {
    clearTimeout(this.#stableTimer);
    this.#beat.stop();
    this.#acks.stop();
    const socket = this.#socket;
    this.#socket = null;
    this.greeting = null;
    this.rooms.clear();
    this.#asked.clear();
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.dispatchEvent(new Event("rooms"));
  }

  // -- closing

  #closed(code) {
    this.#drop();
    const words = explain(code, this.config.closeCodes);
    this.#note(`closed ${words}`, code >= 4000 || code === 1006 ? "error" : "");
    let next = decide(code, this.#attempt, this.#hint);
    this.#hint = 0;
    if (next.action === "renew" && (++this.#refusals > 2 || !this.session.canRenew)) next = { action: "stop" };
    this.#retry(next, `Closed ${words}.`);
  }

  #lost(why) {
    if (!this.#socket) return;
    this.#drop();
    this.#note(why, "error");
    this.#retry(decide(1006, this.#attempt), why);
  }

  async #retry(next, why) {
    const run = ++this.#run;
    if (next.action === "stop" || !this.options.autoReconnect) {
      const hint = this.session.canRenew || this.session.secondsLeft > 0 ? "" : " Log in again.";
      return this.#enter("stopped", why + hint);
    }
    if (next.action === "renew") {
      this.#enter("loading", `${why} Getting a new token…`);
      try {
        await this.session.renew();
      } catch (error) {
        if (run !== this.#run) return;
        if (error.status) return this.#enter("stopped", `${error.message} Log in again.`);
        next = decide(1006, this.#attempt);
      }
      if (run !== this.#run) return;
    }
    this.#attempt++;
    this.stats.reconnects++;
    this.retryAt = performance.now() + (next.delay || 0);
    this.#enter("waiting", why);
    this.#retryTimer = setTimeout(() => this.connect(), next.delay || 0);
  }

  // -- sending

  /** Send a message with an id of its own; false when there is no connection. */
  send(message) {
    const withId = "id" in message ? message : { ...message, id: `c${this.#nextId++}` };
    if (typeof withId.id === "string") this.#asked.set(withId.id, withId);
    return this.sendText(JSON.stringify(withId));
  }

  /** Send text as it is, right or wrong. */
  sendText(text) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    this.stats.out++;
    this.stats.bytesOut += text.length;
    const message = parse(text); // null if sent so on purpose: the server says what it makes of it
    this.#entry("out", redact(text, message), message);
    if (message?.type === "subscribe_notifications") this.positions.filtered = true;
    return true;
  }

  // -- receiving

  #receive(text) {
    this.stats.in++;
    this.stats.bytesIn += text.length;
    const message = parse(text);
    if (!message) return this.#entry("in", text, null, "error");
    if (message.stream && Number.isInteger(message.offset)) return this.#receiveEvent(text, message);
    this.#entry("in", text, message, message.type === "error" ? "error" : "");
    this.#handle(message);
    this.#asked.delete(message.id);
  }

  #receiveEvent(text, message) {
    const verdict = this.positions.judge(message.stream, message.offset);
    if (verdict === "old") {
      this.stats.duplicates++;
      return this.#entry("in", text, message, "duplicate");
    }
    if (verdict === "gap") {
      this.stats.gaps++;
      this.#entry("in", text, message, "gap");
      this.#note(`gap in ${message.stream}: ${message.offset} came after ${this.positions.get(message.stream)}; resuming`, "gap");
      return this.connect();
    }
    this.#entry("in", text, message);
    this.positions.advance(message.stream, message.offset);
    this.#emit("event", message);
    if (this.options.autoAck) this.#acks.soon();
  }

  #handle(message) {
    const data = message.data || {};
    switch (message.type) {
      case "connection_established":
        return this.#greeted(data);
      case "authenticated":
        return this.dispatchEvent(new Event("state"));
      case "pong":
        this.#beat.answered();
        return this.dispatchEvent(new Event("state"));
      case "room_joined":
        this.rooms.set(data.room, data.rate);
        this.wanted.set(data.room, data.rate);
        return this.dispatchEvent(new Event("rooms"));
      case "room_left":
        this.rooms.delete(data.room);
        this.wanted.delete(data.room);
        return this.#emit("room_left", data.room);
      case "rooms":
        this.available = data.rooms;
        return this.dispatchEvent(new Event("rooms"));
      case "subscription_updated":
        this.subscriptions = data.types;
        this.positions.filtered = data.types.length > 0;
        return this.dispatchEvent(new Event("state"));
      case "resync_required":
        this.positions.set(data.stream, data.position.offset);
        this.positions.epoch = data.epoch;
        this.#note(`resync of ${data.stream} (${data.reason}): loading the snapshot`, "gap");
        return this.#emit("resync", data);
      case "server_shutdown":
        this.#hint = data.reconnect_after_ms;
        return;
      case "error":
        return this.#failed(message);
      default:
        this.#emit("event", message);
    }
  }

  #greeted(data) {
    this.greeting = data;
    this.#refusals = 0;
    this.positions.epoch = data.epoch;
    for (const [stream, position] of Object.entries(data.positions)) {
      if (!this.positions.has(stream)) this.positions.set(stream, position.offset);
    }
    this.#enter("online", "");
    // A server that greets and falls again must not be hammered: only a while of peace resets.
    this.#stableTimer = setTimeout(() => (this.#attempt = 0), STABLE_MS);
    if (this.subscriptions.length) this.send({ type: "subscribe_notifications", types: this.subscriptions });
    for (const message of rejoin(this.wanted)) this.send(message);
    this.send({ type: "list_rooms" });
    this.#beat.start();
  }

  #failed(message) {
    const request = this.#asked.get(message.id);
    if (request?.type !== "join_room" || message.data.code !== "unknown_room") return;
    for (const room of request.rooms || [request.room]) {
      if (message.data.message.includes(`'${room}'`)) this.wanted.delete(room);
    }
  }

  // -- telling the page

  #enter(state, says) {
    this.state = state;
    this.says = says;
    this.dispatchEvent(new Event("state"));
  }

  #note = (text, flag = "") => this.#entry("note", text, null, flag);

  #entry(direction, text, message, flag = "") {
    this.#emit("entry", { direction, text, message, flag, at: new Date() });
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
