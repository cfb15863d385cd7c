// The market board: a row per instrument, patched in place, at most once a frame.

import { explained, feedOf, isGrey, sourceOf, windowOf, wordOf } from "../chart/feed.js";
import { $, arrange, el, flash, inFrame, setText, svg } from "./dom.js";
import { compare, money } from "./format.js";
import { showInstrument } from "./instrument.js";
import { showWatchlists } from "./watchlists.js";

const WIDTH = 68;
const HEIGHT = 26;
const TYPES = ["crypto", "forex", "stock", "index", "commodity"];
const rows = new Map();

/** Rooms that bring quotes. */
export const isOfQuotes = (room) => /^(?:market(?:_data|:)|watchlist:)/.test(room);

/**
 * @param {import("./session.js").Session} session
 * @param {import("./store.js").Store} store
 * @param {import("./link.js").Link} link
 * @param {string} path of watchlists; none: there are none
 */
export function showMarket(session, store, link, path) {
  const draw = () => inFrame("market", () => drawMarket(store, link, lists.symbols(), instrument));
  const lists = path ? showWatchlists(session, link, draw) : { symbols: () => null };
  const instrument = showInstrument(session, link, store);
  store.addEventListener(
    "change",
    (/** @type {any} */ { detail }) => detail === "quotes" && draw(),
  );
  link.addEventListener("rooms", draw);
  // A notification of an alert leads to the chart of its instrument.
  $("bell").addEventListener("hoardrun-open", ({ detail: { kind, metadata } }) => {
    if (!kind?.startsWith("market.") || !metadata?.symbol) return;
    $("bell").close();
    instrument.open(metadata.symbol, document.querySelector(rowOf(metadata.symbol)));
  });
}

const rowOf = (symbol) => `#market [data-symbol="${CSS.escape(symbol)}"] .market-open`;

function drawMarket(store, link, symbols, instrument) {
  const body = $("market");
  const shown = symbols
    ? symbols.map((symbol) => store.quotes.get(symbol) ?? unquoted(symbol))
    : [...store.quotes.values()].sort((a, b) => rank(a).localeCompare(rank(b)));
  const kept = new Set([...store.quotes.keys(), ...shown.map(({ symbol }) => symbol)]);
  for (const symbol of rows.keys()) if (!kept.has(symbol)) rows.delete(symbol);
  for (const quote of shown) drawRow(quote, instrument);
  arrange(
    body,
    shown.map((quote) => rows.get(quote.symbol).node),
  );
  const rooms = [...link.rooms.keys()].filter(isOfQuotes);
  $("market-empty").hidden = shown.length > 0;
  $("market-about").hidden = shown.length === 0;
  body.closest("table").hidden = shown.length === 0;
  setText($("market-note"), shown.length ? about(shown, rooms, link.state) : "");
  body.closest(".card").classList.toggle("stale", rooms.length === 0);
}

/** Say where the prices come from; or why they stand still. */
function about(shown, rooms, state) {
  if (state !== "online") return "not connected: prices stand still";
  if (!rooms.length) return "no room joined: prices stand still";
  return [...new Set(shown.map(sourceOf).filter(Boolean)), ...rooms].join(" · ");
}

const unquoted = (symbol) => ({ symbol, price: null, name: "no price yet", history: [] });

const rank = ({ type, symbol }) => `${TYPES.indexOf(type) + 1 || 9} ${symbol}`;

function drawRow(quote, instrument) {
  const row = rows.get(quote.symbol) || newRow(quote, instrument);
  if (row.quote === quote) return;
  row.quote = quote;
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
  row.change.title = windowOf(quote);
  row.change.dataset.direction = direction > 0 ? "up" : direction < 0 ? "down" : "flat";
  drawFeed(row, quote);
  if (quote.moved && !isGrey(quote) && quote.before !== undefined && quote.price !== row.shown) {
    flash(
      row.price,
      compare(quote.price, row.shown ?? quote.before) >= 0 ? "flash-up" : "flash-down",
    );
  }
  row.shown = quote.price;
  drawSpark(row, quote.history);
}

/** Say of a price that is not live what it is; of a live one, only the title says its source. */
function drawFeed(row, quote) {
  const feed = feedOf(quote);
  setText(row.feed, feed === "live" ? "" : wordOf(quote));
  row.feed.dataset.feed = feed;
  row.feed.title = row.price.title = [explained(quote), sourceOf(quote)]
    .filter(Boolean)
    .join(" · ");
  row.node.classList.toggle("grey", isGrey(quote));
}

function newRow(quote, instrument) {
  const line = svg("polyline", { class: "spark-line", fill: "none" });
  const area = svg("polygon", { class: "spark-area" });
  const parts = {
    name: el("span", { class: "muted clip", dir: "auto" }),
    price: el("span", { class: "price" }),
    currency: el("span", { class: "muted" }),
    change: el("span", { class: "change" }),
    feed: el("span", { class: "feed" }),
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
  const opener = el("button", {
    class: "market-open",
    type: "button",
    text: quote.symbol,
    title: "Chart and alerts",
    "aria-expanded": String(instrument.isOpen(quote.symbol)),
    "aria-controls": "instrument",
    on: {
      click: () =>
        instrument.isOpen(quote.symbol)
          ? instrument.close()
          : instrument.open(quote.symbol, opener),
    },
  });
  parts.node = el(
    "tr",
    { data: { symbol: quote.symbol } },
    el("th", { scope: "row" }, opener, " ", parts.feed, parts.name),
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
