// The chart page: puts its parts together and connects them.

import { Client } from "../client.js";
import { PREFIX } from "../console/api.js";
import { explain } from "../console/closing.js";
import { $, el, inFrame, say, setText } from "../console/dom.js";
import { showLogin } from "../console/gate.js";
import { Session } from "../console/session.js";
import { showTheme } from "../console/topbar.js";
import { deviceName } from "../device.js";
import { Market } from "../market.js";
import { INTERVALS } from "./candles.js";
import { isGrey } from "./feed.js";
import { clearHead, drawInstrument, drawQuote } from "./head.js";
import { History } from "./history.js";
import { showPicker } from "./picker.js";
import { drawTable, lineOf } from "./table.js";
import { ChartView } from "./view.js";

const KEPT = "hoardrun.chart.interval";
const config = JSON.parse($("chart-config").textContent);
const session = new Session(await deviceName("chart"));
const market = new Market(session);
const view = new ChartView($("chart"));
const picker = showPicker(config.symbol, PREFIX);
/** @type {Client} */
let client = null;
/** @type {History} */
let shown = null; // the candles of the interval that is chosen
let pointed = null; // the time of the candle that is pointed at
let isTable = false;

showTheme();
showLogin(session, config.logins);
$("logout").addEventListener("click", () => session.logOut());
session.addEventListener("change", begin);
showIntervals();
showKeys();
$("as-table").addEventListener("click", () => {
  isTable = !isTable;
  $("as-table").setAttribute("aria-pressed", String(isTable));
  $("drawn").hidden = isTable;
  $("table").hidden = !isTable;
  draw("all");
});
view.addEventListener("older", () => shown?.older());
view.addEventListener("pointed", (/** @type {any} */ { detail }) => {
  pointed = detail;
  inFrame("legend", drawLegend);
});
begin();

/** Begin with the user who is logged in now, or with nobody. */
function begin() {
  document.documentElement.dataset.session = session.token ? "open" : "none";
  client?.reset();
  client = null;
  shown = null;
  clearHead();
  if (!session.token) return;
  setText($("who-name"), session.name);
  client = new Client({
    getToken: ({ reason }) => session.tokenFor(reason),
    url: `${location.origin}${PREFIX}/ws/notifications`,
    device: session.device,
    share: false,
  });
  client.on("state", (change) => {
    $("status").dataset.state =
      { connected: "online", connecting: "connecting" }[change.state] ?? "stopped";
    setText($("status-text"), explain(change, config.closeCodes) || "Connected");
  });
  client.on("market_update", (quote) => {
    if (quote.symbol !== config.symbol) return;
    view.setGrey(isGrey(quote));
    inFrame("quote", () => drawQuote(quote));
  });
  client.on("message", (/** @type {any} */ { type, room, data }) => {
    if (type === "candle_update" && room === shown?.room) shown.tell(data);
  });
  // After an absence: what has changed meanwhile.
  client.on("connection_established", () => shown?.candles.size && shown.load());
  client.connect();
  start();
}

/** Read the instrument, and join its room. */
async function start() {
  const mine = client;
  try {
    const instruments = await session.api("GET", "/api/v1/instruments");
    if (mine !== client) return;
    picker.fill(instruments);
    const found = instruments.find(({ symbol }) => symbol === config.symbol);
    if (!found) return problem(`There is no instrument ${config.symbol}.`);
    drawInstrument(found);
    view.setDecimals(found.decimals);
    client.join(`market:${found.symbol}`).catch((error) => problem(error.message));
    choose(localStorage.getItem(KEPT));
  } catch (error) {
    if (mine === client) problem(error.message);
  }
}

/** Show another interval. */
function choose(wanted) {
  const interval = INTERVALS.includes(wanted) ? wanted : "1m";
  localStorage.setItem(KEPT, interval);
  for (const button of $("intervals").children)
    button.setAttribute("aria-pressed", String(button.textContent === interval));
  if (shown) client.leave(shown.room).catch(() => {}); // it may never have been joined
  shown = new History(market, config.symbol, interval);
  const mine = shown;
  mine.addEventListener(
    "change",
    (/** @type {any} */ { detail }) => mine === shown && draw(detail),
  );
  mine.addEventListener("state", () => mine === shown && inFrame("legend", drawLegend));
  draw("all");
  mine.load();
  client.join(mine.room).catch((error) => {
    if (!error.code) return; // the connection ended
    mine.problem = error.message;
    if (mine === shown) inFrame("legend", drawLegend);
  });
}

function draw(drawn) {
  if (!shown) return;
  view.draw(shown.candles, drawn, shown.interval);
  if (isTable) inFrame("table", () => shown && drawTable(shown.candles, shown.interval));
  inFrame("legend", drawLegend);
}

/** Write the candle that is pointed at, else the newest; or why there is none. */
function drawLegend() {
  if (!shown) return;
  const { candles, interval, isLoading } = shown;
  const candle = candles.at(pointed === null ? -1 : candles.indexOf(pointed)) ?? candles.last;
  setText(
    $("legend"),
    candle ? lineOf(candle, interval) : isLoading ? "Loading…" : "No candles yet.",
  );
  setText($("problem"), shown.problem);
}

function problem(text) {
  setText($("problem"), text);
}

function showIntervals() {
  $("intervals").replaceChildren(
    ...INTERVALS.map((interval) =>
      el("button", {
        type: "button",
        text: interval,
        "aria-pressed": "false",
        on: { click: () => choose(interval) },
      }),
    ),
  );
}

/** Arrow keys go from candle to candle, plus and minus zoom, End goes to the newest. */
function showKeys() {
  const step = (by) => {
    const { candles } = shown;
    const index = pointed === null ? candles.size - 1 : candles.indexOf(pointed) + by;
    const candle = candles.at(Math.min(Math.max(index, 0), candles.size - 1));
    if (!candle) return;
    view.point(candle);
    say(lineOf(candle, shown.interval));
    if (index < 40) shown.older();
  };
  const acts = {
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    PageUp: () => step(-20),
    PageDown: () => step(20),
    End: () => {
      pointed = null;
      view.point(null);
      view.toNewest();
    },
    "+": () => view.zoom(0.7),
    "-": () => view.zoom(1.4),
  };
  $("chart").addEventListener("keydown", (event) => {
    const act = acts[event.key];
    if (!act || !shown || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}
