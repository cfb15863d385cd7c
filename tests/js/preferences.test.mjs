// Preferences: versions, other devices, and a user who is forgotten.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Preferences } from "../../realtime/static/realtime/preferences.js";
import { requests, settle } from "./browser.mjs";
import { connected } from "./clients.mjs";

const said = (version, more = {}) => ({ version, cells: {}, matrix: [], ...more });
const asked = ({ options }) => [options.method, options.headers["If-Match"], options.body];

async function loaded() {
  const { client, socket } = await connected();
  const preferences = new Preferences(client);
  const loading = preferences.load();
  await settle();
  requests[0](said(3));
  await loading;
  return { client, socket, preferences };
}

test("a change names the version that it changes", async () => {
  const { preferences } = await loaded();
  const changing = preferences.set("all", "push", false);
  await settle();
  assert.deepEqual(asked(requests[1]), ["PATCH", '"3"', '{"cells":{"all":{"push":false}}}']);
  requests[1](said(4, { cells: { all: { push: false } } }));
  await changing;
  assert.equal(preferences.value.version, 4);
});

test("where another device was first, the newest is loaded and the change rejects", async () => {
  const { preferences } = await loaded();
  const changing = assert.rejects(preferences.change({ locale: "sw" }), { status: 412 });
  await settle();
  requests[1]({ detail: "by now", version: 5 }, 412);
  await settle();
  requests[2](said(5));
  await changing;
  assert.equal(preferences.value.version, 5);
});

test("what another device changes is loaded, once", async () => {
  const { socket, preferences } = await loaded();
  let changes = 0;
  preferences.addEventListener("change", () => changes++);
  for (const version of [3, 4])
    socket.say({
      type: "preferences_changed",
      stream: "user:1",
      offset: version + 3,
      data: said(version),
    });
  await settle();
  assert.equal(requests.length, 2);
  requests[1](said(4));
  await settle();
  assert.deepEqual([preferences.value.version, changes], [4, 1]);
});

test("an answer for a user who is forgotten is dropped", async () => {
  const { client, preferences } = await loaded();
  const loading = preferences.load();
  await settle();
  client.reset();
  requests[1](said(9));
  await loading;
  assert.equal(preferences.value, null);
});

test("consent is posted with its wording, and what holds is read again", async () => {
  const { preferences } = await loaded();
  const consenting = preferences.consent("marketing", "email", true, "Offers?");
  await settle();
  assert.deepEqual(JSON.parse(requests[1].options.body), {
    category: "marketing",
    channel: "email",
    granted: true,
    wording: "Offers?",
  });
  requests[1]({}, 201);
  await settle();
  requests[2](said(4));
  await consenting;
  assert.equal(preferences.value.version, 4);
});
