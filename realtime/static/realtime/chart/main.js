// The chart page: puts its parts together and connects them.

import { Client } from "../client.js";
import { PREFIX } from "../console/api.js";
import { explain } from "../console/closing.js";
import { $, inFrame, setText } from "../console/dom.js";
import { showLogin } from "../console/gate.js";
import { Session } from "../console/session.js";
import { showTheme } from "../console/topbar.js";
import { deviceName } from "../device.js";
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
  client = null;
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
  });
  client.on("market_update", (quote) => {
    if (quote.symbol !== config.symbol) return;
    panel.quote(quote);
    inFrame("quote", () => drawQuote(quote));
  });
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
    panel.begin(client, found);
    await client.join(`market:${found.symbol}`);
  } catch (error) {
    if (mine === client) problem(error.message);
  }
}

function problem(text) {
  setText($("problem"), text);
}
