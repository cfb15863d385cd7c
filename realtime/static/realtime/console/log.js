// The wire, row by row: bounded, filterable, and drawn once a frame however much arrives.

import { $, el, inFrame, setText } from "./dom.js";
import { LogRow } from "./logrow.js";

// Each kind keeps rows of its own, so that a thousand ticks cannot push out one payment.
const KINDS = {
  event: { label: "Events", keep: 400, on: true },
  control: { label: "Requests", keep: 250, on: true },
  market: { label: "Market", keep: 250, on: false },
  beat: { label: "Pings", keep: 100, on: false },
};
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const BEATS = new Set(["ping", "pong", "ack", "acked"]);

export class Log {
  #rows = [];
  #waiting = [];
  #paused = false;
  #follow = true;
  #types = new Set();
  #last = null;
  #counts = { event: 0, control: 0, market: 0, beat: 0 };

  constructor(link) {
    link.addEventListener("entry", ({ detail }) => this.add(detail));
    this.list = $("log");
    this.toggles = Object.entries(KINDS).map(([kind, about]) => this.#toggle(kind, about));
    $("log-kinds").replaceChildren(...this.toggles.map((toggle) => toggle.node));
    for (const id of ["log-text", "log-direction", "log-type"]) $(id).addEventListener("input", () => this.#filter());
    $("log-pause").addEventListener("click", () => this.#pause());
    $("log-clear").addEventListener("click", () => this.clear());
    $("log-export").addEventListener("click", () => this.#export());
    $("log-latest").addEventListener("click", () => this.#toLatest());
    this.list.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.draw();
  }

  add(entry) {
    entry.kind = kindOf(entry);
    entry.since = this.#last ? entry.at - this.#last : null;
    this.#last = entry.at;
    this.#counts[entry.kind]++;
    this.#waiting.push(entry);
    // A hidden tab draws no frames: what could not be kept anyway need not wait.
    if (this.#waiting.length > 2000) this.#waiting = bounded(this.#waiting);
    inFrame("log", () => this.draw());
  }

  draw() {
    for (const toggle of this.toggles) setText(toggle.count, short.format(this.#counts[toggle.kind]));
    setText($("log-pause"), this.#paused ? `Resume (${this.#waiting.length})` : "Pause");
    if (this.#paused || !this.#waiting.length) return this.#drawEmpty();
    const fresh = document.createDocumentFragment();
    for (const entry of bounded(this.#waiting)) {
      const row = new LogRow(entry);
      row.show(this.#accepts(row));
      this.#rows.push(row);
      this.#learnType(entry);
      fresh.append(row.node);
    }
    this.#waiting = [];
    this.list.append(fresh);
    this.#evict();
    if (this.#follow) this.list.scrollTop = this.list.scrollHeight;
    this.#drawEmpty();
  }

  clear() {
    this.#rows = [];
    this.#waiting = [];
    for (const kind of Object.keys(this.#counts)) this.#counts[kind] = 0;
    this.list.replaceChildren();
    this.#follow = true;
    this.draw();
  }

  #evict() {
    const kept = bounded(this.#rows, (row) => row.entry.kind);
    if (kept.length === this.#rows.length) return;
    const staying = new Set(kept);
    for (const row of this.#rows) if (!staying.has(row)) row.node.remove();
    this.#rows = kept;
  }

  #toggle(kind, { label, on }) {
    const count = el("span", { class: "count", text: "0" });
    const node = el("button", { class: "chip", type: "button", "aria-pressed": String(on), data: { kind } }, label, count);
    node.addEventListener("click", () => {
      node.setAttribute("aria-pressed", String(node.getAttribute("aria-pressed") !== "true"));
      this.#filter();
    });
    return { kind, node, count };
  }

  #accepts(row) {
    const { entry } = row;
    const isLoud = entry.flag === "error" || entry.flag === "gap"; // never hidden with its kind
    const toggle = this.toggles.find(({ kind }) => kind === entry.kind);
    if (!isLoud && toggle.node.getAttribute("aria-pressed") !== "true") return false;
    if ($("log-direction").value && $("log-direction").value !== entry.direction) return false;
    if ($("log-type").value && $("log-type").value !== row.type) return false;
    const text = $("log-text").value.trim().toLowerCase();
    return !text || row.text.includes(text);
  }

  #filter() {
    for (const row of this.#rows) row.show(this.#accepts(row));
    if (this.#follow) this.list.scrollTop = this.list.scrollHeight;
    this.#drawEmpty();
  }

  #learnType(entry) {
    const type = entry.message?.type;
    if (typeof type !== "string" || this.#types.has(type)) return;
    this.#types.add(type);
    const select = $("log-type");
    const option = el("option", { value: type, text: type });
    const after = [...select.options].slice(1).find((other) => other.value > type);
    select.insertBefore(option, after || null);
  }

  #pause() {
    this.#paused = !this.#paused;
    $("log-pause").setAttribute("aria-pressed", String(this.#paused));
    this.draw();
  }

  #scrolled() {
    this.#follow = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 40;
    $("log-latest").hidden = this.#follow;
  }

  #toLatest() {
    this.#follow = true;
    this.list.scrollTop = this.list.scrollHeight;
  }

  #drawEmpty() {
    const shown = this.#rows.some((row) => row.shown);
    $("log-empty").hidden = shown;
    if (!shown) setText($("log-empty"), this.#rows.length ? "Nothing matches the filter." : "Nothing to show yet.");
  }

  /** Save what is kept, a JSON object a line; tokens are not in it. */
  #export() {
    const lines = this.#rows.map(({ entry }) => JSON.stringify({ at: entry.at.toISOString(), direction: entry.direction, flag: entry.flag || undefined, ...(entry.message ? { message: entry.message } : { text: entry.text }) }));
    const url = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "application/x-ndjson" }));
    const link = el("a", { href: url, download: `hoardrun-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.jsonl` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }
}

function kindOf({ message, direction }) {
  const type = message?.type;
  if (BEATS.has(type)) return "beat";
  if (type === "market_update") return "market";
  if (direction === "in" && (message?.stream || type === "notification_counts")) return "event";
  return "control";
}

/** Keep the newest of each kind, in their order. */
function bounded(items, kindOfItem = (item) => item.kind) {
  const room = Object.fromEntries(Object.entries(KINDS).map(([kind, { keep }]) => [kind, keep]));
  const kept = [];
  for (let index = items.length - 1; index >= 0; index--) {
    if (room[kindOfItem(items[index])]-- > 0) kept.push(items[index]);
  }
  return kept.length === items.length ? items : kept.reverse();
}
