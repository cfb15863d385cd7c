// Alerts as lines on the chart, each with a handle that a pointer drags and arrow keys move.

import { $, el, say, setText } from "../console/dom.js";
import { money } from "../console/format.js";
import { KINDS, stateOf } from "./alertwords.js";
import { toSteps, toText } from "./steps.js";
import { LineStyle } from "./vendor/lightweight-charts.mjs";

const FAR = 10n; // steps that Shift moves at once; Page keys ten times as many

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
      this.#lines.delete(id); // first: a node that goes loses the focus, and nothing is to be saved
      this.#view.series.removePriceLine(line);
      node.remove();
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
    const shown = {
      alert,
      line,
      node,
      draft: /** @type {bigint | null} */ (null),
      isSaving: false,
      isDue: false, // what it is moved to is to be saved, too
    };
    node.addEventListener("pointerdown", (event) => this.#drag(shown, event));
    node.addEventListener("keydown", (event) => this.#key(shown, event));
    node.addEventListener("blur", () => this.#drop(shown));
    this.#lines.set(alert.id, shown);
    this.#layer.append(node);
    return shown;
  }

  #textOf = ({ draft, alert }) =>
    draft === null ? alert.threshold : toText(draft, this.#decimals);

  #draw(shown) {
    const { alert, line, node, draft } = shown;
    const text = this.#textOf(shown);
    const price = Number(text);
    const isPaused = alert.state === "paused";
    line.applyOptions({
      price,
      color: this.#view.colour(isPaused ? "line-strong" : "accent"),
      axisLabelColor: this.#view.colour(isPaused ? "line-strong" : "accent"),
      axisLabelTextColor: this.#view.colour(isPaused ? "surface" : "accent-ink"),
      lineStyle: alert.state === "armed" ? LineStyle.Dashed : LineStyle.Dotted,
    });
    setText(node, `${alert.kind === "price_above" ? "▲" : "▼"} ${money(text)}`);
    node.classList.toggle("moved", draft !== null);
    node.dataset.state = alert.state;
    const about = {
      "aria-label": `Alert: ${KINDS[alert.kind].toLowerCase()}`,
      "aria-valuemin": toText(1n, this.#decimals),
      "aria-valuemax": String(Math.max(price * 10, 1)),
      "aria-valuenow": text,
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
      const y = this.#view.series.priceToCoordinate(Number(this.#textOf(shown)));
      const isSeen = y !== null && y >= 0 && y <= height;
      shown.node.hidden = !isSeen;
      if (isSeen) shown.node.style.transform = `translateY(${Math.round(y)}px) translateY(-50%)`;
    }
  }

  #move(shown, steps) {
    shown.draft = steps > 1n ? steps : 1n;
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
      if (price !== null)
        this.#move(shown, toSteps(Math.max(price, 0).toFixed(this.#decimals), this.#decimals));
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
    const far = event.shiftKey ? FAR : 1n;
    const steps = { ArrowUp: far, ArrowDown: -far, PageUp: FAR * 10n, PageDown: -FAR * 10n }[
      event.key
    ];
    if (steps) this.#move(shown, toSteps(this.#textOf(shown), this.#decimals) + steps);
    else if (event.key === "Enter") this.#drop(shown);
    else if (event.key === "Escape") this.#reset(shown);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async #drop(shown) {
    const { alert, draft } = shown;
    if (draft === null || !this.#lines.has(alert.id)) return;
    if (shown.isSaving) {
      shown.isDue = true;
      return;
    }
    const threshold = toText(draft, this.#decimals);
    if (threshold === alert.threshold) return this.#reset(shown);
    shown.isSaving = true;
    shown.isDue = false;
    try {
      await this.#save(alert.id, threshold);
      say(`Alert moved to ${money(threshold)}`);
    } catch {
      // The form says why; the line goes back.
    }
    shown.isSaving = false;
    if (shown.draft === draft) this.#reset(shown);
    else if (shown.isDue) this.#drop(shown); // it has been moved on meanwhile
  }

  #reset(shown) {
    shown.draft = null;
    if (!this.#lines.has(shown.alert.id)) return;
    this.#draw(shown);
    this.#place();
  }
}
