// What a live connection does on its own: pings that prove it alive, acks of what was shown.

const PING_MS = 5000;
const PONG_WITHIN_MS = 10_000;
const ACK_AFTER_MS = 1000;

/** Pings in turn with the answers; `dead` is called when one stays away. */
export class Heartbeat {
  latency = null;
  #at = 0;
  #next = 0;
  #limit = 0;

  constructor({ ping, dead }) {
    this.ping = ping;
    this.dead = dead;
  }

  start() {
    this.#at = performance.now();
    if (!this.ping()) return;
    this.#limit = setTimeout(this.dead, PONG_WITHIN_MS);
  }

  answered() {
    if (!this.#limit) return; // a ping sent by hand has its answer in the log
    clearTimeout(this.#limit);
    this.#limit = 0;
    this.latency = performance.now() - this.#at;
    this.#next = setTimeout(() => this.start(), PING_MS);
  }

  stop() {
    clearTimeout(this.#next);
    clearTimeout(this.#limit);
    this.#limit = 0;
    this.latency = null;
  }
}

/** Gathers acknowledgements: the newest position of each stream, once a second at most. */
export class Acks {
  #timer = 0;
  #acked = new Map();

  constructor({ send, positions }) {
    this.send = send;
    this.positions = positions;
  }

  soon() {
    this.#timer ||= setTimeout(() => this.#flush(), ACK_AFTER_MS);
  }

  #flush() {
    this.#timer = 0;
    for (const [stream, offset] of this.positions.entries()) {
      if (this.#acked.get(stream) !== offset && this.send({ type: "ack", stream, offset })) this.#acked.set(stream, offset);
    }
  }

  /** Wait no more; with `forget`, know nothing of what was acknowledged. */
  stop({ forget = false } = {}) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (forget) this.#acked.clear();
  }
}
