// The market board: a row per instrument, patched in place, at most once a frame.

import { $, el, flash, inFrame, setText, svg } from "./dom.js";
import { compare, money } from "./format.js";

const WIDTH = 68;
const HEIGHT = 26;
const TYPES = ["crypto", "forex", "stock", "index", "commodity"];
const rows = new Map();

export function showMarket(store, link) {
  store.addEventListener(
    "change",
    ({ detail }) => detail === "quotes" && inFrame("market", () => drawMarket(store, link)),
  );
  link.addEventListener("rooms", () => inFrame("market", () => drawMarket(store, link)));
}

function drawMarket(store, link) {
  const body = $("market");
  for (const [symbol, row] of rows) {
    if (store.quotes.has(symbol)) continue;
    row.node.remove();
    rows.delete(symbol);
  }
  let added = false;
  for (const quote of store.quotes.values()) {
    const known = rows.has(quote.symbol);
    drawRow(quote);
    added ||= !known;
  }
  if (added) {
    const order = [...store.quotes.values()].sort((a, b) => rank(a).localeCompare(rank(b)));
    body.replaceChildren(...order.map((quote) => rows.get(quote.symbol).node));
  }
  const rooms = [...link.rooms.keys()].filter((room) => room.startsWith("market"));
  $("market-empty").hidden = store.quotes.size > 0;
  $("market-about").hidden = store.quotes.size === 0;
  body.closest("table").hidden = store.quotes.size === 0;
  setText(
    $("market-note"),
    store.quotes.size
      ? rooms.length
        ? rooms.join(", ")
        : "no room joined: prices stand still"
      : "",
  );
  body.closest(".card").classList.toggle("stale", rooms.length === 0);
}

const rank = ({ type, symbol }) => `${TYPES.indexOf(type) + 1 || 9} ${symbol}`;

function drawRow(quote) {
  const row = rows.get(quote.symbol) || newRow(quote);
  setText(row.name, quote.name || quote.type);
  row.name.title = row.name.textContent; // where it is too long for its column
  setText(row.currency, quote.currency || "");
  setText(row.price, money(quote.price));
  const change = quote.change_percent ?? quote.change; // staff may send a price without either
  const direction = compare(change ?? "0", "0");
  const text =
    change == null
      ? ""
      : `${direction > 0 ? "+" : ""}${money(change)}${quote.change_percent == null ? "" : "%"}`;
  setText(row.change, text);
  row.change.dataset.direction = direction > 0 ? "up" : direction < 0 ? "down" : "flat";
  if (quote.moved && quote.before !== undefined && quote.price !== row.shown) {
    flash(
      row.price,
      compare(quote.price, row.shown ?? quote.before) >= 0 ? "flash-up" : "flash-down",
    );
  }
  row.shown = quote.price;
  drawSpark(row, quote.history);
}

function newRow(quote) {
  const line = svg("polyline", { class: "spark-line", fill: "none" });
  const area = svg("polygon", { class: "spark-area" });
  const parts = {
    name: el("span", { class: "muted clip", dir: "auto" }),
    price: el("span", { class: "price" }),
    currency: el("span", { class: "muted" }),
    change: el("span", { class: "change" }),
    line,
    area,
  };
  const spark = svg(
    "svg",
    {
      class: "spark",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    area,
    line,
  );
  parts.node = el(
    "tr",
    { data: { symbol: quote.symbol } },
    el("th", { scope: "row" }, el("strong", { text: quote.symbol }), " ", parts.name),
    el("td", { class: "spark-col" }, spark),
    el(
      "td",
      { class: "num" },
      parts.price,
      " ",
      el("span", { class: "under" }, parts.currency, " ", parts.change),
    ),
  );
  rows.set(quote.symbol, parts);
  return parts;
}

function drawSpark(row, history) {
  if (history.length < 2) return;
  const low = Math.min(...history);
  const spread = Math.max(...history) - low || 1;
  const points = history
    .map(
      (value, index) =>
        `${((index / (history.length - 1)) * WIDTH).toFixed(1)},${(HEIGHT - 3 - ((value - low) / spread) * (HEIGHT - 6)).toFixed(1)}`,
    )
    .join(" ");
  row.line.setAttribute("points", points);
  row.area.setAttribute("points", `0,${HEIGHT} ${points} ${WIDTH},${HEIGHT}`);
}
