// A page of somebody's shop: in TypeScript, built by Vite, on a host of its own.

import { Client, type State } from "hoardrun-client";
import "hoardrun-client/bell";
import { deviceName } from "hoardrun-client/device";
import { Inbox } from "hoardrun-client/inbox";

const [server, token] = location.hash.slice(1).split("&").map(decodeURIComponent);
const client = new Client({
  url: `${server}/ws/notifications`,
  getToken: () => token ?? null,
  snapshot: true,
});
const inbox = new Inbox(client);
const bell = document.querySelector("hoardrun-bell");
if (bell) bell.client = client;

function show(id: string, text: string): void {
  const node = document.getElementById(id);
  if (node) node.textContent = text;
}

client.on("state", ({ state }: { state: State }) => show("state", state));
client.on("notification", ({ title }) => show("heard", title));
inbox.addEventListener("change", () => (document.title = `Shop (${inbox.counts.unread})`));
deviceName("shop").then((name: string) => (document.documentElement.dataset.device = name));
client.connect();
