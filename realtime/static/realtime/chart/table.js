// The candles as a table, for those who read rather than look.

import { $, arrange, el, setText } from "../console/dom.js";
import { money } from "../console/format.js";
import { nameOf } from "./times.js";

const ROWS = 100;
const COLUMNS = ["open", "high", "low", "close", "volume"];

/**
 * Draw the newest candles. A row stays the same element while its candle changes, so that a screen
 * reader keeps its place.
 * @param {import("./candles.js").Candles} candles
 */
export function drawTable(candles, interval) {
  const known = new Map([...$("rows").children].map((node) => [node.dataset.of, node]));
  const drawn = [...candles].slice(-ROWS).reverse();
  arrange(
    $("rows"),
    drawn.map((candle) => row(candle, interval, known)),
  );
  $("rows-none").hidden = drawn.length > 0;
}

function row(candle, interval, known) {
  const of = `${interval} ${candle.at}`;
  const node = known.get(of) ?? newRow(of, nameOf(candle.at, interval));
  const [, ...cells] = node.children;
  const state = candle.closed ? (candle.revision > 0 ? "amended" : "") : "running";
  const texts = [
    ...COLUMNS.map((name) => (candle[name] === null ? "–" : money(candle[name]))),
    candle.indicative ? `${state} indicative`.trim() : state,
  ];
  for (const [index, text] of texts.entries()) setText(cells[index], text);
  return node;
}

const newRow = (of, name) =>
  el(
    "tr",
    { data: { of } },
    el("th", { scope: "row", text: name }),
    ...COLUMNS.map(() => el("td", { class: "num" })),
    el("td", { class: "muted" }),
  );

/** Write a candle in a line, as the legend shows it and a screen reader speaks it. */
export function lineOf(candle, interval) {
  const numbers = COLUMNS.filter((name) => candle[name] !== null).map(
    (name) => `${name} ${money(candle[name])}`,
  );
  return `${nameOf(candle.at, interval)}: ${numbers.join(", ")}${candle.closed ? "" : ", running"}`;
}
