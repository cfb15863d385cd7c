// The SharedWorker: one connection for all tabs of a login. Its name says which.

import { Connection } from "./connection.js";
import { Rooms, roomsOf } from "./parts.js";
import { FILTERS, VERSION } from "./version.js";

const KEPT = 500; // events, for a tab that is a little behind the others
const TOKEN_WITHIN_MS = 15_000;
const RATES = ["realtime", "1s", "5s"]; // the fastest that a tab wants is asked for

const tabs = new Map(); // port → {rooms, types, hidden, presence, frames}
const asked = new Map(); // for a token: call → resolve
const recent = [];
let counts = null; // the last notification_counts, for later tabs
let connection = null;
let calls = 0;

// A tab that gets this lock knows that the worker is gone.
const lock = navigator.locks ? `hoardrun worker ${crypto.getRandomValues(new Uint32Array(4))}` : "";
const locked =
  lock &&
  new Promise((resolve) => {
    navigator.locks.request(lock, () => {
      resolve(true);
      return new Promise(() => {});
    });
  });

/** @type {any} */ (self).onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => receive(port, data);
};

const SAID = {
  hello: async (port) => {
    await locked;
    port.postMessage({ is: "hello", lock, version: VERSION });
  },
  start,
  bye: leave,
  token: (_, { call, ...said }) => asked.get(call)?.(said),
  ask: (port, { call, command }) => answer(port, call, () => ask(port, command)),
  types: (port, { call, types }) => answer(port, call, () => setTypes(port, types)),
  ack: (_, { stream, offset }) => connection.ack(stream, offset),
  text: (_, { text }) => connection.sendText(text),
  retry: () => connection.retryNow(),
  hidden: (port, { hidden }) => {
    tabs.get(port).hidden = hidden;
    connection.hidden = allHidden();
  },
  presence: (port, { presence }) => {
    tabs.get(port).presence = presence;
    connection.presence = anyPresence();
  },
  frames: (port) => {
    tabs.get(port).frames = true;
    if (!connection.has("frame"))
      connection.on("frame", (what) => tellAll({ is: "frame", what }, ({ frames }) => frames));
  },
};

function receive(port, { do: what, ...said }) {
  if (tabs.has(port) || ["hello", "start", "token"].includes(what)) SAID[what](port, said);
}

// -- tabs come and go

function start(port, { options, positions, epoch, types, hidden, presence, lock }) {
  tabs.set(port, { rooms: new Rooms(), types, hidden, presence, frames: false });
  if (lock) navigator.locks.request(lock, () => leave(port));
  connection ??= connect(options);
  if (connection.positions.isEmpty) connection.positions.reset(positions, epoch); // it has not greeted yet
  if (connection.state === "disconnected")
    connection.start({
      positions,
      epoch,
      types: allTypes(),
      hidden: allHidden(),
      presence: anyPresence(),
    });
  else port.postMessage({ is: "state", change: connection.change });
  catchUp(port, positions, epoch);
  tabsChanged();
}

/** Tell a tab what the others have had since its positions, or that this cannot be told. */
function catchUp(port, positions, epoch) {
  const { greeting } = connection;
  const now = Object.entries(connection.positions.toJSON());
  const standing =
    greeting &&
    Object.fromEntries(
      now.map(([stream, offset]) => [stream, { ...greeting.positions[stream], offset }]),
    );
  if (greeting)
    tell(port, {
      type: "connection_established",
      data: { ...greeting, positions: standing },
      timestamp: new Date().toISOString(),
    });
  if (greeting && counts) tell(port, counts);
  for (const [stream, known] of now) {
    const offset = positions[stream] ?? known;
    const missed = recent.filter((message) => message.stream === stream && message.offset > offset);
    const isWhole = offset >= known || missed.length === known - offset;
    const isOther = stream in positions && epoch && epoch !== connection.positions.epoch;
    if (!isWhole || isOther) return port.postMessage({ is: "behind", what: stream });
    for (const message of missed) tell(port, message);
  }
}

function tabsChanged() {
  connection.hidden = allHidden();
  connection.presence = anyPresence();
  connection.setTypes(allTypes()).catch(() => {});
}

