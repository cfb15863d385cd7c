// Alerts as lines on the chart, each with a handle that a pointer drags and arrow keys move.

import { $, el, say, setText } from "../console/dom.js";
import { money } from "../console/format.js";
import { KINDS, stateOf } from "./alertwords.js";
import { LineStyle } from "./vendor/lightweight-charts.mjs";

const FAR = 10; // steps that Shift and Page keys move at once

/**
 * A handle is moved as a draft, which dropping it, Enter or leaving it saves, and Escape takes back.
 * `save(id, threshold)` rejects with what is wrong; then the line is where it was.
 */
export class AlertLines {
  #view;
  #save;
  #layer = $("lines");
  #lines = new Map(); // by id: alert, line, node, and the draft
  #decimals = 2;

  /** @param {import("./view.js").ChartView} view */
  constructor(view, save) {
    this.#view = view;
    this.#save = save;
    view.series.attachPrimitive({ updateAllViews: () => this.#place() });
    view.addEventListener("coloured", () => this.#dress());
  }

  setDecimals(decimals) {
    this.#decimals = decimals;
  }

  /** Show these alerts, and keep what is being moved. */
  show(alerts) {
    const ids = new Set(alerts.map(({ id }) => id));
    for (const [id, { line, node }] of this.#lines) {
      if (ids.has(id)) continue;
      this.#view.series.removePriceLine(line);
      node.remove();
      this.#lines.delete(id);
    }
    for (const alert of alerts) {
      const known = this.#lines.get(alert.id) ?? this.#add(alert);
      known.alert = alert;
      this.#draw(known);
    }
    this.#place();
  }

  #add(alert) {
    const line = this.#view.series.createPriceLine({
      price: Number(alert.threshold),
      lineWidth: 1,
      axisLabelVisible: true,
    });
    const node = el("div", {
      class: "alert-handle",
      role: "slider",
      tabindex: "0",
      "aria-orientation": "vertical",
      data: { alert: alert.id },
    });
    const shown = { alert, line, node, draft: /** @type {number | null} */ (null) };
    node.addEventListener("pointerdown", (event) => this.#drag(shown, event));
    node.addEventListener("keydown", (event) => this.#key(shown, event));
    node.addEventListener("blur", () => this.#drop(shown));
    this.#lines.set(alert.id, shown);
    this.#layer.append(node);
    return shown;
  }

  #step = () => 10 ** -this.#decimals;

  #priceOf = ({ draft, alert }) => draft ?? Number(alert.threshold);

  #draw(shown) {
    const { alert, line, node, draft } = shown;
    const price = this.#priceOf(shown);
    const isPaused = alert.state === "paused";
    line.applyOptions({
      price,
      color: this.#view.colour(isPaused ? "line-strong" : "accent"),
      axisLabelColor: this.#view.colour(isPaused ? "line-strong" : "accent"),
      axisLabelTextColor: this.#view.colour(isPaused ? "surface" : "accent-ink"),
      lineStyle: alert.state === "armed" ? LineStyle.Dashed : LineStyle.Dotted,
    });
    const text = draft === null ? alert.threshold : draft.toFixed(this.#decimals);
    setText(node, `${alert.kind === "price_above" ? "▲" : "▼"} ${money(text)}`);
    node.classList.toggle("moved", draft !== null);
    node.dataset.state = alert.state;
    const step = this.#step();
    const about = {
      "aria-label": `Alert: ${KINDS[alert.kind].toLowerCase()}`,
      "aria-valuemin": String(step),
      "aria-valuemax": String(Math.max(price * 10, 1)),
      "aria-valuenow": String(price),
      "aria-valuetext": `${money(text)}, ${draft === null ? stateOf(alert) : "not saved"}`,
    };
    for (const [name, value] of Object.entries(about)) node.setAttribute(name, value);
  }

  #dress() {
    for (const shown of this.#lines.values()) this.#draw(shown);
  }

  /** Put each handle where its line is; one out of sight is hidden, and kept in the list below. */
  #place() {
    const height = this.#layer.clientHeight;
    for (const shown of this.#lines.values()) {
      const y = this.#view.series.priceToCoordinate(this.#priceOf(shown));
      const isSeen = y !== null && y >= 0 && y <= height;
      shown.node.hidden = !isSeen;
      if (isSeen) shown.node.style.transform = `translateY(${Math.round(y)}px) translateY(-50%)`;
    }
  }

  #move(shown, price) {
    const step = this.#step();
    shown.draft = Number(Math.max(price, step).toFixed(this.#decimals));
    this.#draw(shown);
    this.#place();
  }

  #drag(shown, event) {
    if (event.button > 0) return;
    event.preventDefault();
    const { node } = shown;
    node.focus();
    node.setPointerCapture(event.pointerId);
    const top = this.#layer.getBoundingClientRect().top;
    const over = new AbortController();
    const { signal } = over;
    const move = ({ clientY }) => {
      const price = this.#view.series.coordinateToPrice(clientY - top);
      if (price !== null) this.#move(shown, price);
    };
    const drop = () => {
      over.abort();
      this.#drop(shown);
    };
    node.addEventListener("pointermove", move, { signal });
    node.addEventListener("pointerup", drop, { signal });
    const cancel = () => {
      over.abort();
      this.#reset(shown);
    };
    node.addEventListener("pointercancel", cancel, { signal });
  }

  #key(shown, event) {
    const far = event.shiftKey ? FAR : 1;
    const steps = { ArrowUp: far, ArrowDown: -far, PageUp: FAR * 10, PageDown: -FAR * 10 }[
      event.key
    ];
    if (steps) this.#move(shown, this.#priceOf(shown) + steps * this.#step());
    else if (event.key === "Enter") this.#drop(shown);
    else if (event.key === "Escape") this.#reset(shown);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async #drop(shown) {
    const { alert, draft } = shown;
    if (draft === null || shown.isSaving) return;
    const threshold = draft.toFixed(this.#decimals);
    if (threshold === alert.threshold) return this.#reset(shown);
    shown.isSaving = true;
    try {
      await this.#save(alert.id, threshold);
      say(`Alert moved to ${money(threshold)}`);
    } catch {
      // The form says why; the line goes back.
    }
    shown.isSaving = false;
    this.#reset(shown);
  }

  #reset(shown) {
    shown.draft = null;
    if (!this.#lines.has(shown.alert.id)) return;
    this.#draw(shown);
    this.#place();
  }
}
