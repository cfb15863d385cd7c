// Puts the page together: who talks to whom, and nothing else.

import { showBanners } from "./banner.js";
import { complain, showBell } from "./bell.js";
import { $, setText } from "./dom.js";
import { showGate } from "./gate.js";
import { Link } from "./link.js";
import { Log } from "./log.js";
import { showMarket } from "./market.js";
import { showMoney } from "./money.js";
import { showRooms } from "./rooms.js";
import { showSender } from "./sender.js";
import { Session } from "./session.js";
import { showStaff } from "./staff.js";
import { Store } from "./store.js";
import { showLink, showTheme } from "./topbar.js";

const config = JSON.parse($("console-config").textContent);
const session = new Session();
const store = new Store();
const link = new Link({ session, config, loadSnapshot });

/** Read where everything stands, and from where the socket goes on. */
async function loadSnapshot() {
  store.hold();
  try {
    const snapshot = await session.api("GET", "/api/v1/snapshot");
    link.positions.reset(snapshot.positions, snapshot.epoch);
    store.load(snapshot);
  } catch (error) {
    store.release();
    throw error;
  }
}

/** The stream could not be continued: read the state anew while events keep coming. */
async function resync() {
  store.hold();
  try {
    store.load(await session.api("GET", "/api/v1/snapshot"));
  } catch (error) {
    store.release();
    complain(`The snapshot could not be loaded: ${error.message}`);
  }
}

link.addEventListener("event", ({ detail }) => store.apply(detail));
link.addEventListener("resync", resync);
link.addEventListener("room_left", () => ![...link.rooms.keys()].some((room) => room.startsWith("market")) && store.clearQuotes());
session.addEventListener("change", () => {
  link.forget();
  store.clear();
  if (session.token) link.connect();
  greet();
});

function greet() {
  const hour = new Date().getHours();
  const part = hour < 5 ? "Good evening" : hour < 12 ? "Good morning" : hour < 18 ? "Good afternoon" : "Good evening";
  setText($("live-title"), session.name ? `${part}, ${session.name.split(" ")[0]}` : "Overview");
  setText($("live-day"), new Date().toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" }));
}

for (const tab of document.querySelectorAll("[data-tab]")) {
  tab.addEventListener("click", () => {
    document.documentElement.dataset.view = tab.dataset.tab;
    for (const other of document.querySelectorAll("[data-tab]")) other.toggleAttribute("aria-current", false);
    tab.setAttribute("aria-current", "page");
    scrollTo(0, 0);
  });
}

showTheme();
showGate(session, config.logins);
showLink(link, session);
showRooms(link);
showSender(link, session, config.commands);
showStaff(session, store, link, config.triggers);
showMoney(store);
showMarket(store, link);
showBell(store, session, complain);
showBanners(store);
new Log(link);
greet();
if (session.token) link.connect();
