// The inbox: what a page, the socket and a snapshot make of it together.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Inbox } from "../../realtime/static/realtime/inbox.js";
import { requests, settle } from "./browser.mjs";
import { connected, make } from "./clients.mjs";

test("an inbox forgets its user with the client", async () => {
  const { client, socket } = await connected();
  const inbox = new Inbox(client);
  socket.say({
    type: "notification",
    stream: "user:1",
    offset: 6,
    data: { id: "1", status: "unread", created_at: "2026" },
  });
  socket.say({ type: "notification_counts", data: { unread: 1, unseen: 1 } });
  assert.equal(inbox.items.length, 1);
  client.reset();
  assert.deepEqual([inbox.items, inbox.counts], [[], { unread: 0, unseen: 0 }]);
});

test("a state that overtakes the page it belongs to is kept", async () => {
  const { client, socket } = await connected();
  const inbox = new Inbox(client);
  const loading = inbox.load();
  await settle();
  socket.say({
    type: "notification_updated",
    stream: "user:1",
    offset: 6,
    data: { notifications: [{ id: "1", status: "read", notification: null }] },
  });
  requests[0]({ results: [{ id: "1", status: "unread", created_at: "2026" }], next: null });
  await loading;
  assert.equal(inbox.items[0].status, "read");
});

test("an inbox shows changed content, keeps it, and drops what is deleted", async () => {
  const { client, socket } = await connected();
  const inbox = new Inbox(client);
  const state = { id: "1", status: "unread", seen_at: null, read_at: null };
  const note = { id: "1", title: "Old", status: "unread", created_at: "2026" };
  let offset = 6;
  const update = (change) =>
    socket.say({
      type: "notification_updated",
      stream: "user:1",
      offset: offset++,
      data: { notifications: [{ ...state, ...change }] },
    });
  socket.say({ type: "notification", stream: "user:1", offset: offset++, data: note });
  update({ notification: { ...note, title: "New" } });
  assert.equal(inbox.items[0].title, "New");
  update({ status: "read" });
  assert.deepEqual([inbox.items[0].title, inbox.items[0].status], ["New", "read"]);
  update({ status: "archived", deleted: true });
  assert.deepEqual(inbox.items, []);
});

test("a page that was on its way brings back nothing that changed or was deleted", async () => {
  const { client, socket } = await connected();
  const inbox = new Inbox(client);
  const loading = inbox.load();
  await settle();
  const notifications = [
    {
      id: "1",
      status: "unread",
      notification: { id: "1", title: "New", status: "unread", created_at: "2026" },
    },
    { id: "2", status: "archived", deleted: true },
  ];
  socket.say({
    type: "notification_updated",
    stream: "user:1",
    offset: 6,
    data: { notifications },
  });
  const old = (id) => ({ id, title: "Old", status: "unread", created_at: "2026" });
  requests[0]({ results: [old("1"), old("2")], next: null });
  await loading;
  assert.deepEqual(
    inbox.items.map(({ title }) => title),
    ["New"],
  );
});

test("an inbox that is made late begins with the counts that were said before it", async () => {
  const { client, socket } = await connected();
  socket.say({ type: "notification_counts", data: { unread: 3, unseen: 2 } });
  const inbox = new Inbox(client);
  assert.deepEqual(inbox.counts, { unread: 3, unseen: 2 });
  client.reset();
  assert.equal(client.counts, null);
  assert.deepEqual(new Inbox(client).counts, { unread: 0, unseen: 0 });
});

test("the counts of a snapshot are those of an inbox that is made after it", async () => {
  const { client } = make({ snapshot: true });
  client.connect();
  await settle();
  requests[0]({ positions: { "user:1": 5 }, epoch: "one", counts: { unread: 4, unseen: 0 } });
  await settle();
  assert.deepEqual(new Inbox(client).counts, { unread: 4, unseen: 0 });
});

test("a notification that is an event only is announced and not listed", async () => {
  const { client, socket } = await connected();
  const inbox = new Inbox(client);
  const arrived = [];
  inbox.addEventListener("arrived", ({ detail }) => arrived.push(detail.id));
  const data = { status: "unread", created_at: "2026" };
  socket.say({
    type: "notification",
    stream: "user:1",
    offset: 6,
    data: { id: "7f3a", stored: false, ...data },
  });
  socket.say({ type: "notification", stream: "user:1", offset: 7, data: { id: "8", ...data } });
  assert.deepEqual([arrived, inbox.items.map(({ id }) => id)], [["7f3a", "8"], ["8"]]);
});

test("what is pinned is first, however old, and categories are those that there are", async () => {
  const { client, socket } = await connected();
  const inbox = new Inbox(client);
  const note = (id, more = {}) => ({
    id,
    type: "savings",
    kind: "savings.goal_reached",
    status: "unread",
    created_at: `202${id}`,
    ...more,
  });
  const loading = inbox.load();
  const looking = inbox.overview();
  await settle();
  requests[0]({ results: [note("3"), note("2", { kind: "savings.loan_due" })], next: null });
  const kinds = { "savings.goal_reached": "savings", "savings.loan_due": "loans" };
  requests[1]({ by_category: { loans: 1, savings: 2 }, category_by_kind: kinds });
  requests[2]({ results: [note("1", { pinned_at: "2026" })] });
  await Promise.all([loading, looking]);
  assert.equal(requests[2].url.searchParams.get("pinned"), "true");
  assert.deepEqual(
    inbox.items.map(({ id }) => id),
    ["1", "3", "2"],
  );
  assert.deepEqual(inbox.categories, ["loans", "savings"]);
  globalThis.reportError = assert.fail;
  const say = (offset, data) =>
    socket.say({ type: "notification", stream: "user:1", offset, data });
  say(6, note("4", { kind: "savings.nudge" })); // of a kind that was not there: the server sorts it
  say(7, note("5", { kind: "savings.nudge" })); // it is asked once
  await settle();
  assert.equal(requests.length, 5);
  const counts = { loans: 1, nudges: 2, savings: 2 };
  const all = { ...kinds, "savings.nudge": "nudges" };
  requests[3]({ by_category: counts, category_by_kind: all });
  requests[4]({ results: [] });
  await settle();
  assert.deepEqual(inbox.categories, ["loans", "nudges", "savings"]);
  inbox.category = "nudges";
  await settle();
  assert.equal(requests[5].url.searchParams.get("category"), "nudges");
  assert.deepEqual(
    inbox.items.map(({ id }) => id),
    ["5", "4"],
  );
});
