// The edge of a browser, for the client under Node: sockets, answers and time that a test controls.

import { mock } from "node:test";

export const sockets = [];
export const requests = []; // answer(body) of each fetch, in order, with its `url` and `options`

class Socket {
  readyState = 1;
  sent = [];

  constructor(url, protocols) {
    Object.assign(this, { url: new URL(url), protocols });
    sockets.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
  }

  say(message) {
    this.onmessage?.({ data: JSON.stringify({ timestamp: new Date().toISOString(), ...message }) });
  }

  greet(positions, epoch = "one") {
    const at = Object.fromEntries(
      Object.entries(positions).map(([stream, offset]) => [stream, { offset, epoch }]),
    );
    this.say({
      type: "connection_established",
      data: { heartbeat_seconds: 30, expires_at: null, epoch, positions: at },
    });
  }

  event(offset, more = {}) {
    this.say({ type: "balance_update", stream: "user:1", offset, data: {}, ...more });
  }

  resync(reason, offset, epoch = "one") {
    this.say({
      type: "resync_required",
      data: { stream: "user:1", reason, position: { offset }, epoch, snapshot: "/s" },
    });
  }

  end(code) {
    this.onclose?.({ code, reason: "" });
  }
}

globalThis.WebSocket = Socket;
globalThis.location = new URL("http://127.0.0.1/");
globalThis.fetch = (url, options) =>
  new Promise((resolve) =>
    requests.push(
      Object.assign(
        (body, status = 200) => resolve({ ok: status < 400, status, json: async () => body }),
        { url, options },
      ),
    ),
  );

export const jwt = (claims) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;

/** Let everything that is ready run. */
export const settle = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Run with a clock that only moves when it is told to. */
export const withClock = (run) => async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_800_000_000_000 });
  try {
    await run((ms) => mock.timers.tick(ms));
  } finally {
    mock.timers.reset();
  }
};
