// A list of which only what is in view is in the document, however long it is.

import { el, icon, setText } from "./dom.js";
import { clock } from "./format.js";
import { summary } from "./logtext.js";

const ROW = 26; // pixels, as in tools.css
const OVERSCAN = 10;
const NEAR_END = 40;

/** Draws `list` (a LogList) into `node`, messages as `lines` says by their type; `opened(entry)` is called for the one that is chosen. */
export class LogView {
  follows = true;
  selected = null; // the number of an entry

  #list;
  #node;
  #rows = [];
  #size = el("li", { class: "log-size", role: "presentation" });

  constructor({ list, node, lines, opened, scrolled }) {
    this.#list = list;
    this.#node = node;
    this.opened = opened;
    this.lines = lines;
    node.append(this.#size);
    const scroll = () => {
      this.#scrolled();
      scrolled();
    };
    node.addEventListener("scroll", scroll, { passive: true });
    node.addEventListener("keydown", (event) => this.#key(event));
    node.addEventListener("click", ({ target }) => this.#choose(target.closest("li")?.entry));
    new ResizeObserver(() => this.draw()).observe(node);
  }

  /** Draw what is in view. `gone` rows have left at the front since the last time. */
  draw(gone = 0) {
    const node = this.#node;
    this.#size.style.height = `${this.#list.shown * ROW}px`;
    if (this.follows) node.scrollTop = this.#list.shown * ROW;
    else if (gone) node.scrollTop -= gone * ROW;
    const from = Math.max(0, Math.floor(node.scrollTop / ROW) - OVERSCAN);
    const to = Math.min(
      this.#list.shown,
      Math.ceil((node.scrollTop + node.clientHeight) / ROW) + OVERSCAN,
    );
    while (this.#rows.length < to - from) this.#rows.push(newRow(node));
    for (const [at, row] of this.#rows.entries()) {
      if (from + at < to) this.#place(row, from + at);
      else putAway(row);
    }
    const isInView = this.#rows.some(({ entry }) => entry?.number === this.selected);
    node.setAttribute("aria-activedescendant", isInView ? `log-${this.selected}` : "");
  }

  toEnd() {
    this.follows = true;
    this.draw();
  }

  #place(row, index) {
    const entry = this.#list.at(index);
    row.node.style.transform = `translateY(${index * ROW}px)`;
    row.node.hidden = false;
    row.node.setAttribute("aria-posinset", String(index + 1));
    row.node.setAttribute("aria-setsize", String(this.#list.shown));
    row.node.setAttribute("aria-selected", String(entry.number === this.selected));
    if (row.entry !== entry) fill(row, entry, this.lines);
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#node;
    this.follows = scrollHeight - scrollTop - clientHeight < NEAR_END;
    this.draw();
  }

  #choose(entry) {
    if (!entry) return;
    this.selected = entry.number;
    this.opened(entry);
    this.draw();
  }

  #key(event) {
    const page = Math.floor(this.#node.clientHeight / ROW) - 1;
    const last = this.#list.shown - 1;
    const at = this.selected === null ? last + 1 : this.#list.indexOf(this.selected);
    const to = {
      ArrowUp: at - 1,
      ArrowDown: at + 1,
      PageUp: at - page,
      PageDown: at + page,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === "Enter" || event.key === " ") this.#choose(this.#list.at(at));
    else if (to === undefined || last < 0) return;
    else this.#select(Math.max(0, Math.min(last, to)));
    event.preventDefault();
  }

  #select(index) {
    this.selected = this.#list.at(index).number;
    const { scrollTop, clientHeight } = this.#node;
    this.follows = index === this.#list.shown - 1;
    if (index * ROW < scrollTop) this.#node.scrollTop = index * ROW;
    else if ((index + 1) * ROW > scrollTop + clientHeight)
      this.#node.scrollTop = (index + 1) * ROW - clientHeight;
    this.draw();
  }
}

function newRow(list) {
  const parts = {
    arrow: el("span", { class: "log-arrow" }),
    time: el("time", { class: "log-time" }),
    type: el("span", { class: "log-type" }),
    summary: el("span", { class: "log-summary", dir: "auto" }),
    flag: el("span", { class: "log-flag" }),
  };
  const node = el(
    "li",
    { class: "log-row", role: "option" },
    ...Object.values(parts).flatMap((part) => [part, " "]),
  );
  list.append(node);
  return { ...parts, node, entry: null };
}

function putAway(row) {
  if (!row.entry) return;
  row.node.hidden = true;
  row.summary.textContent = ""; // what was cleared must not linger in the document
  row.node.removeAttribute("id");
  row.node.removeAttribute("aria-selected");
  row.entry = row.node.entry = null;
}

function fill(row, entry, lines) {
  const { direction, message, flag, kind } = entry;
  row.entry = row.node.entry = entry;
  row.node.id = `log-${entry.number}`;
  Object.assign(row.node.dataset, { direction, kind, flag, type: message?.type ?? "" });
  if (row.arrow.title !== direction) {
    row.arrow.title = direction;
    row.arrow.replaceChildren(direction === "note" ? "·" : icon(direction));
  }
  setText(row.time, clock(entry.at));
  setText(row.type, message?.type || (direction === "note" ? "note" : "text"));
  setText(row.summary, summary(entry, lines));
  setText(row.flag, flag === "gap" || flag === "duplicate" ? flag : "");
}
