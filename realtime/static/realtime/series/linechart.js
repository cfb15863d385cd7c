// One chart of lines with one unit, by lightweight-charts, in the colours of the admin.

import { createChart, LineSeries, LineStyle } from "../chart/vendor/lightweight-charts.mjs";

const DAY = 2; // of the library's `TickMarkType`; months and years are below

const compact = new Intl.NumberFormat("en-GB", {
  notation: "compact",
  maximumSignificantDigits: 3,
});
const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });

/** Write a value as the legend shows it: "–" where nothing reported. */
export const written = (value) => (value === null ? "–" : whole.format(value));

/** Write times in UTC as the tables and the logs do; the library divides days in UTC, too. */
const utc = (options) => {
  const format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
  return (at) => format.format(new Date(at * 1000));
};
const clock = { hour: "2-digit", minute: "2-digit" };
const day = { day: "numeric", month: "short" };
const clockOf = utc(clock);
const dayOf = utc(day);

/** "Tue 1 Dec, 14:05", in UTC. */
export const momentOf = utc({ weekday: "short", ...day, ...clock });

/** Label a mark of the scale, of which a little lies below zero. */
const mark = (value) => (value < 0 ? "" : compact.format(value));

/** @typedef {{step: number, times: number[], lines: Record<string, (number | null)[]>}} Data */

/** Emits `pointed` (detail: the time or null) for a pointer that moves over it. */
export class LineChart extends EventTarget {
  #section;
  #plot;
  #names;
  #chart;
  #lines;
  /** @type {Data | null} */
  #data = null;

  /** @param {HTMLElement} section with a legend and a place for the drawing */
  constructor(section) {
    super();
    this.#section = section;
    this.#plot = /** @type {HTMLElement} */ (section.querySelector(".series-plot"));
    this.#names = [...section.querySelectorAll("li")].map(({ dataset }) => dataset.line);
    this.#plot.setAttribute("role", "img");
    this.#chart = createChart(this.#plot, {
      autoSize: true,
      layout: { attributionLogo: false, fontFamily: getComputedStyle(section).fontFamily },
      crosshair: { mode: 0, horzLine: { visible: false, labelVisible: false } },
      handleScroll: false, // all of the time is shown, and the wheel scrolls the page
      handleScale: false,
      rightPriceScale: {
        scaleMargins: { top: 0.12, bottom: 0.06 },
        minimumWidth: 48,
        entireTextOnly: true,
      },
      timeScale: {
        timeVisible: true,
        fixLeftEdge: true,
        fixRightEdge: true,
        tickMarkFormatter: (time, kind) => (kind > DAY ? clockOf : dayOf)(time),
      },
      localization: { timeFormatter: () => "", priceFormatter: mark },
    });
    this.#lines = this.#names.map((_, index) =>
      this.#chart.addSeries(LineSeries, {
        lineWidth: 2,
        lineStyle: index ? LineStyle.Dashed : LineStyle.Solid,
        lastValueVisible: false,
        priceLineVisible: false,
        autoscaleInfoProvider: fromZero,
      }),
    );
    this.#chart.subscribeCrosshairMove(({ time, sourceEvent }) => {
      if (time !== undefined && !sourceEvent) return; // the page has moved it
      this.dispatchEvent(new CustomEvent("pointed", { detail: time ?? null }));
    });
  }

  /** @param {Data} data */
  draw(data) {
    this.#data = data;
    for (const [index, name] of this.#names.entries()) {
      const values = data.lines[name];
      const points = data.times.map((time, at) =>
        values[at] === null ? { time } : { time, value: values[at] },
      );
      this.#lines[index].setData(points);
    }
    this.#chart.timeScale().fitContent();
    const title = this.#section.querySelector("h2").textContent;
    this.#plot.setAttribute(
      "aria-label",
      `${title}. ${this.#names.map(this.#summary).join("; ")}.`,
    );
  }

  #summary = (name) => {
    const values = this.#data.lines[name].filter((value) => value !== null);
    const text = this.#legend(name).childNodes[1].textContent.trim();
    if (!values.length) return `${text}: nothing`;
    return `${text}: last ${written(values.at(-1))}, highest ${written(Math.max(...values))}`;
  };

  #legend = (name) => this.#section.querySelector(`[data-line="${name}"]`);

  /** Show the values of a step in the legend, and the crosshair there if it was chosen. */
  show(index, isChosen) {
    for (const name of this.#names)
      this.#legend(name).querySelector("strong").textContent = written(
        this.#data.lines[name][index],
      );
    const value = this.#data.lines[this.#names[0]][index];
    // Where the line breaks, there is no place on the scale to stand at.
    if (!isChosen || value === null) return this.#chart.clearCrosshairPosition();
    this.#chart.setCrosshairPosition(value, this.#data.times[index], this.#lines[0]);
  }

  /** Take the colours of the page, which CSS alone can resolve. */
  colour() {
    const probe = this.#plot.appendChild(document.createElement("span"));
    const [surface, grid, ink, ...own] = [
      ...["body-bg", "hairline-color", "body-quiet-color", "series-1", "series-2"],
    ].map((name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    });
    probe.remove();
    this.#chart.applyOptions({
      layout: { background: { type: "solid", color: surface }, textColor: ink },
      grid: { vertLines: { visible: false }, horzLines: { color: grid } },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderColor: grid },
      crosshair: { vertLine: { color: ink, labelVisible: false } },
    });
    for (const [index, line] of this.#lines.entries()) line.applyOptions({ color: own[index] });
  }
}

/** Let the scale begin at zero, and have a height where all is zero. */
function fromZero(original) {
  const found = original();
  if (found) found.priceRange = { minValue: 0, maxValue: found.priceRange.maxValue || 1 };
  return found;
}
