// Payees: loaded, told of by other devices, and forgotten with their user.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Payees } from "../../realtime/static/realtime/payees.js";
import { requests, settle } from "./browser.mjs";
import { connected } from "./clients.mjs";

const payee = (id, name, more = {}) => ({ id, name, verdict: "same", ...more });
const names = (payees) => payees.items?.map(({ name }) => name);

async function begun() {
  const { client, socket } = await connected();
  const payees = new Payees(client);
  let offset = 5;
  const tell = (id, about) =>
    socket.say({
      type: "payee_changed",
      stream: "user:1",
      offset: ++offset,
      data: { id, payee: about },
    });
  const loading = payees.load();
  await settle();
  return { client, payees, tell, loading };
}

test("the list follows what is told, by name", async () => {
  const { payees, tell, loading } = await begun();
  requests[0]([payee("2", "Bea"), payee("1", "Cyn")]);
  await loading;
  tell("3", payee("3", "Ann"));
  tell("1", payee("1", "Cyn", { confirmed_at: "now" }));
  tell("2", null);
  await settle();
  assert.deepEqual(names(payees), ["Ann", "Cyn"]);
  assert.equal(payees.items[1].confirmed_at, "now");
});

test("an answer that is older than what was told is asked for again", async () => {
  const { payees, tell, loading } = await begun();
  tell("3", payee("3", "Ann"));
  await settle();
  requests[0]([]);
  await settle();
  assert.equal(payees.items, null);
  requests[1]([payee("3", "Ann")]);
  await loading;
  assert.deepEqual(names(payees), ["Ann"]);
});

test("an answer for a user who is forgotten is dropped", async () => {
  const { client, payees, loading } = await begun();
  client.reset();
  requests[0]([payee("1", "Cyn")]);
  await loading;
  assert.equal(payees.items, null);
});

test("what is asked for has its path and its body", async () => {
  const { payees, loading } = await begun();
  requests[0]([]);
  await loading;
  const adding = payees.add("mtn", "UGX", "+256772123456", "Ann");
  await settle();
  assert.deepEqual(JSON.parse(requests[1].options.body), {
    provider: "mtn",
    currency: "UGX",
    msisdn: "+256772123456",
    name: "Ann",
  });
  requests[1]({ ...payee("3", "Ann"), shown_name: "Ann N." }, 201);
  assert.equal((await adding).shown_name, "Ann N.");
  const asked = [payees.confirm("3", "Ann N."), payees.remove("3")];
  await settle();
  assert.deepEqual(
    [requests[2], requests[3]].map(({ url, options }) => [options.method, new URL(url).pathname]),
    [
      ["POST", "/api/v1/payees/3/confirm"],
      ["DELETE", "/api/v1/payees/3"],
    ],
  );
  assert.deepEqual(JSON.parse(requests[2].options.body), { shown_name: "Ann N." });
  requests[2]({});
  requests[3]({});
  await Promise.all(asked);
});
