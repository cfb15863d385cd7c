// The chart of one instrument with its alerts: on the chart page, and in the console.

import { $, el, inFrame, say, setText } from "../console/dom.js";
import { Market } from "../market.js";
import { AlertPanel, wrong } from "./alertform.js";
import { AlertLines } from "./alertlines.js";
import { Alerts } from "./alerts.js";
import { INTERVALS } from "./candles.js";
import { isGrey } from "./feed.js";
import { History } from "./history.js";
import { drawTable, lineOf } from "./table.js";
import { ChartView } from "./view.js";

const KEPT = "hoardrun.chart.interval";

/** The elements of `realtime/chart_panel.html`, of which a page has one. */
export class ChartPanel {
  #view = new ChartView($("chart"));
  #form = new AlertPanel();
  #lines = new AlertLines(this.#view, (id, threshold) => this.#moveAlert(id, threshold));
  /** @type {Market} */
  #market;
  /** @type {import("../client.js").Client} */
  #client = null;
  #symbol = "";
  /** @type {History} */
  #shown = null; // the candles of the interval that is chosen
  /** @type {Alerts} */
  #alerts = null;
  #pointed = null; // the time of the candle that is pointed at
  #isTable = false;
  #ends = [];

  /** @param {import("../market.js").Asks} session */
  constructor(session) {
    this.#market = new Market(session);
    this.#view.addEventListener("older", () => this.#shown?.older());
    this.#view.addEventListener("pointed", (/** @type {any} */ { detail }) => {
      this.#pointed = detail;
      this.#drawLegend();
    });
    this.#showIntervals();
    this.#showKeys();
    $("as-table").addEventListener("click", () => {
      this.#isTable = !this.#isTable;
      $("as-table").setAttribute("aria-pressed", String(this.#isTable));
      $("drawn").hidden = this.#isTable;
      $("table").hidden = !this.#isTable;
      this.#draw("all");
    });
  }

  /** Show an instrument: its candles, and the alerts of the client's user on it. */
  begin(client, { symbol, decimals }) {
    this.end();
    this.#client = client;
    this.#symbol = symbol;
    this.#view.setDecimals(decimals);
    this.#lines.setDecimals(decimals);
    const alerts = new Alerts(this.#market.alerts, symbol);
    this.#alerts = alerts;
    this.#form.begin(alerts);
    alerts.addEventListener(
      "change",
      () => this.#alerts === alerts && this.#lines.show(alerts.lines),
    );
    this.#ends = [
      client.on("message", ({ type, room, data }) => {
        if (type === "candle_update" && room === this.#shown?.room) this.#shown.tell(data);
        else if (type === "price_alert_changed") alerts.tell(data);
      }),
      // After an absence: what has changed meanwhile.
      client.on("connection_established", () => {
        this.#shown.load();
        this.#loadAlerts(alerts);
      }),
    ];
    this.#loadAlerts(alerts);
    this.choose(localStorage.getItem(KEPT));
  }

  /** Show nothing, and hear nothing more. */
  end() {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#leave();
    this.#shown = this.#alerts = this.#client = null;
    this.#lines.show([]);
    this.#form.end();
    for (const id of ["legend", "problem", "chart-none"]) setText($(id), "");
  }

  /** Take a quote of the instrument. */
  quote(quote) {
    if (quote.symbol !== this.#symbol) return;
    this.#view.setGrey(isGrey(quote));
    if (quote.price) this.#form.propose(quote.price);
  }

  /** Show another interval. */
  choose(wanted) {
    if (!this.#client) return;
    const interval = INTERVALS.includes(wanted) ? wanted : "1m";
    localStorage.setItem(KEPT, interval);
    for (const button of $("intervals").children)
      button.setAttribute("aria-pressed", String(button.textContent === interval));
    this.#leave();
    const mine = new History(this.#market, this.#symbol, interval);
    this.#shown = mine;
    this.#pointed = null;
    mine.addEventListener("change", (/** @type {any} */ { detail }) => {
      if (mine === this.#shown) this.#draw(detail);
    });
    mine.addEventListener("state", () => this.#drawLegend());
    this.#draw("all");
    mine.load();
    this.#client.join(mine.room).catch((error) => {
      if (!error.code) return; // the connection ended
      mine.problem = error.message;
      this.#drawLegend();
    });
  }

  #leave() {
    if (!this.#shown) return;
    this.#shown.end();
    this.#client.leave(this.#shown.room).catch(() => {}); // was it ever joined?
  }

  #loadAlerts(alerts) {
    alerts.load().catch((error) => alerts === this.#alerts && this.#form.says(error.message));
  }

  /** Save an alert that was moved on the chart; beside the form stands why it was not. */
  async #moveAlert(id, threshold) {
    this.#form.says("");
    try {
      await this.#alerts.update(id, { threshold });
    } catch (error) {
      this.#form.says(wrong(error));
      throw error;
    }
  }

  #draw(drawn) {
    if (!this.#shown) return;
    const { candles, interval } = this.#shown;
    this.#view.draw(candles, drawn, interval);
    if (this.#isTable) inFrame("table", () => drawTable(candles, interval));
    this.#drawLegend();
  }

  /** Write the candle that is pointed at, else the newest; or why there is none. */
  #drawLegend() {
    inFrame("legend", () => {
      if (!this.#shown) return;
      const { candles, interval, isLoading, problem } = this.#shown;
      const index = this.#pointed === null ? -1 : candles.indexOf(this.#pointed);
      const candle = candles.at(index);
      const none = problem ? "" : isLoading ? "Loading…" : "No candles yet.";
      setText($("legend"), candle ? lineOf(candle, interval) : "");
      setText($("chart-none"), candle ? "" : none);
      setText($("problem"), problem);
    });
  }

  #showIntervals() {
    const button = (interval) =>
      el("button", {
        type: "button",
        text: interval,
        "aria-pressed": "false",
        on: { click: () => this.choose(interval) },
      });
    $("intervals").replaceChildren(...INTERVALS.map(button));
  }

  /** Arrow keys go from candle to candle, plus and minus zoom, End goes to the newest. */
  #showKeys() {
    const acts = {
      ArrowLeft: () => this.#step(-1),
      ArrowRight: () => this.#step(1),
      PageUp: () => this.#step(-20),
      PageDown: () => this.#step(20),
      End: () => {
        this.#pointed = null;
        this.#view.point(null);
        this.#view.toNewest();
      },
      "+": () => this.#view.zoom(0.7),
      "-": () => this.#view.zoom(1.4),
    };
    $("chart").addEventListener("keydown", (event) => {
      const act = acts[event.key];
      if (!act || !this.#shown || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
  }

  #step(by) {
    const { candles, interval } = this.#shown;
    const known = this.#pointed === null ? -1 : candles.indexOf(this.#pointed);
    const index = known < 0 ? candles.size - 1 : known + by;
    const candle = candles.at(Math.min(Math.max(index, 0), candles.size - 1));
    if (!candle) return;
    this.#view.point(candle);
    say(lineOf(candle, interval));
  }
}
