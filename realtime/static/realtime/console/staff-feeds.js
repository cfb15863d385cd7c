// The sources of prices, for staff: their states and leaders, as the room tells them.

import { timeOf } from "../chart/times.js";
import { $, arrange, el, inFrame, setText } from "./dom.js";
import { words } from "./format.js";
import { refusal } from "./staff-watched.js";

const ROOM = "market_feeds";
const RIGHT = "market.view_source";

/** @param {import("./link.js").Link} link */
export function showFeeds(link) {
  const feeds = new Map();
  let isWatched = false;
  let isAsked = false; // the room; what has joined it once comes back by itself
  const draw = () =>
    inFrame("feeds", () => {
      const sorted = [...feeds.values()].sort((a, b) => a.name.localeCompare(b.name));
      const isHeard = link.state === "online";
      arrange(
        $("staff-feeds"),
        sorted.map((feed) => item(feed, isHeard)),
      );
      $("staff-feeds-none").hidden = sorted.length > 0;
    });
  const join = () => {
    if (!isWatched || isAsked || link.state !== "online") return;
    isAsked = true;
    link.client.join(ROOM).then(
      () => setText($("staff-feeds-says"), ""),
      (error) => {
        if (error.code) setText($("staff-feeds-says"), refusal(error, RIGHT));
        else isAsked = false; // the connection has ended
      },
    );
  };
  link.addEventListener("client", () => {
    isAsked = false;
  });
  link.addEventListener("state", () => feeds.size && draw());
  link.addEventListener("message", (/** @type {any} */ { detail: { type, data } }) => {
    if (type !== "market_feed") return;
    feeds.set(data.name, data);
    draw();
  });
  return {
    /** Be told, or no more. */
    watch(isOn) {
      const wasWatched = isWatched;
      isWatched = isOn;
      if (isOn) return join();
      isAsked = false;
      if (wasWatched) link.client?.leave(ROOM).catch(() => {}); // refused before, or no connection
    },
    clear() {
      isWatched = isAsked = false;
      feeds.clear();
      setText($("staff-feeds-says"), "");
      draw();
    },
  };
}

const TONES = { live: "live", delayed: "delayed", closed: "closed", connecting: "delayed" };

function item(feed, isHeard) {
  const counts = ["quarantined", "odd", "reconnects", "refused"]
    .filter((name) => feed[name])
    .map((name) => `${feed[name]} ${name}`);
  const facts = [
    feed.reason,
    feed.since && `since ${timeOf(feed.since)}`,
    feed.last_price_at && `last price ${timeOf(feed.last_price_at)}`,
    feed.lag_ms === null || feed.lag_ms === undefined ? "" : `${feed.lag_ms} ms late`,
    feed.leader ? `led by ${feed.leader}, epoch ${feed.epoch}` : "",
    ...counts,
  ];
  return el(
    "li",
    { class: "staff-item", data: { feed: feed.name } },
    el(
      "div",
      { class: "row" },
      el("strong", { text: feed.name }),
      el("span", {
        class: "feed",
        data: { feed: isHeard ? (TONES[feed.state] ?? "stale") : "lost" },
        text: isHeard ? words(feed.state) : "Not connected",
      }),
    ),
    el("span", { class: "muted", text: facts.filter(Boolean).join(" · ") }),
  );
}
