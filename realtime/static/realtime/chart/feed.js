// What a price says about itself, in words. Pure: the page changes when a message comes.

const WORDS = {
  live: "Live",
  delayed: "Delayed",
  stale: "Stale",
  closed: "Closed",
  halted: "Halted",
  lost: "Not connected",
};
const EXPLAINED = {
  live: "The source is heard, and this is its newest price.",
  delayed: "The source sends its prices late.",
  stale: "Nothing newer has come although the market is open: do not rely on it.",
  closed: "The market is closed: this is its last price.",
  halted: "Trading is halted: this is the last price before.",
  lost: "This page hears nothing: there may be newer prices.",
};
const SOURCES = {
  simulator: "simulated",
  kraken: "Kraken",
  coinbase: "Coinbase",
  alpaca: "Alpaca",
  replay: "replayed",
  ecb: "ECB",
  cbk: "Central Bank of Kenya",
  bou: "Bank of Uganda",
  bot: "Bank of Tanzania",
  nse: "NSE",
  use: "USE",
};

/** Return a quote as it is to be shown once no message can say that it has changed. */
export const lost = (quote) => ({ ...quote, feed: "lost" });

/** Return the feed of a quote: a word that is known, "" where the server does not say. */
export const feedOf = (quote) => (Object.hasOwn(WORDS, quote?.feed ?? "") ? quote.feed : "");

/** Only a live price, or one that is late by its nature, may look like one. */
export const isGrey = (quote) => ["stale", "closed", "halted", "lost"].includes(feedOf(quote));

/** Name a source as people know it. */
export const sourceOf = (quote) => SOURCES[quote?.source] ?? quote?.source ?? "";

/** What the change is counted over: "in 24 h", or "since the close". */
export const windowOf = ({ window }) =>
  window === "rolling_24h" ? "in 24 h" : window === "session" ? "since the close" : "";

/** "Live", "Stale", …; and what it means. */
export const wordOf = (quote) => WORDS[feedOf(quote)] ?? "";
export const explained = (quote) => EXPLAINED[feedOf(quote)] ?? "";
