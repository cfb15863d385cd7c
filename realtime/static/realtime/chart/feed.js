// What a price says about itself, in words. Pure: the page changes when a message comes.

const WORDS = {
  live: "Live",
  delayed: "Delayed",
  stale: "Stale",
  closed: "Closed",
  halted: "Halted",
};
const EXPLAINED = {
  live: "The source is heard, and this is its newest price.",
  delayed: "The source sends its prices late.",
  stale: "Nothing newer has come although the market is open: do not rely on it.",
  closed: "The market is closed: this is its last price.",
  halted: "Trading is halted: this is the last price before.",
};
const SOURCES = {
  simulator: "simulated",
  kraken: "Kraken",
  coinbase: "Coinbase",
  alpaca: "Alpaca",
  replay: "replayed",
  ecb: "ECB",
};

/** Return the feed of a quote: one of the five words, "" where the server does not say. */
export const feedOf = (quote) => (Object.hasOwn(WORDS, quote?.feed ?? "") ? quote.feed : "");

/** Only a live price, or one that is late by its nature, may look like one. */
export const isGrey = (quote) => ["stale", "closed", "halted"].includes(feedOf(quote));

/** Name a source as people know it. */
export const sourceOf = (quote) => SOURCES[quote?.source] ?? quote?.source ?? "";

/** "Live", "Stale", …; and what it means. */
export const wordOf = (quote) => WORDS[feedOf(quote)] ?? "";
export const explained = (quote) => EXPLAINED[feedOf(quote)] ?? "";
