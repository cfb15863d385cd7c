// The nodes as they last reported: a column for each, so that few fit a narrow rail.

import { $, el, setFacts, setText } from "./dom.js";
import { countdown } from "./format.js";
import { watched } from "./staff-watched.js";

const ROOMS = 20; // the fullest
const whole = (value) => value.toLocaleString("en");
const rate = (value) => value.toLocaleString("en", { maximumFractionDigits: 1 });
/** @type {[string, string, (value: number) => string][]} Label, field, how to write it. */
const ROWS = [
  ["Connections", "connections", whole],
  ["Users", "users", whole],
  ["Rooms", "rooms", whole],
  ["In per second", "in_per_second", rate],
  ["Out per second", "out_per_second", rate],
  ["Lag, ms", "lag_ms", rate],
  ["Memory, MB", "rss_mb", rate],
  ["Uptime", "uptime_seconds", countdown],
];

export function showNodes({ session }) {
  const draw = (answer) => {
    const data = answer?.data || { nodes: [], stale_nodes: [] };
    $("staff-nodes").replaceChildren(...(data.nodes.length ? table(data) : []));
    const rooms = Object.entries(data.rooms || {}).slice(0, ROOMS);
    setFacts(
      $("staff-rooms"),
      rooms.map(([room, sockets]) => [room, whole(sockets)]),
    );
    $("staff-rooms").hidden = rooms.length === 0;
    $("staff-rooms-none").hidden = !answer || rooms.length > 0;
    setText($("staff-nodes-about"), answer ? about(data) : "");
  };
  return watched({
    session,
    path: () => "/ws/stats",
    draw,
    says: $("staff-nodes-says"),
    right: "realtime.view_node",
  });
}

function table({ nodes, totals }) {
  const columns = nodes.length > 1 ? [...nodes, { ...totals, node: "All" }] : nodes;
  const head = el(
    "tr",
    {},
    el("th", { scope: "col" }, el("span", { class: "sr", text: "Figure" })),
    ...columns.map(({ node }) => el("th", { scope: "col", class: "mono", text: node })),
  );
  const rows = ROWS.map(([label, name, write]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", text: label }),
      ...columns.map((column) =>
        el("td", { text: column[name] === undefined ? "" : write(column[name]) }),
      ),
    ),
  );
  return [el("thead", {}, head), el("tbody", {}, ...rows)];
}

function about({ nodes, stale_nodes: silent, version, layer }) {
  const count = nodes.length === 1 ? "1 node" : `${nodes.length} nodes`;
  return [
    `${count}, ${version}, layer: ${layer}`,
    ...nodes
      .filter(({ degraded }) => degraded)
      .map(({ node, degraded }) => `${node} degraded: ${degraded}`),
    ...silent.map(
      ({ node, seen_seconds_ago }) => `${node} silent for ${countdown(seen_seconds_ago)}`,
    ),
  ].join(" · ");
}
