// The page of charts in the admin: all show the same moment, which a pointer or the slider chooses.

import { LineChart, momentOf } from "./linechart.js";

const EVERY_MS = 60_000; // as often as the nodes write
const DATA = "series-data";

/** @returns {import("./linechart.js").Data} */
const dataOf = (page) => JSON.parse(page.getElementById(DATA).textContent);

class Charts {
  #data = dataOf(document);
  #slider = /** @type {HTMLInputElement} */ (document.getElementById("series-at"));
  #said = document.querySelector(".series-moment output");
  #charts = [...document.querySelectorAll(".series-chart")].map(
    (node) => new LineChart(/** @type {HTMLElement} */ (node)),
  );

  constructor() {
    this.#slider.closest("p").hidden = false;
    this.#slider.addEventListener("input", () => this.#show(this.#slider.valueAsNumber, true));
    for (const chart of this.#charts)
      chart.addEventListener("pointed", (event) => {
        const { detail } = /** @type {CustomEvent} */ (event);
        if (detail === null) this.#show(this.#last(), false);
        else this.#show(this.#data.times.indexOf(detail), true);
      });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#colour());
    new MutationObserver(() => this.#colour()).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
    this.#colour();
    this.#draw();
    setInterval(() => this.#renew(), EVERY_MS);
  }

  #colour() {
    for (const chart of this.#charts) chart.colour();
  }

  #draw() {
    for (const chart of this.#charts) chart.draw(this.#data);
    this.#slider.max = String(this.#data.times.length - 1);
    this.#show(this.#last(), false);
  }

  /** Find the last step in which something reported. */
  #last() {
    return Math.max(
      this.#data.lines.connections.findLastIndex((value) => value !== null),
      0,
    );
  }

  #show(index, isChosen) {
    const name = `${momentOf(this.#data.times[index])} UTC`;
    this.#slider.value = String(index);
    this.#slider.setAttribute("aria-valuetext", name);
    this.#said.textContent = name;
    for (const chart of this.#charts) chart.show(index, isChosen);
  }

  /** Take the numbers and the table of the same page as it is now. */
  async #renew() {
    if (document.hidden) return;
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const table = page.getElementById("series-table");
    if (!table) return;
    this.#data = dataOf(page);
    document.getElementById("series-table").replaceWith(table);
    this.#draw();
  }
}

if (document.querySelector(".series-chart")) new Charts();
