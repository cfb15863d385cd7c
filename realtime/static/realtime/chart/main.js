// The chart page: puts its parts together and connects them.

import { Client } from "../client.js";
import { PREFIX } from "../console/api.js";
import { explain } from "../console/closing.js";
import { $, inFrame, setText } from "../console/dom.js";
import { showLogin } from "../console/gate.js";
import { Session } from "../console/session.js";
import { showTheme } from "../console/topbar.js";
import { deviceName } from "../device.js";
import { lost } from "./feed.js";
import { clearHead, drawInstrument, drawQuote } from "./head.js";
import { ChartPanel } from "./panel.js";
import { showPicker } from "./picker.js";

const DOTS = { connected: "online", connecting: "connecting", disconnected: "stopped" };
const WORDS = { connected: "Connected", connecting: "Connecting", disconnected: "Disconnected" };
const config = JSON.parse($("chart-config").textContent);
const session = new Session(await deviceName("chart"));
const panel = new ChartPanel(session);
const picker = showPicker(config.symbol, PREFIX);
/** @type {Client} */
let client = null;
let newest = null; // the quote that is shown
let isStarted = false; // the instrument is shown, or on its way

showTheme();
showLogin(session, config.logins);
$("logout").addEventListener("click", () => session.logOut());
session.addEventListener("change", begin);
begin();

/** Begin with the user who is logged in now, or with nobody. */
function begin() {
  document.documentElement.dataset.session = session.token ? "open" : "none";
  panel.end();
  client?.reset();
  client = newest = null;
  isStarted = false;
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
    $("status").dataset.state = DOTS[change.state];
    setText($("status-text"), explain(change, config.closeCodes) || WORDS[change.state]);
    if (newest && change.state !== "connected") show(lost(newest)); // until the next one comes
  });
  client.on("market_update", (quote) => quote.symbol === config.symbol && show(quote));
  client.on("connection_established", start); // again, where there was no answer before
  client.connect();
  start();
}

function show(quote) {
  newest = quote;
  inFrame("quote", () => {
    if (!newest) return;
    panel.quote(newest);
    drawQuote(newest);
  });
}

/** Read the instrument, and join its room. */
async function start() {
  if (isStarted) return;
  const mine = client;
  isStarted = true;
  try {
    const instruments = await session.api("GET", "/api/v1/instruments");
    if (mine !== client) return;
    picker.fill(instruments);
    const found = instruments.find(({ symbol }) => symbol === config.symbol);
    if (!found) return problem(`There is no instrument ${config.symbol}.`);
    problem("");
    drawInstrument(found);
    panel.begin(client, found);
  } catch (error) {
    if (mine !== client) return;
    isStarted = false;
    problem(error.message);
    return;
  }
  // Without a code the connection has ended: the client joins it again.
  client.join(`market:${config.symbol}`).catch((error) => error.code && problem(error.message));
}

function problem(text) {
  setText($("problem"), text);
}
