// Push to this browser: whether it is on, turning it on and off, and what of it is shown.
// pushworker.js shows the messages, and works without a window.

import { exclusively } from "./parts.js";
import { scriptUrl } from "./shared.js";

const PATH = "/api/v1/push";
const STORE = "hoardrun-push"; // what the worker knows too
const SCOPE = "hoardrun-push/"; // of its own: ours takes no page from a worker of the site
const LANGUAGES = ["en", "sw", "fr", "lg"];
const KEPT = 500; // ids of notifications that this page has
const made = new WeakMap();

export function createPush(client, options = {}) {
  if (!made.has(client)) made.set(client, new BrowserPush(client, options));
  return made.get(client);
}

class BrowserPush {
  /** @type {(() => unknown) | null} */
  onchange = null;
  /** @type {((opened: { id: string, url: string, action: string }) => unknown) | null} */
  onopen = null;

  #client;
  #options;
  #user = "";
  #has = new Set();
  #meet;
  #met = new Promise((resolve) => (this.#meet = resolve)); // the user is known

  constructor(client, options) {
    this.#client = /** @type {import("./client.js").Client} */ (client);
    this.#options = options;
    const handlers = {
      connection_established: (_) => this.#greeted(),
      notification: ({ id }) => this.#got([id]),
      notification_updated: ({ notifications }) => this.#updated(notifications),
      notification_counts: ({ unread }) => this.#counted(unread),
      resync: ({ snapshot }) => this.#restarted(snapshot),
      reset: (_) => this.#reset(),
    };
    // What a handler returned would be waited for before the event is acknowledged.
    const run = async (handle, data) => handle(data);
    for (const [type, handle] of Object.entries(handlers))
      client.on(type, (data) => void run(handle, data).catch(reportError));
    if (client.greeting) this.#greeted().catch(reportError);
    if (client.counts) this.#counted(client.counts.unread).catch(reportError);
    const { serviceWorker } = globalThis.navigator ?? {};
    serviceWorker?.addEventListener("message", (event) => this.#asked(event));
    serviceWorker?.startMessages();
  }

  async state() {
    const { navigator, PushManager, Notification } = globalThis;
    if (!navigator?.serviceWorker || !PushManager || !Notification)
      return /** @type {any} */ (navigator)?.standalone === false ? "install" : "unsupported";
    if (Notification.permission === "denied") return "denied";
    const isAllowed = Notification.permission === "granted";
    return isAllowed && this.#isOurs(await this.#recall()) ? "on" : "off";
  }

  async turnOn() {
    // Before anything is waited for: browsers ask within a gesture only.
    const permission = await globalThis.Notification?.requestPermission();
    if (permission === "granted" && globalThis.PushManager) await this.#subscribe();
    return this.#changed();
  }

  async turnOff() {
    await this.#leave();
    return this.#changed();
  }

  async renew() {
    if ((await this.state()) !== "on") return;
    await this.#met; // another user may be here by now
    if ((await this.state()) === "on") await this.#subscribe();
  }

  async test() {
    const { id } = await this.#recall();
    await this.#client.api("POST", `${PATH}/subscriptions/${encodeURIComponent(id)}/test`);
  }

  #changed() {
    this.onchange?.();
    return this.state();
  }

  // -- the subscription

