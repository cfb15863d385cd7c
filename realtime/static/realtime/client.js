// hoardrun's client: one WebSocket that reconnects, resumes, and delivers each event once.
// docs/client.md shows its use, client.d.ts every name. Long, since a further file delays a page.

import {
  backoff,
  claimsOf,
  DisconnectedError,
  Emitter,
  exclusively,
  FAILED,
  LEFT,
  listen,
  Positions,
  pause,
  Rooms,
  roomsOf,
  TimeoutError,
} from "./parts.js";

export {
  afterClose,
  backoff,
  claimsOf,
  DisconnectedError,
  Positions,
  ServerError,
  TimeoutError,
} from "./parts.js";

// -- what is handled, and may be acknowledged

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

// -- the application's token, kept while it is good

const MARGIN_S = 10;

export class Tokens {
  #token = "";
  #asking = null;
  #name;
  #end;
  #ended = new Promise((_, reject) => (this.#end = () => reject(new Error("given up"))));

  /** In all tabs, one at a time of a `name` calls `getToken`: it may spend a refresh token. */
  constructor(getToken, name = "") {
    this.getToken = getToken;
    this.#name = name;
    this.#ended.catch(() => {});
  }

  /** Resolves to a token, for "connect" the kept one; "" when nobody is logged in. */
  async get(reason) {
    if (reason === "connect" && this.#token && !isEnding(this.#token)) return this.#token;
    this.#asking ??= exclusively(`hoardrun token ${this.#name}`, () =>
      Promise.race([this.getToken({ reason }), this.#ended]),
    ).finally(() => (this.#asking = null));
    const token = await this.#asking;
    if (token !== null && typeof token !== "string")
      throw new TypeError(`getToken gave ${typeof token}, not a string or null.`);
    this.#token = token || "";
    return this.#token;
  }

  /** Begin anew: an answer may still come, for another user. */
  anew() {
    this.#end();
    return new Tokens(this.getToken, this.#name);
  }
}

function isEnding(token) {
  const end = claimsOf(token)?.exp;
  return typeof end === "number" && end - Date.now() / 1000 < MARGIN_S;
}

// -- what an application uses

const MAX_HELD = 10_000;

/** An HTTP request of `api` failed: `status` is 0 when there was no answer. */
export class ApiError extends Error {
  name = "ApiError";

  constructor(status, message, problem = {}) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

let warned = false;

/** The server's own page knows where it is; elsewhere there may be no page at all. */
function ownUrl() {
  const { origin = "" } = globalThis.location || {};
  return origin.startsWith("http") ? `${origin}/ws/notifications` : "";
}

/** The API is next to the socket: below the path that comes before `/ws/`. */
const apiOf = ({ origin, pathname }) =>
  origin.replace("ws", "http") + (/^(.*)\/ws\//.exec(pathname)?.[1] ?? "");

export class Client {
  /** @type {"disconnected" | "connecting" | "connected"} */
  state = "disconnected";
  greeting = null;
  latency = null; // milliseconds, of the last ping()
  counts = null;

  #options;
  #tokens;
  #events = new Emitter();
  /** @type {import("./connection.js").Connection} */
  #link = null;
  #run = 0;
  #positions = new Positions();
  #handled = new Handled();
  #held = null; // what waits for a snapshot
  #due = null; // the Resync to do
  #isStale = false; // a snapshot was given up
  #rooms = new Rooms();
  #types;
  /** @type {"" | "active" | "away"} */
  #presence = "";
  #early = new Set(); // asked before there is a link
  #ended = null; // by itself: the error
  #listening = null;

  constructor(options = {}) {
    const {
      getToken,
      url = ownUrl(),
      apiUrl,
      device = "",
      deviceClass = "",
      types = [],
      rooms = [],
      tokenIn = "subprotocol",
      share = true,
      workerUrl,
      WebSocket,
      snapshot = false,
      snapshotUrl = "/api/v1/snapshot",
      requestTimeoutMs = 10_000,
      positions = {},
      epoch = "",
    } = /** @type {Partial<import("./client.js").Options>} */ (options);
    const address = url && new URL(url, globalThis.location?.href);
    if (address) address.protocol = address.protocol.replace("http", "ws");
    const api = apiUrl
      ? String(new URL(apiUrl, globalThis.location?.href))
      : address && apiOf(address);
    this.#options = {
      url: String(address),
      apiUrl: api.replace(/\/$/, ""),
      device,
      deviceClass,
      tokenIn,
      share: share && !WebSocket,
      workerUrl,
      WebSocket,
      snapshot,
      snapshotUrl,
      timeoutMs: requestTimeoutMs,
      getToken: (reason) => this.#tokens.get(reason),
    };
    this.#tokens = new Tokens(getToken, String(address));
    this.#positions.reset(positions, epoch);
    this.#types = new Set(types);
    const wanted = Array.isArray(rooms)
      ? rooms.map((room) => [room, "realtime"])
      : Object.entries(rooms);
    for (const [room, rate] of wanted) this.#rooms.set(room, rate);
  }

  get apiUrl() {
    return this.#options.apiUrl;
  }

  get positions() {
    return this.#positions.toJSON();
  }

  get stats() {
    return this.#link?.stats || {};
  }

  get presence() {
    return this.#presence;
  }

  set presence(state) {
    this.#presence = state;
    if (this.#link) this.#link.presence = state;
  }

  on(type, handler) {
    return this.#events.on(type, handler);
  }

  // -- the connection

  connect() {
    if (this.state !== "disconnected") return;
    if (!this.#options.url)
      throw new TypeError("There is no page to take the server from: give the option `url`.");
    this.disconnect();
    this.#listening = new AbortController();
    const seen = () => {
      if (this.#link) this.#link.hidden = document.hidden;
    };
    listen(globalThis.document, this.#listening, { visibilitychange: seen });
    listen(globalThis, this.#listening, {
      focus: seen,
      pagehide: () => this.#link?.stop(),
      pageshow: ({ persisted }) => persisted && this.#reopen(),
    });
    this.#begin(++this.#run);
  }

  /** Close and stay closed. A later connect() resumes. */
  disconnect() {
    this.#end({ reason: LEFT });
    this.#ended = null;
  }

  #reopen() {
    this.disconnect();
    this.connect();
  }

  #end(why) {
    this.#run++;
    this.#tokens = this.#tokens.anew();
    this.#listening?.abort();
    const link = this.#link;
    this.#isStale ||= Boolean(this.#held);
    this.#link = this.#held = this.#due = null;
    link?.stop();
    if (this.state !== "disconnected") this.#enter({ state: "disconnected", ...why });
  }

  /** End when the server refuses the user's token or the user; returns whether it does. */
  #endAt({ status, message }) {
    const isRefused = [401, 403].includes(status);
    if (isRefused) this.#end({ code: 4000 + status, reason: message });
    return isRefused;
  }

  /** Disconnect and forget the user, so that nothing reaches the next one. */
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

  /** Do not wait for the next attempt; from "disconnected", connect. */
  reconnect() {
    if (this.state === "disconnected") this.connect();
    else this.#link?.retryNow();
  }

  async #begin(run) {
    for (let attempt = 0; ; attempt++) {
      try {
        this.#enter({ state: "connecting" });
        if (this.#isStale || (this.#options.snapshot && this.#positions.isEmpty))
          await this.#resync({ stream: "", reason: "start" });
        const link = (this.#options.share && (await this.#shared())) || (await this.#alone());
        if (run !== this.#run) return link.stop();
        return this.#use(link);
      } catch (error) {
        if (run !== this.#run) return;
        if (this.#endAt(error)) return;
        const retryInMs = backoff(attempt);
        this.#enter({ state: "connecting", reason: error.message, retryInMs });
        await pause(retryInMs);
        if (run !== this.#run) return;
      }
    }
  }

  /** Resolves to what the tabs share; to nothing where that cannot be had, and says so once. */
  async #shared() {
    if (!globalThis.document) return null; // no page has no tabs
    const token = await this.#tokens.get("connect");
    try {
      const { share } = await import("./shared.js");
      return token && (await share(this.#options, token));
    } catch ({ message }) {
      if (!warned)
        console.warn(
          `hoardrun: each tab has a connection of its own. ${message} The option \`share: false\` asks for that.`,
        );
      warned = true;
    }
  }

  async #alone() {
    const { Connection } = await import("./connection.js");
    return new Connection(this.#options);
  }

  #use(link) {
    this.#link = link;
    link.on("state", (change) => link === this.#link && this.#enter(change));
    link.on("message", (message) => this.#receive(message));
    link.on("lost", () => this.#reopen());
    link.on("behind", (stream) => this.#resync({ stream, reason: "behind" }));
    const hidden = globalThis.document?.hidden ?? false;
    link.start({
      positions: this.positions,
      epoch: this.#positions.epoch,
      types: [...this.#types],
      hidden,
      presence: this.#presence,
    });
    if (this.#events.has("frame")) link.on("frame", (frame) => this.#events.emit("frame", frame));
    const early = [...this.#early];
    this.#early.clear();
    for (const command of this.#rooms.commands(early.flatMap(({ command }) => roomsOf(command))))
      this.#ask(command).catch(() => {});
    for (const { command, resolve } of early) resolve(link.ask(command));
  }

  #enter(change) {
    change = { code: 0, reason: "", retryInMs: null, ...change };
    this.state = change.state;
    if (this.#link?.state !== "connected") this.greeting = this.latency = null;
    if (change.state === "disconnected") {
      this.#ended = new DisconnectedError(change);
      for (const { reject } of this.#early) reject(this.#ended);
      this.#early.clear();
    }
    this.#events.emit("state", change);
  }

  // -- receiving

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
    const results = [
      ...this.#events.emit(type, data, message),
      ...this.#events.emit("message", message),
    ];
    if (!stream) return;
    const isLater = results.some((result) => typeof result?.then === "function");
    const ended = isLater ? await Promise.all(results) : results;
    const upTo = handled.end(stream, offset, !ended.includes(FAILED));
    if (upTo && handled === this.#handled) this.#link?.ack(stream, upTo);
  }

  /** Read the snapshot, hand it over, and go on with what is newer. While it cannot be had, say so. */
  async #resync(about) {
    this.#due = about;
    const isReading = this.#held;
    this.#held = []; // a later snapshot has them all
    this.#handled = new Handled(); // what is handled still was before it: not to acknowledge
    if (isReading) return; // the loop below reads once more
    const run = this.#run;
    if (about.snapshot_after_ms) await pause(about.snapshot_after_ms); // others take one too
    if (run !== this.#run) return;
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
        if (this.#endAt(error)) return;
        this.#due ??= about;
        const retryInMs = backoff(attempt++);
        if (this.#link?.state === "connected")
          this.#enter({
            state: "connecting",
            reason: `There is no snapshot. ${error.message}`,
            retryInMs,
          });
        await pause(retryInMs);
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
    if (this.#link?.state === "connected" && this.state !== "connected")
      this.#enter({ state: "connected" });
    for (const message of held)
      if (message.stream || message.timestamp >= snapshot.timestamp) this.#receive(message);
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
      setTimeout(
        () =>
          this.#early.delete(early) &&
          reject(new TimeoutError(`No connection within ${timeoutMs} ms.`)),
        timeoutMs,
      );
    };
    return this.#rooms.follow(
      command,
      (!this.#ended && this.#link?.ask(command)) || new Promise(later),
    );
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
    this.latency = performance.now() - began;
    return this.latency;
  }

  sendText(text) {
    return this.#link?.sendText(text) ?? false;
  }

  /** Ask the HTTP API; a refused token is renewed once. */
  async api(method, path, body, headers) {
    const { apiUrl } = this.#options;
    const url = new URL(path.startsWith("/") ? apiUrl + path : path, apiUrl);
    for (const reason of ["connect", "refused"]) {
      const token = await this.#tokens.get(reason);
      if (!token) throw new ApiError(401, "nobody is logged in");
      const response = await fetch(url, {
        method,
        signal: AbortSignal.timeout(this.#options.timeoutMs),
        credentials: "omit", // the token alone says who asks
        headers: {
          ...headers,
          Accept: "application/json",
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      }).catch(() => Promise.reject(new ApiError(0, "The server cannot be reached.")));
      if (response.status === 401 && reason === "connect") continue;
      const answer = await response.json().catch(() => null);
      if (!response.ok)
        throw new ApiError(
          response.status,
          answer?.detail || answer?.title || `The server answered ${response.status}.`,
          answer,
        );
      return answer;
    }
  }
}
