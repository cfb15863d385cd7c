// Where this client stands in each stream, and what an event's offset means there.

export class Positions {
  #offsets = new Map();
  #lenient = false;
  epoch = "";

  /** Begin anew, as a snapshot or the first greeting says. */
  reset(positions, epoch) {
    this.#offsets = new Map(Object.entries(positions).map(([stream, position]) => [stream, position.offset]));
    this.epoch = epoch || "";
  }

  has(stream) {
    return this.#offsets.has(stream);
  }

  get(stream) {
    return this.#offsets.get(stream);
  }

  set(stream, offset) {
    this.#offsets.set(stream, offset);
  }

  entries() {
    return [...this.#offsets];
  }

  /** While a subscription filters, offsets are missing on purpose; after it, once more. */
  set filtered(on) {
    if (on) this.#lenient = true;
    else if (this.#lenient) this.#lenient = "once";
  }

  /** Say what an event is: "new", "old" (seen already) or "gap" (something before it is missing). */
  judge(stream, offset) {
    const position = this.#offsets.get(stream);
    if (position === undefined) return "new";
    if (offset <= position) return "old";
    return offset === position + 1 || (this.#lenient && stream.startsWith("user:")) ? "new" : "gap";
  }

  /** Note that an event was applied. */
  advance(stream, offset) {
    this.#offsets.set(stream, offset);
    if (this.#lenient === "once" && stream.startsWith("user:")) this.#lenient = false;
  }

  /** Write them as the `since` of a connection: one's own stream is just `user`. */
  since() {
    return this.entries().map(([stream, offset]) => `${stream.startsWith("user:") ? "user" : stream}:${offset}`).join(",");
  }
}