  get #worker() {
    const { url } = this.#options;
    if (url) return new URL(url, location.href);
    const api = new URL(`${this.#client.apiUrl}/`);
    return new URL("push-worker.js", api.origin === location.origin ? api : location.origin);
  }

  get #scope() {
    return String(new URL(SCOPE, this.#worker));
  }

  #subscribe() {
    return exclusively(STORE, async () => {
      const { key_id, public_key } = await this.#client.api("GET", `${PATH}/key`);
      const { pushManager } = await this.#registered();
      let found = await pushManager.getSubscription();
      if (found && keyOf(found) !== public_key) {
        await found.unsubscribe(); // it was made with a key of before
        found = null;
      }
      found ??= await pushManager.subscribe({
        userVisibleOnly: true,
        applicationServerKey: public_key,
      });
      const { device = `browser-${crypto.randomUUID().slice(0, 8)}` } = await this.#recall();
      const { endpoint, keys } = found.toJSON();
      const { locale = spoken() } = this.#options;
      const told = { endpoint, keys, key_id, device, locale };
      const { id, user, renewal } = await this.#client.api("POST", `${PATH}/subscriptions`, told);
      const api = this.#client.apiUrl;
      await this.#remember({ owner: user, user, id, renewal, device, public_key, key_id, api });
    });
  }

  async #registered() {
    const registration = await navigator.serviceWorker.register(scriptUrl(this.#worker), {
      scope: this.#scope,
      updateViaCache: "none",
    });
    const starting = registration.installing ?? registration.waiting;
    if (!registration.active)
      await new Promise((resolve, reject) => {
        starting.addEventListener("statechange", () => {
          if (starting.state === "activated") resolve(starting);
          if (starting.state === "redundant") reject(new Error("The push worker does not start."));
        });
      });
    return registration;
  }

  async #registration() {
    const scope = this.#scope;
    const found = await globalThis.navigator?.serviceWorker?.getRegistration(scope);
    return found?.scope === scope ? found : undefined; // or it is one of the site
  }

  /** Nothing of a user stays behind in the browser. It needs no login, which may be over. */
  #leave() {
    return exclusively(STORE, async () => {
      const { api, renewal } = await this.#recall();
      await this.#remember(null);
      await this.#close(() => true);
      const registration = await this.#registration();
      const found = await registration?.pushManager.getSubscription();
      await found?.unsubscribe();
      if (!renewal) return;
      const told = { method: "POST", keepalive: true, credentials: /** @type {const} */ ("omit") };
      const headers = { "Content-Type": "application/json" };
      const body = JSON.stringify({ token: renewal });
      // Unheard, the server learns it from the push service, at the next message.
      await fetch(`${api}${PATH}/leave`, { ...told, headers, body }).catch(() => {});
    });
  }

  // -- what the worker knows too

  async #recall() {
    const kept = await globalThis.caches?.match(this.#scope, { cacheName: STORE });
    return (await kept?.json()) ?? {};
  }

  async #remember(known) {
    const store = await caches.open(STORE);
    if (known) await store.put(this.#scope, new Response(JSON.stringify(known)));
    else await store.delete(this.#scope);
  }

  #isOurs({ owner }, user = this.#user) {
    return Boolean(owner) && (!user || owner === user);
  }

  /** Say whose page was here last: the worker shows nobody what is another's. */
  #arrive(user) {
    return exclusively(STORE, async () => {
      const known = await this.#recall();
      if (known.owner && known.user !== user) await this.#remember({ ...known, user });
    });
  }

  async #greeted() {
    const stream = Object.keys(this.#client.positions).find((name) => name.startsWith("user:"));
    const user = stream?.slice("user:".length) ?? "";
    if (user === this.#user) return;
    this.#user = user;
    this.#meet();
    await this.#arrive(user);
    this.onchange?.();
  }

  async #reset() {
    const user = this.#user;
    this.#user = "";
    this.#has.clear();
    badge(0);
    const known = await this.#recall();
    if (this.#isOurs(known, user)) await this.turnOff();
    else await this.#arrive(known.owner);
  }

  // -- what is shown

  #got(ids) {
    for (const id of ids) this.#has.add(id);
    for (const id of this.#has) if (this.#has.size > KEPT) this.#has.delete(id);
  }

  #updated(states) {
    const over = states.filter(({ deleted, status }) => deleted || status !== "unread");
    const ids = new Set(over.map(({ id }) => id));
    return this.#close(({ tag }) => ids.has(tag));
  }

  async #counted(unread) {
    badge(unread);
    if (!unread) await this.#close(({ tag, data }) => data?.id === tag && /^\d+$/.test(tag));
  }

  async #restarted({ counts, notifications = [] }) {
    this.#got(notifications.map(({ id }) => id));
    if (counts) await this.#counted(counts.unread);
  }

  /** Let the worker close what is over: it knows then that nobody has swept it away. */
  async #close(isOver) {
    const registration = await this.#registration();
    const shown = (await registration?.getNotifications()) ?? [];
    const tags = shown.filter(isOver).map(({ tag }) => tag);
    if (tags.length) registration.active?.postMessage({ hoardrun: "close", tags });
  }

  /** The worker asks whether this page has a notification, or says that it was clicked. */
  #asked({ data, ports }) {
    if (!this.#user || data?.user !== this.#user) return;
    if (data.hoardrun === "has") ports[0].postMessage(this.#has.has(data.id));
    const { id, url, action = "" } = data;
    if (data.hoardrun === "open") this.onopen?.({ id, url, action });
  }
}

/** Absolute, never one more or less: whoever was away is right again at once. */
function badge(unread) {
  globalThis.navigator?.setAppBadge?.(unread).catch(() => {}); // only apps on a home screen have one
}

/** The first language of the browser that the server has texts in. */
function spoken() {
  return navigator.languages.find((tag) => LANGUAGES.includes(tag.split("-")[0])) ?? "";
}

/** The key that a subscription was made with, as the server writes it. */
function keyOf({ options }) {
  const bytes = new Uint8Array(options.applicationServerKey ?? []);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