function leave(port) {
  const tab = tabs.get(port);
  if (!tabs.delete(port)) return;
  if (tabs.size === 0) {
    connection.stop();
    connection = counts = null;
    recent.length = 0;
    return;
  }
  tabsChanged();
  const rooms = [...tab.rooms.keys()].filter((room) => !isWanted(room));
  if (rooms.length) connection.ask({ type: "leave_room", rooms }).catch(() => {});
}

// -- what the connection says

function connect(options) {
  const made = new Connection({ ...options, getToken });
  made.on("state", (change) => tellAll({ is: "state", change }));
  made.on("message", (message) => {
    if (message.type === "resync_required") recent.length = 0;
    if (message.type === "notification_counts") counts = message;
    if (message.stream && recent.push(message) > KEPT) recent.shift();
    for (const port of tabs.keys()) tell(port, message);
  });
  return made;
}

function tell(port, message) {
  const { rooms, types } = tabs.get(port);
  if (message.room && !rooms.has(message.room)) return;
  const filterType = filterTypeOf(message);
  const skip = types.length > 0 && filterType && !types.includes(filterType);
  port.postMessage({
    is: "message",
    what: skip ? { ...message, skip } : message,
    stats: connection.stats,
  });
}

function tellAll(said, test = (_) => true) {
  for (const [port, tab] of tabs) if (test(tab)) port.postMessage(said);
}

/** What subscriptions filter by; undefined always arrives. */
const filterTypeOf = ({ type, data }) => (FILTERS[type] === null ? data.type : FILTERS[type]);

// -- what tabs ask

async function answer(port, call, act) {
  try {
    port.postMessage({ is: "answer", call, result: await act() });
  } catch ({ name, message, code, retryable, joined, reason }) {
    port.postMessage({
      is: "answer",
      call,
      error: { name, message, code, retryable, joined, reason },
    });
  }
}

/** Ask for a tab: join a room at the fastest rate of all tabs, leave it with the last of them. */
async function ask(port, command) {
  const tab = tabs.get(port);
  const rooms = roomsOf(command);
  if (command.type === "leave_room") {
    for (const room of rooms) tab.rooms.delete(room);
    const free = rooms.filter((room) => !isWanted(room));
    const kept = rooms
      .filter(isWanted)
      .map((room) => ({ type: "room_left", room, data: { room, reason: "request" } }));
    return [
      ...kept,
      ...(free.length ? await connection.ask({ type: "leave_room", rooms: free }) : []),
    ];
  }
  if (command.type !== "join_room") return connection.ask(command);
  const wanted = [
    command.rate || "realtime",
    ...rooms.flatMap((room) => [...tabs.values()].map((other) => other.rooms.get(room))),
  ];
  return tab.rooms.follow(
    command,
    connection.ask({ ...command, rate: RATES.find((rate) => wanted.includes(rate)) }),
  );
}

async function setTypes(port, types) {
  const tab = tabs.get(port);
  const before = tab.types;
  tab.types = types;
  try {
    await connection.setTypes(allTypes());
  } catch (error) {
    tab.types = before;
    throw error;
  }
  return [...types].sort();
}

const isWanted = (room) => [...tabs.values()].some(({ rooms }) => rooms.has(room));
const allHidden = () => [...tabs.values()].every(({ hidden }) => hidden);

/** The person is there if that is so in any of the tabs. */
function anyPresence() {
  const said = [...tabs.values()].map(({ presence }) => presence);
  return said.includes("active") ? "active" : said.find(Boolean) || "";
}

function allTypes() {
  const all = [...tabs.values()].map(({ types }) => types);
  return all.every((types) => types.length) ? [...new Set(all.flat())] : [];
}

/** Ask the tabs for a token, the newest first, until one has it; "" when nobody is logged in. */
async function getToken(reason) {
  let failure = "";
  for (const port of [...tabs.keys()].reverse()) {
    const call = ++calls;
    const said = await new Promise((resolve) => {
      asked.set(call, resolve);
      setTimeout(resolve, TOKEN_WITHIN_MS, { error: "The page does not answer." });
      port.postMessage({ is: "token", call, reason });
    });
    asked.delete(call);
    if (said.token) return said.token;
    failure ||= said.error || "";
  }
  if (failure) throw new Error(failure);
  return "";
}
