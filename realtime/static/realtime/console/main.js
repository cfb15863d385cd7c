// Puts the page together: makes its parts and connects them.

import { deviceName } from "../device.js";
import { showBanners } from "./banner.js";
import { showBell } from "./bell.js";
import { showDevices } from "./devices.js";
import { $, setText } from "./dom.js";
import { showGate } from "./gate.js";
import { Link } from "./link.js";
import { Log } from "./log.js";
import { isOfQuotes, showMarket } from "./market.js";
import { showMoney } from "./money.js";
import { showPayments } from "./payments.js";
import { showPhone } from "./phone.js";
import { showRooms } from "./rooms.js";
import { showSender } from "./sender.js";
import { Session } from "./session.js";
import { showStaff } from "./staff.js";
import { Store } from "./store.js";
import { showLink, showTheme } from "./topbar.js";

const config = JSON.parse($("console-config").textContent);
const session = new Session(await deviceName("console"));
const store = new Store();
export const link = new Link({ session, config });

const log = new Log(link);
/** @type {NodeListOf<HTMLElement>} */
const tabs = document.querySelectorAll("[data-tab]");

link.addEventListener("client", () =>
  link.client.on("resync", ({ snapshot }) => store.load(snapshot)),
);
link.addEventListener("message", (/** @type {any} */ { detail }) => store.apply(detail));
link.addEventListener(
  "rooms",
  () => link.state === "online" && ![...link.rooms.keys()].some(isOfQuotes) && store.clearQuotes(),
);
session.addEventListener("change", () => {
  link.forget();
  store.clear();
  log.clear(); // its messages are those of the user before
  for (const id of ["toasts", "polite", "assertive"]) $(id).replaceChildren();
  if (session.token) link.connect();
  greet();
  view("live");
});

/** Get a new token and tell the server of it, on the socket that is open. */
async function renew() {
  await session.renew();
  if (link.state === "online")
    await link.client.request({ type: "authenticate", token: session.token });
}

function greet() {
  const hour = new Date().getHours();
  const part =
    hour < 5
      ? "Good evening"
      : hour < 12
        ? "Good morning"
        : hour < 18
          ? "Good afternoon"
          : "Good evening";
  setText($("live-title"), session.name ? `${part}, ${session.name.split(" ")[0]}` : "Overview");
  setText(
    $("live-day"),
    new Date().toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" }),
  );
}

function view(name) {
  document.documentElement.dataset.view = name;
  for (const tab of tabs) {
    if (tab.dataset.tab === name) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  scrollTo(0, 0);
}

for (const tab of tabs) tab.addEventListener("click", () => view(tab.dataset.tab));

showTheme();
showGate(session, config.logins, renew);
showLink(link, session);
showDevices(session, link);
showRooms(link);
showSender(link, session, config.commands);
showStaff(session, store, link, config.triggers);
showMoney(store, link);
showPayments(session, store, link, config.panels.payments);
showMarket(session, store, link, config.panels.watchlists);
showBell(link);
$("settings").addEventListener("click", () => $("bell").openSettings());
showBanners(store);
showPhone(session, config.panels.phone);
greet();
setInterval(greet, 30_000); // the day and its parts go by while the page is open
if (session.token) link.connect();
