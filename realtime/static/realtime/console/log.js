// The wire, line by line: kept, filtered, and drawn once a frame however much arrives.

import { $, el, inFrame, setText } from "./dom.js";
import { hideDetail, setUpDetail, showDetail } from "./logdetail.js";
import { LogList, searchable } from "./loglist.js";
import { LogView } from "./logview.js";

const KINDS = {
  event: { label: "Events", on: true },
  control: { label: "Requests", on: true },
  market: { label: "Market", on: false },
  beat: { label: "Pings", on: false },
};
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export class Log {
  #list;
  #view;
  #waiting = [];
  #fresh = 0; // came while the reader was further up
  #isPaused = false;
  #types = new Set();
  #toggles;

  constructor(source, list = new LogList()) {
    this.#list = list;
    source.addEventListener("entry", ({ detail }) => this.add(detail));
    this.#view = new LogView({
      list,
      node: $("log"),
      lines: source.config.lines,
      opened: showDetail,
      scrolled: () => this.#drawLatest(),
    });
    setUpDetail(() => $("log").focus());
    this.#toggles = Object.entries(KINDS).map(([kind, about]) => this.#toggle(kind, about));
    $("log-kinds").replaceChildren(...this.#toggles.map(({ node }) => node));
    for (const id of ["log-text", "log-direction", "log-type"])
      $(id).addEventListener("input", () => this.#filter());
    $("log-pause").addEventListener("click", () => this.#pause());
    $("log-clear").addEventListener("click", () => this.clear());
    $("log-export").addEventListener("click", () => this.#export());
    $("log-latest").addEventListener("click", () => this.#view.toEnd());
    this.#filter();
  }

  add(entry) {
    this.#waiting.push(entry);
    // A hidden page draws no frames: what could not be kept anyway need not wait.
    if (this.#waiting.length > 2 * this.#list.keep) this.#waiting.splice(0, this.#list.keep);
    this.#soon();
  }

  draw() {
    let gone = 0;
    if (!this.#isPaused && this.#waiting.length) {
      for (const { message } of this.#waiting) this.#learn(message?.type);
      const before = this.#list.shown;
      gone = this.#list.add(this.#waiting);
      this.#waiting = [];
      if (this.#list.step()) this.#soon();
      if (!this.#view.follows) this.#fresh += this.#list.shown + gone - before;
    } else if (this.#list.step()) this.#soon();
    this.#view.draw(gone);
    this.#drawBar();
    this.#drawLatest();
  }

  clear() {
    this.#list.clear();
    this.#waiting = [];
    this.#view.selected = null;
    hideDetail();
    this.#view.toEnd();
    this.draw();
  }

  #soon() {
    inFrame("log", () => this.draw());
  }

  #drawBar() {
    for (const { kind, count } of this.#toggles)
      setText(count, short.format(this.#list.counts[kind]));
    setText(
      $("log-pause"),
      this.#isPaused ? `Resume (${this.#waiting.length.toLocaleString("en")})` : "Pause",
    );
    const searching =
      this.#list.progress < 1 && `Searching… ${Math.round(this.#list.progress * 100)} %`;
    const lost =
      this.#list.lost > 0 && `${this.#list.lost.toLocaleString("en")} older ones have left`;
    setText($("log-note"), searching || lost || "");
    $("log-empty").hidden = this.#list.shown > 0 || Boolean(searching);
    setText(
      $("log-empty"),
      this.#list.size ? "Nothing matches the filter." : "Nothing to show yet.",
    );
  }

  #drawLatest() {
    if (this.#view.follows) this.#fresh = 0;
    $("log-latest").hidden = this.#view.follows;
    setText($("log-latest"), this.#fresh ? `${short.format(this.#fresh)} new ↓` : "Newest ↓");
  }

  // -- filters and buttons

  #toggle(kind, { label, on }) {
    const count = el("span", { class: "count", text: "0" });
    const node = el(
      "button",
      { class: "chip", type: "button", "aria-pressed": String(on), data: { kind } },
      label,
      " ",
      count,
    );
    node.addEventListener("click", () => {
      node.setAttribute("aria-pressed", String(node.getAttribute("aria-pressed") !== "true"));
      this.#filter();
    });
    return { kind, node, count };
  }

  #filter() {
    const kinds = new Set(
      this.#toggles
        .filter(({ node }) => node.getAttribute("aria-pressed") === "true")
        .map(({ kind }) => kind),
    );
    const [direction, type, text] = ["log-direction", "log-type", "log-text"].map((id) =>
      $(id).value.trim(),
    );
    const search = text.toLowerCase();
    const isLoud = ({ flag }) => flag === "error" || flag === "gap"; // never hidden with its kind
    this.#list.filter(
      (entry) =>
        (kinds.has(entry.kind) || isLoud(entry)) &&
        (!direction || entry.direction === direction) &&
        (!type || entry.message?.type === type) &&
        (!search || searchable(entry).includes(search)),
    );
    this.#view.follows = true;
    this.#soon();
  }

  #learn(type) {
    if (typeof type !== "string" || this.#types.has(type)) return;
    this.#types.add(type);
    const select = $("log-type");
    const after = [...select.options].slice(1).find(({ value }) => value > type);
    select.insertBefore(el("option", { value: type, text: type }), after || null);
  }

  #pause() {
    this.#isPaused = !this.#isPaused;
    $("log-pause").setAttribute("aria-pressed", String(this.#isPaused));
    this.draw();
  }

  /** Save what is kept, a JSON object a line; tokens are not in it. */
  #export() {
    const url = URL.createObjectURL(
      new Blob([this.#list.toJSONL()], { type: "application/x-ndjson" }),
    );
    const link = el("a", {
      href: url,
      download: `hoardrun-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.jsonl`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }
}
