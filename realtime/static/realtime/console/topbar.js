// The bar at the top and the Connection panel: how the connection is doing.

import { $, el, icon, inFrame, setFacts, setText } from "./dom.js";
import { bytes, countdown } from "./format.js";
import { address } from "./sender.js";

const WORDS = {
  idle: "Not connected",
  connecting: "Connecting",
  online: "Connected",
  waiting: "Reconnecting",
  stopped: "Disconnected",
};

/**
 * @param {import("./link.js").Link} link
 * @param {import("./session.js").Session} session
 */
export function showLink(link, session) {
  let before = { in: 0, out: 0 };
  const draw = () => inFrame("topbar", () => drawLink(link, session));
  link.addEventListener("state", draw);
  link.addEventListener("entry", draw);
  setInterval(() => {
    // A new connection counts from 0 again.
    setText($("m-in-rate"), `${Math.max(0, link.stats.in - before.in)}/s`);
    setText($("m-out-rate"), `${Math.max(0, link.stats.out - before.out)}/s`);
    before = { in: link.stats.in, out: link.stats.out };
  }, 1000);
  setInterval(() => drawClock(link, session), 200);
  $("connect").addEventListener("click", () => (isBusy(link) ? link.disconnect() : link.connect()));
  $("auto-reconnect").addEventListener("change", ({ target }) =>
    link.set({ autoReconnect: target.checked }),
  );
  $("share").addEventListener("change", ({ target }) => link.set({ share: target.checked }));
  $("transport").addEventListener("change", ({ target }) => link.set({ tokenIn: target.value }));
  draw();
}

const isBusy = (link) => ["online", "connecting", "waiting"].includes(link.state);

/**
 * @param {import("./link.js").Link} link
 * @param {import("./session.js").Session} session
 */
function drawLink(link, session) {
  const { stats, greeting } = link;
  $("status").dataset.state = link.state;
  setText(
    $("m-latency"),
    link.latency === null
      ? "–"
      : `${link.latency < 10 ? link.latency.toFixed(1) : Math.round(link.latency)} ms`,
  );
  setText($("m-in"), stats.in.toLocaleString("en"));
  setText($("m-out"), stats.out.toLocaleString("en"));
  setText($("m-reconnects"), String(stats.reconnects));
  setText($("m-gaps"), String(stats.gaps));
  $("m-gaps-box").classList.toggle("bad", stats.gaps > 0);
  setText($("m-connection"), greeting ? greeting.connection_id.slice(0, 8) : "–");
  setText($("m-server"), greeting ? greeting.server_version : "–");
  const connect = $("connect");
  setText(connect, isBusy(link) ? "Disconnect" : "Connect");
  connect.classList.toggle("primary", !isBusy(link));
  setFacts($("connection-facts"), [
    ["Socket", address()],
    ["Connection", greeting?.connection_id],
    ["Device", session.device],
    ["Server", greeting && `${greeting.server_version}, protocol ${greeting.protocol_version}`],
    ["Positions", link.positions.map(([stream, offset]) => `${stream} at ${offset}`).join(", ")],
    ["Filter", link.subscriptions.join(", ") || "everything"],
    ["Heartbeat", greeting && `${greeting.heartbeat_seconds} s`],
    [
      "Limits",
      greeting &&
        `${greeting.limits.max_messages_per_second} messages/s, ${greeting.limits.max_rooms} rooms, ${bytes(greeting.limits.max_message_bytes)}`,
    ],
    ["Traffic", `${bytes(stats.bytesIn)} in, ${bytes(stats.bytesOut)} out`],
    ["Duplicates", stats.duplicates ? `${stats.duplicates} dropped` : ""],
  ]);
  drawClock(link, session);
}

/**
 * @param {import("./link.js").Link} link
 * @param {import("./session.js").Session} session
 */
function drawClock(link, session) {
  const seconds = Math.max(0, (link.retryAt - performance.now()) / 1000);
  const waits = link.state === "waiting" && link.retryAt !== null;
  setText($("status-text"), waits ? `Reconnecting in ${seconds.toFixed(1)} s` : WORDS[link.state]);
  setText(
    $("connection-says"),
    link.says || (link.state === "online" ? "Live. Nothing missed since the snapshot." : ""),
  );
  const left = session.secondsLeft;
  setText(
    $("who-expiry"),
    left === null ? "" : left > 0 ? `Token ends in ${countdown(left)}` : "Token has ended",
  );
  $("who-expiry").classList.toggle("bad", left !== null && left < 30);
}

const THEMES = ["auto", "light", "dark"];
const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" };

/** The theme button: as the system, light, dark. */
export function showTheme() {
  const button = $("theme");
  const draw = () => {
    const theme = document.documentElement.dataset.theme;
    button.replaceChildren(
      icon(THEME_ICONS[theme] || "auto"),
      el("span", { class: "sr", text: `Theme: ${theme}. Change` }),
    );
    button.title = `Theme: ${theme}`;
  };
  button.addEventListener("click", () => {
    const next =
      THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
    document.documentElement.dataset.theme = next;
    localStorage.setItem("hoardrun.theme", next);
    draw();
  });
  draw();
}
