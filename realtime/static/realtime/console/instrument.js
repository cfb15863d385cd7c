// The chart and the alerts of one instrument, below the market board. Loaded when first opened.

import { feedOf, isGrey, lost, wordOf } from "../chart/feed.js";
import { PREFIX } from "./api.js";
import { $, inFrame, setText } from "./dom.js";
import { money } from "./format.js";

/**
 * @param {import("./session.js").Session} session
 * @param {import("./link.js").Link} link
 * @param {import("./store.js").Store} store
 */
export function showInstrument(session, link, store) {
  /** @type {import("../chart/panel.js").ChartPanel} */
  let panel = null;
  let symbol = ""; // the one that is open
  let opener = null; // what has the focus afterwards
  let decimals = null; // of each instrument, by symbol

  async function begin() {
    const wanted = symbol;
    try {
      const { ChartPanel } = await import("../chart/panel.js");
      decimals ??= new Map(
        (await session.api("GET", "/api/v1/instruments")).map((each) => [
          each.symbol,
          each.decimals,
        ]),
      );
      if (symbol !== wanted) return;
      panel ??= new ChartPanel(session);
      panel.begin(link.client, { symbol, decimals: decimals.get(symbol) ?? 2 });
      tell();
    } catch (error) {
      setText($("problem"), error.message);
    }
  }

  /** Show the newest quote; it is lost once there is no connection, or no room that brings it. */
  function tell() {
    const known = store.quotes.get(symbol);
    const quote = known && link.state === "online" ? known : lost({ ...known, symbol });
    panel?.quote(quote);
    inFrame("instrument", () => {
      setText($("instrument-price"), quote.price ? money(quote.price) : "");
      $("instrument-price").classList.toggle("muted", isGrey(quote));
      setText($("instrument-feed"), wordOf(quote));
      $("instrument-feed").dataset.feed = feedOf(quote);
    });
  }

  function close() {
    if (!symbol) return;
    symbol = "";
    panel?.end();
    $("instrument").hidden = true;
    opener?.setAttribute("aria-expanded", "false");
  }

  $("instrument-close").addEventListener("click", () => {
    close();
    opener?.focus();
  });
  store.addEventListener(
    "change",
    (/** @type {any} */ { detail }) => detail === "quotes" && symbol && tell(),
  );
  session.addEventListener("change", () => {
    close();
    decimals = null;
  });
  link.addEventListener("client", () => symbol && begin());
  link.addEventListener("rooms", () => symbol && tell());

  return {
    close,
    /** Show an instrument; `button` is what opened it, and has the focus afterwards. */
    open(wanted, button) {
      close();
      symbol = wanted;
      opener = button;
      opener?.setAttribute("aria-expanded", "true");
      setText($("instrument-title"), wanted);
      $("instrument-page").href = `${PREFIX}/market/${encodeURIComponent(wanted)}`;
      $("instrument").hidden = false;
      $("instrument").scrollIntoView({ block: "nearest" });
      begin();
    },
    isOpen: (wanted) => symbol === wanted,
  };
}
