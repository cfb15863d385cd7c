// The page's connection: the client that applications embed, and what the page shows of it.

import { Client } from "../client.js";
import { LEFT } from "../parts.js";
import { PREFIX } from "./api.js";
import { explain } from "./closing.js";

const PING_MS = 5000;
const ANSWER_MS = 10_000;
const NOT_SENT = "Not connected: nothing was sent.";

/**
 * Emits `client` (there is a new one), `state`, `rooms`, `entry` (a line of the log) and
 * `message`. States: idle, connecting, online, waiting, stopped.
 */
export class Link extends EventTarget {
  /** @type {Client} */
  client = null;
  state = "idle";
  says = "";
  retryAt = null; // on the clock of performance.now(); null while hidden or offline
  rooms = new Map(); // joined: name → rate
  received = new Map(); // messages of each room since it was joined
  available = [];
  subscriptions = [];
  /** @type {{ tokenIn: "subprotocol" | "message" | "query", share: boolean, autoReconnect: boolean }} */
  options = { tokenIn: "subprotocol", share: false, autoReconnect: true };

  constructor({ session, config }) {
    super();
    this.session = session;
    this.config = config;
    setInterval(
      () =>
        this.state === "online" &&
        !document.hidden &&
        this.client.ping().then(
          () => this.#emit("state"),
          () => {},
        ),
      PING_MS,
    );
  }

  get greeting() {
    return this.client?.greeting || null;
  }

  get latency() {
    return this.client?.latency ?? null;
  }

  get positions() {
    return Object.entries(this.client?.positions || {});
  }

  get stats() {
    return {
      in: 0,
      out: 0,
      bytesIn: 0,
      bytesOut: 0,
      reconnects: 0,
      gaps: 0,
      duplicates: 0,
      ...this.client?.stats,
    };
  }

  /** Connect, or connect now rather than later. */
  connect() {
    if (!this.client) this.#make();
    this.client.reconnect();
  }

  disconnect() {
    this.client?.disconnect();
  }

  /** Take what was chosen for the next connection, which begins with a snapshot. */
  set(options) {
    Object.assign(this.options, options);
    if (!("tokenIn" in options || "share" in options)) return;
    const isOn = this.state !== "idle" && this.state !== "stopped";
    this.disconnect();
    this.#drop(); // it is the same user still
    if (isOn) this.connect();
  }

  /** Forget the user, so that nothing reaches the next one. */
  forget() {
    this.client?.reset();
    this.#drop();
  }

  #drop() {
    this.client = null;
    this.available = [];
    this.subscriptions = [];
    this.#left();
  }

  #make() {
    const { tokenIn, share } = this.options;
    const client = new Client({
      getToken: ({ reason }) => this.session.tokenFor(reason),
      url: `${location.origin}${PREFIX}/ws/notifications`,
      device: this.session.device,
      tokenIn,
      share,
      snapshot: true,
      rooms: ["market_data", ...(this.config.panels.payments ? ["payments"] : [])],
    });
    this.client = client;
    client.on("state", (change) => this.#entered(change));
    client.on("frame", (frame) => this.#entry(frame));
    client.on("message", (message) => this.#received(message));
    client.on("connection_established", () =>
      setTimeout(() => this.state === "online" && client.listRooms().catch(() => {})),
    );
    client.on("room_joined", ({ room, rate }) =>
      this.#inRooms(() => this.rooms.set(room, rate) && this.received.set(room, 0)),
    );
    client.on("room_left", ({ room }) => this.#inRooms(() => this.rooms.delete(room)));
    client.on("rooms", ({ rooms }) => this.#inRooms(() => (this.available = rooms)));
    client.on("subscription_updated", ({ types }) => (this.subscriptions = types));
    client.on(
      "resync",
      ({ stream, reason }) =>
        reason !== "start" &&
        this.#note(`resync of ${stream} (${reason}): the snapshot is loaded`, "gap"),
    );
    this.#emit("client");
  }

  // -- what it tells

  #entered(change) {
    this.says = explain(change, this.config.closeCodes);
    const isUnable = change.state === "connecting" && (change.reason || change.code);
    const isOver = change.state === "disconnected" && (change.code || change.reason !== LEFT);
    const before = this.state;
    this.state = {
      connected: "online",
      connecting: isUnable ? "waiting" : "connecting",
      disconnected: isOver ? "stopped" : "idle",
    }[change.state];
    this.retryAt = change.retryInMs === null ? null : performance.now() + change.retryInMs;
    if (!this.greeting) this.#left(); // while it waits for a snapshot, the rooms are there
    if (this.state !== before || this.state === "waiting") this.#noteState(change);
    this.#emit("state");
    if (this.state === "waiting" && !this.options.autoReconnect) this.#stay(this.says);
  }

  /** Do not come back, and go on saying what it was that ended it. */
  #stay(says) {
    this.disconnect();
    this.says = says;
    this.#emit("state");
  }

  #noteState({ code }) {
    const since = this.positions.map(([stream, offset]) => `${stream}:${offset}`).join(",");
    if (this.state === "connecting") since && this.#note(`connect, resume after ${since}`);
    else if (this.state === "idle") this.#note("disconnect");
    else if (this.state !== "online")
      this.#note(this.says, code >= 4000 || code === 1006 || !code ? "error" : "");
  }

  #received(message) {
    if (this.received.has(message.room))
      this.received.set(message.room, this.received.get(message.room) + 1);
    this.#emit("message", message);
  }

  #left() {
    this.rooms.clear();
    this.#emit("rooms");
  }

  #inRooms(change) {
    change();
    this.#emit("rooms");
  }

  #note(text, flag = "") {
    this.#entry({ direction: "note", text, message: null, flag });
  }

  #entry(entry) {
    this.#emit("entry", { ...entry, at: new Date() });
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // -- sending

  /** Send a message; resolves to the server's answer, found by its id, and rejects with its error. */
  async ask(message) {
    if (this.state !== "online") throw new Error(NOT_SENT);
    return "id" in message
      ? this.askText(JSON.stringify(message), message.id)
      : this.client.request(message);
  }

  /** Send text as it is, right or wrong. What cannot be read is answered by an error without an id. */
  askText(text, id) {
    return new Promise((resolve, reject) => {
      const over = AbortSignal.timeout(ANSWER_MS);
      over.addEventListener("abort", () => reject(new Error("The server has not answered.")));
      const receive = (/** @type {any} */ { detail: message }) => {
        const isError = message.type === "error" && (message.id ?? id) === id;
        if (isError) reject(new Error(message.data.message));
        else if (id !== undefined && message.id === id) resolve(message);
        else return;
        this.removeEventListener("message", receive);
      };
      this.addEventListener("message", receive, { signal: over });
      if (!this.client?.sendText(text)) reject(new Error(NOT_SENT));
    });
  }
}
