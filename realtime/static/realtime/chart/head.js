// What stands above the chart: the instrument, its price, and how far the price can be trusted.

import { $, flash, say, setText } from "../console/dom.js";
import { compare, money, words } from "../console/format.js";
import { explained, feedOf, isGrey, sourceOf, windowOf, wordOf } from "./feed.js";
import { timeOf } from "./times.js";

let before = null; // the quote that is shown

export function clearHead() {
  before = null;
  setText($("price"), "–");
  for (const id of ["change", "feed", "feed-about", "feed-why", "currency"]) setText($(id), "");
  delete $("feed").dataset.feed;
  $("head").classList.remove("grey");
}

export function drawInstrument(instrument) {
  setText($("symbol"), instrument.symbol);
  setText($("name"), instrument.name);
  setText($("currency"), instrument.currency);
  document.title = `${instrument.symbol} · hoardrun`;
}

/** Show a quote as it came; it turns grey when a message says so, never by a clock of ours. */
export function drawQuote(quote) {
  const price = $("price");
  setText(price, money(quote.price));
  setText($("currency"), quote.currency || "");
  const change = quote.change_percent ?? null;
  const direction = compare(change ?? "0", "0");
  setText(
    $("change"),
    change === null ? "" : `${direction > 0 ? "+" : ""}${money(change)}% ${windowOf(quote)}`,
  );
  $("change").dataset.direction = direction > 0 ? "up" : direction < 0 ? "down" : "flat";
  if (before && compare(quote.price, before.price) && !isGrey(quote))
    flash(price, compare(quote.price, before.price) > 0 ? "flash-up" : "flash-down");
  drawFeed(quote);
  before = quote;
}

function drawFeed(quote) {
  const feed = feedOf(quote);
  const pill = $("feed");
  setText(pill, wordOf(quote));
  pill.dataset.feed = feed;
  const status = quote.status && quote.status !== "open" ? `market ${words(quote.status)}` : "";
  const at = timeOf(quote.as_of ?? quote.timestamp);
  setText(
    $("feed-about"),
    [sourceOf(quote), status.toLowerCase(), at && `as of ${at}`].filter(Boolean).join(" · "),
  );
  setText($("feed-why"), isGrey(quote) ? explained(quote) : "");
  pill.title = explained(quote);
  $("head").classList.toggle("grey", isGrey(quote));
  if (before && feedOf(before) !== feed && feed)
    say(`${quote.symbol}: ${wordOf(quote)}. ${explained(quote)}`);
}
