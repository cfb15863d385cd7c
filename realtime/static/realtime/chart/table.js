// The candles as a table, for those who read rather than look.

import { $, el } from "../console/dom.js";
import { money } from "../console/format.js";
import { nameOf } from "./times.js";

const ROWS = 100;
const COLUMNS = ["open", "high", "low", "close", "volume"];

/** @param {import("./candles.js").Candles} candles */
export function drawTable(candles, interval) {
  const rows = [...candles].slice(-ROWS).reverse();
  $("rows").replaceChildren(...rows.map((candle) => row(candle, interval)));
  $("rows-none").hidden = rows.length > 0;
}

function row(candle, interval) {
  const state = candle.closed ? (candle.revision > 0 ? "amended" : "") : "running";
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, nameOf(candle.at, interval)),
    ...COLUMNS.map((name) =>
      el("td", { class: "num", text: candle[name] === null ? "–" : money(candle[name]) }),
    ),
    el("td", { class: "muted", text: candle.indicative ? `${state} indicative`.trim() : state }),
  );
}

/** Write a candle in a line, as the legend shows it and a screen reader speaks it. */
export function lineOf(candle, interval) {
  const numbers = COLUMNS.filter((name) => candle[name] !== null).map(
    (name) => `${name} ${money(candle[name])}`,
  );
  return `${nameOf(candle.at, interval)}: ${numbers.join(", ")}${candle.closed ? "" : ", running"}`;
}
