// What docs/client.md describes, for the compiler alone: `make types`.

import type { Position, Rate, SubscriptionType } from "../../realtime/static/realtime/client.js";
import {
  ApiError,
  Client,
  DisconnectedError,
  ServerError,
  TimeoutError,
} from "../../realtime/static/realtime/client.js";
import { Devices } from "../../realtime/static/realtime/devices.js";
import { Inbox } from "../../realtime/static/realtime/inbox.js";
import { Market } from "../../realtime/static/realtime/market.js";
import { Payees } from "../../realtime/static/realtime/payees.js";
import { Payments } from "../../realtime/static/realtime/payments.js";
import { Preferences } from "../../realtime/static/realtime/preferences.js";
import { createPush } from "../../realtime/static/realtime/push.js";
import { openSettings } from "../../realtime/static/realtime/settings.js";
import "../../realtime/static/realtime/bell.js";

const getToken = async ({ reason }: { reason: string }) => (reason === "refused" ? null : "token");
const client = new Client({
  getToken,
  url: "wss://example.com/ws/notifications",
  rooms: { "market:crypto": "1s" },
  snapshot: true,
});

client.on("notification", ({ title }, { stream, offset }): [string, string, number] => [
  title,
  stream,
  offset,
]);
client.on("transaction_update", async ({ amount }): Promise<string> => amount);
client.on("market_update", ({ price }, { room }): string[] => [price, room]);
client.on("message", (m) =>
  m.type === "balance_update" ? m.data.available_balance.length : m.timestamp,
);
client.on("message", (m) => (m.stream === undefined ? 0 : m.offset + 1));
client.on("state", ({ state, retryInMs }) => state === "connecting" && retryInMs?.toFixed());
client.on("resync", ({ snapshot, reason }) => [
  snapshot.epoch.length,
  snapshot.accounts,
  reason === "start",
]);
client.on("frame", ({ flag }) => flag === "gap");
// @ts-expect-error no message has this type
client.on("notifications", () => {});
// @ts-expect-error a balance has no title
client.on("balance_update", ({ title }) => title);

export async function ask(): Promise<unknown[]> {
  const rate: Rate = (await client.request({ type: "join_room", room: "market:crypto" })).data.rate;
  const positions: Record<string, Position> = (await client.request({ type: "ping" })).data
    .positions;
  // @ts-expect-error a command has no such field
  await client.request({ type: "join_room", rooom: "market:crypto" });
  // @ts-expect-error an ack names its offset
  await client.request({ type: "ack", stream: "user:1" });
  const types: SubscriptionType[] = [
    ...(await client.subscribe(["balance"])),
    ...(await client.unsubscribe()),
  ];
  const page = await client.api<{ results: { id: string }[] }>(
    "GET",
    "/api/v1/notifications",
    undefined,
    { "X-Request-ID": "1" },
  );
  const [room] = await client.join("market:crypto", { rate: "5s" });
  return [
    rate,
    positions,
    types,
    page.results[0]?.id.length,
    room?.snapshot,
    (await client.listRooms()).joined,
    await client.ping(),
  ];
}
ask().catch((error: unknown) => {
  if (error instanceof ServerError) return error.code === "unknown_room" && error.retryable;
  if (error instanceof DisconnectedError) return error.code === 4401 && error.reason;
  return error instanceof ApiError ? error.status : error instanceof TimeoutError;
});

const inbox = new Inbox(client, { pageSize: 10 });
inbox.addEventListener("arrived", ({ detail }) => detail.priority === "urgent");
inbox.load().then(() => inbox.markRead(inbox.items[0]?.id ?? ""));
const preferences = new Preferences(client);
preferences
  .set("category:savings", "push", false)
  .then(() => preferences.value?.matrix[0]?.kinds[0]?.channels.push?.locked);
const market = new Market(client);
market
  .candles("BTC-USD", { interval: "1m", limit: 300 })
  .then(({ next }) => market.candles("BTC-USD", { interval: "1m", cursor: next ?? "" }))
  .then(({ candles }) => candles.map(({ close, revision }) => [close, revision]));
// @ts-expect-error there are no candles of two minutes
market.candles("BTC-USD", { interval: "2m" });
market.alerts
  .create({ symbol: "BTC-USD", kind: "price_above", threshold: "65000", if_true: "fire" })
  .then(({ id, version }) => market.alerts.update(id, { version, paused: true }));
market.alerts.list({ symbol: "BTC-USD" }).then(([alert]) => alert?.state === "armed");
market.watchlists
  .create({ name: "Mine", symbols: ["BTC-USD"] })
  .then(({ id }) => market.watchlists.remove(id));
market.feeds().then(([feed]) => feed?.delayed);
const payees = new Payees(client);
payees.addEventListener("change", () => payees.items?.map(({ name, verdict }) => [name, verdict]));
payees
  .add("mtn", "UGX", "+256772123456", "Amina Nakato")
  .then(({ id, shown_name }) => (shown_name ? payees.confirm(id, shown_name) : payees.remove(id)));
const payments = new Payments(client);
const order = { account_id: "7", provider: "mtn", kind: "payout", amount: "500" } as const;
payments
  .create({ ...order, msisdn: "+256772123456", name_confirmed: true, shown_name: "Amina N." })
  .then(({ stage }) => (stage.may_cancel ? payments.cancel(stage.id) : payments.get(stage.id)));
payments
  .methods({ language: "sw" })
  .then(({ providers }) => providers[0]?.kinds.collect?.includes("UGX"));
payments.retry("7").then(({ stage }) => stage.reason?.code);
const devices = new Devices(client);
devices.list().then(([device]) => devices.signOut(device.is_current ? "" : device.id));
devices.signOutOthers().then((count) => count.toFixed());
const push = createPush(client, { url: "/push-worker.js" });
push.onopen = ({ id, url, action }) => [id, url, action.length];
push.turnOn().then((state) => (state === "on" ? push.test() : push.renew()));
openSettings(client, { lang: "sw", push }).then(() => preferences.close());
const bell = document.querySelector("hoardrun-bell");
bell?.addEventListener("hoardrun-action", ({ detail }) => detail.action === "was_me" && detail.url);
bell?.addEventListener("hoardrun-open", ({ detail }) => [
  detail.title,
  bell.inbox?.counts.unread,
  client.counts?.unseen,
  detail.stored === false,
]);
