// Whether the person is there: as the page tells it, and as a client says it on each connection.

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { followPresence } from "../../realtime/static/realtime/presence.js";
import { settle, sockets } from "./browser.mjs";
import { connected, make } from "./clients.mjs";

const MINUTE = 60_000;

/** A page whose window may be hidden or lose the focus, and a clock. */
function page() {
  const document = Object.assign(new EventTarget(), { hidden: false, hasFocus: () => focused });
  let focused = true;
  globalThis.document = document;
  const window = new EventTarget();
  globalThis.addEventListener = window.addEventListener.bind(window);
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  return {
    now: () => Date.now(),
    input: (name = "pointermove") => document.dispatchEvent(new Event(name)),
    hide: (hidden) => {
      document.hidden = hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    focus: (on) => {
      focused = on;
      window.dispatchEvent(new Event(on ? "focus" : "blur"));
    },
  };
}

afterEach(() => {
  mock.timers.reset();
  delete globalThis.document;
  delete globalThis.addEventListener;
});

/** Follow a page; `told` is what a client was told since it was last looked at. */
function follow({ now }) {
  const client = { presence: "" };
  const heard = [];
  const end = followPresence(client, (isActive) => heard.push(isActive), now);
  return { client, end, told: () => heard.splice(0) };
}

test("a page that has just opened has nobody at it until there is input", () => {
  const shown = page();
  const { client, told } = follow(shown);
  assert.deepEqual([client.presence, told()], ["away", [false]]);
  for (const name of ["keydown", "pointerdown"]) shown.input(name);
  assert.deepEqual([client.presence, told()], ["active", [true]]);
});

test("a person is there for a minute after the last input", () => {
  const shown = page();
  const { client, told } = follow(shown);
  shown.input();
  mock.timers.tick(MINUTE - 1);
  shown.input();
  mock.timers.tick(MINUTE - 1);
  assert.deepEqual([client.presence, told()], ["active", [false, true]]);
  mock.timers.tick(1);
  assert.deepEqual([client.presence, told()], ["away", [false]]);
  mock.timers.tick(10 * MINUTE);
  shown.input("wheel");
  assert.deepEqual([client.presence, told()], ["active", [true]]);
});

test("nobody is at a page that is hidden or has lost the focus", () => {
  const shown = page();
  const { client, told } = follow(shown);
  shown.input();
  shown.hide(true);
  assert.deepEqual([client.presence, told()], ["away", [false, true, false]]);
  shown.input();
  assert.equal(client.presence, "away");
  shown.hide(false);
  assert.equal(client.presence, "active");
  shown.focus(false);
  assert.equal(client.presence, "away");
  mock.timers.tick(10 * MINUTE);
  shown.hide(true);
  shown.hide(false);
  assert.equal(client.presence, "away");
  shown.focus(true); // which takes a person
  assert.equal(client.presence, "active");
});

test("who follows no longer says that the person is away, and nothing more", () => {
  const shown = page();
  const { client, end, told } = follow(shown);
  shown.input();
  end();
  assert.equal(client.presence, "away");
  told();
  shown.input();
  shown.focus(true);
  mock.timers.tick(2 * MINUTE);
  assert.deepEqual([client.presence, told()], ["away", []]);
});

const states = (socket) => socket.sent.filter(({ type }) => type === "presence");

test("a client says its presence on change, and again on each connection", async () => {
  const { client, socket } = await connected();
  assert.deepEqual(states(socket), []);
  for (const state of ["away", "active", "active"]) client.presence = state;
  assert.deepEqual(
    states(socket).map(({ state }) => state),
    ["away", "active"],
  );
  socket.end(1006);
  client.presence = "away"; // meanwhile
  client.reconnect();
  await settle();
  sockets[1].greet({ "user:1": 5 });
  assert.equal(states(sockets[1]).at(-1).state, "away");
});

test("what is said before there is a connection is said with the greeting", async () => {
  const { client } = make({ device: "d", deviceClass: "desktop" });
  client.presence = "active";
  client.connect();
  await settle();
  assert.equal(sockets[0].url.searchParams.get("device_class"), "desktop");
  assert.deepEqual(states(sockets[0]), []);
  sockets[0].greet({ "user:1": 5 });
  assert.deepEqual(
    states(sockets[0]).map(({ state }) => state),
    ["active"],
  );
});

test("who said that the person is there, and says nothing now, has left", async () => {
  const { client, socket } = await connected();
  client.presence = "active";
  client.presence = "";
  assert.deepEqual(
    states(socket).map(({ state }) => state),
    ["active", "away"],
  );
});
