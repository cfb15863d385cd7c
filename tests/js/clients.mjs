// Clients over the sockets and answers of browser.mjs: every test begins with none.

import { after, beforeEach, mock } from "node:test";
import { jwt, requests, settle, sockets } from "./browser.mjs";

await import("../../realtime/static/realtime/connection.js"); // so that it is there at once
const { Client } = await import("../../realtime/static/realtime/client.js");

const clients = [];
export function endAll() {
  for (const client of clients.splice(0)) client.disconnect();
}
after(endAll);
beforeEach(() => {
  mock.timers.reset(); // of a test that failed
  endAll();
  sockets.length = requests.length = 0;
});

/** Make a client that has a connection of its own; `heard` gets the offsets of its events. */
export function make(options = {}) {
  const client = new Client({ share: false, getToken: () => jwt({ sub: "A" }), ...options });
  const heard = [];
  client.on("message", ({ stream, offset }) => stream && heard.push(offset));
  clients.push(client);
  return { client, heard };
}

/** Make a client and connect it; `socket` is the server's end. */
export async function connected(options, positions = { "user:1": 5 }) {
  const made = make(options);
  made.client.connect();
  await settle();
  sockets[0].greet(positions);
  return { ...made, socket: sockets[0] };
}
