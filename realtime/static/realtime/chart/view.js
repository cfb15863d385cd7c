// The drawn chart: candles and volume by lightweight-charts, in the colours of the page.

import { money } from "../console/format.js";
import { pointOf } from "./candles.js";
import { nameOf, tickOf } from "./times.js";
import {
  CandlestickSeries,
  createChart,
  HistogramSeries,
  LineStyle,
} from "./vendor/lightweight-charts.mjs";

const FEW_BARS_LEFT = 40; // before the first candle: time to read older ones

/** Emits `older` when the first candles come into view, `pointed` (detail: the time or null). */
export class ChartView extends EventTarget {
  #node;
  #chart;
  #interval = "1m";
  #decimals = 2;
  #shown = null; // the store that is drawn
  #still = matchMedia("(prefers-reduced-motion: reduce)");
  #probe = document.createElement("span");

  /** @param {HTMLElement} node */
  constructor(node) {
    super();
    this.#node = node;
    this.#probe.hidden = true;
    node.append(this.#probe);
    this.#chart = createChart(node, {
      autoSize: true,
      layout: { attributionLogo: false, fontFamily: getComputedStyle(node).fontFamily },
      crosshair: { mode: 0 },
      handleScroll: { vertTouchDrag: false }, // a finger that goes up and down scrolls the page
      kineticScroll: { touch: !this.#still.matches, mouse: false },
      timeScale: {
        timeVisible: true,
        rightOffset: 6,
        tickMarkFormatter: (time, kind) => tickOf(time, kind, this.#interval),
      },
      localization: {
        timeFormatter: (time) => nameOf(time, this.#interval),
        priceFormatter: (price) => money(price.toFixed(this.#decimals)),
      },
    });
    this.series = this.#chart.addSeries(CandlestickSeries, { borderVisible: true });
    this.volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: "",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.series.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.2 } });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.85, bottom: 0 } });
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from < FEW_BARS_LEFT && this.#shown?.size)
        this.dispatchEvent(new Event("older"));
    });
    this.#chart.subscribeCrosshairMove(({ time, sourceEvent }) => {
      if (time !== undefined && !sourceEvent) return; // nobody has moved it: the candles have
      this.dispatchEvent(new CustomEvent("pointed", { detail: time ?? null }));
    });
    this.#colour();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#colour());
    new MutationObserver(() => this.#colour()).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
  }

  /** Show prices with the instrument's decimals, not with two. */
  setDecimals(decimals) {
    this.#decimals = decimals;
    const format = { type: "price", precision: decimals, minMove: 1 / 10 ** decimals };
    this.series.applyOptions({ priceFormat: format });
  }

  /**
   * Draw what a merge has changed.
   * @param {import("./candles.js").Candles} store
   * @param {"none" | "last" | "all"} drawn
   */
  draw(store, drawn, interval) {
    this.#node.classList.toggle("blank", !store.size);
    const isNew = this.#shown !== store || this.#interval !== interval;
    this.#shown = store;
    this.#interval = interval;
    if (isNew || (drawn === "last" && !store.followsOn(interval))) drawn = "all";
    if (drawn === "none") return;
    if (drawn === "last") {
      this.series.update(pointOf(store.last));
      this.volume.update(this.#volumeOf(store.last));
      return;
    }
    this.series.setData(store.points(interval));
    this.volume.setData([...store].map((candle) => this.#volumeOf(candle)));
    if (isNew) this.#chart.timeScale().resetTimeScale();
  }

  /** Make the drawing look like one of a price that is not live. */
  setGrey(isGrey) {
    this.#node.classList.toggle("grey", isGrey);
  }

  /** Put the crosshair on a candle, and the candle into view; null takes it off. */
  point(candle) {
    if (!candle) return this.#chart.clearCrosshairPosition();
    const index = this.#shown.points(this.#interval).findIndex(({ time }) => time === candle.at);
    const scale = this.#chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    const moved = range && Math.min(index - range.from - 2, 0) + Math.max(index + 2 - range.to, 0);
    if (moved) scale.setVisibleLogicalRange({ from: range.from + moved, to: range.to + moved });
    this.#chart.setCrosshairPosition(Number(candle.close), candle.at, this.series);
    this.dispatchEvent(new CustomEvent("pointed", { detail: candle.at }));
  }

  /** Show more candles, or fewer: by a factor above or below one. */
  zoom(factor) {
    const scale = this.#chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (!range) return;
    const width = Math.min(Math.max((range.to - range.from) * factor, 10), 2000);
    scale.setVisibleLogicalRange({ from: range.to - width, to: range.to });
  }

  toNewest() {
    this.#chart.timeScale().scrollToRealTime();
  }

  #volumeOf({ at, volume }) {
    return volume === null || volume === undefined
      ? { time: at }
      : { time: at, value: Number(volume) };
  }

  /** Resolve a token of the page to a colour, as CSS alone can. */
  colour(name) {
    this.#probe.style.color = `var(--${name})`;
    return getComputedStyle(this.#probe).color;
  }

  #colour() {
    const [good, bad, surface, line, ink, accent, strong] = [
      ...["good", "bad", "surface", "line", "ink-2", "accent", "line-strong"],
    ].map((name) => this.colour(name));
    this.#chart.applyOptions({
      layout: { background: { type: "solid", color: surface }, textColor: ink },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
      crosshair: {
        vertLine: { color: strong, labelBackgroundColor: accent },
        horzLine: { color: strong, labelBackgroundColor: accent },
      },
    });
    // Rising ones are hollow: the colour is not all that tells them apart.
    this.series.applyOptions({
      upColor: surface,
      borderUpColor: good,
      wickUpColor: good,
      downColor: bad,
      borderDownColor: bad,
      wickDownColor: bad,
      priceLineColor: ink,
      priceLineStyle: LineStyle.Dotted,
    });
    this.volume.applyOptions({ color: line });
    this.dispatchEvent(new Event("coloured"));
  }
}
