// The chart and the alerts of one instrument, below the market board. Loaded when first opened.

import { PREFIX } from "./api.js";
import { $, setText } from "./dom.js";

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

  function tell() {
    const quote = store.quotes.get(symbol);
    if (quote && panel) panel.quote(quote);
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
