// Shows push messages: a service worker, or a part of one, which imports it by
// `importScripts("…/static/realtime/pushworker.js")`. docs/client.md shows its use.
// It imports nothing itself: Firefox has had modules in service workers for a short while only.

(() => {
  const worker = /** @type {any} */ (self);
  const STORE = "hoardrun-push"; // what push.js knows too
  const ANSWER_MS = 200; // a page that is frozen does not answer; after a click, browsers wait a second
  const PAUSES_MS = [0, 1000, 5000];
  const closing = new Set(); // tags, by us: nobody has swept them away
  // Firefox tells of the end of each, also of one that was replaced or whose time was over.
  const tellsOfPeople = !/ Firefox\//.test(worker.navigator.userAgent);
  // What is shown where nothing may be told, or nothing can be read.
  const NEUTRAL = {
    en: ["New message", "Open the app to read it."],
    sw: ["Ujumbe mpya", "Fungua programu uusome."],
    fr: ["Nouveau message", "Ouvrez l’application pour le lire."],
    lg: ["Obubaka obupya", "Ggulawo app obusome."],
  };

  worker.addEventListener("push", (event) => event.waitUntil(pushed(event)));
  worker.addEventListener("notificationclick", (event) => {
    close(event.notification);
    const { notification, action } = event;
    const { data } = notification;
    event.waitUntil(Promise.all([open(data ?? {}, action), receipt(data, "clicked", action)]));
  });
  worker.addEventListener("notificationclose", (event) => {
    const { tag, data } = event.notification;
    if (!closing.delete(tag) && tellsOfPeople) event.waitUntil(receipt(data, "dismissed"));
  });
  worker.addEventListener("message", (event) => {
    if (event.data?.hoardrun === "close") event.waitUntil(closeAll(event.data.tags));
  });
  worker.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

  // -- showing

  /** Every path shows something: a browser ends a subscription whose messages stay unseen. */
  async function pushed(event) {
    const { said, badge } = read(event);
    try {
      const known = await recall();
      // Where another user is by now, or nobody, it tells them nothing, and proves nothing.
      const isOurs = known.owner && known.user === said.data.user;
      if (!isOurs || !said.title) return neutral(said);
      await worker.registration.showNotification(said.title, await options(said));
    } catch {
      return neutral(said); // what cannot be read or shown
    }
    if (badge !== undefined) worker.navigator.setAppBadge?.(badge).catch(() => {});
    await receipt(said.data, "displayed");
  }

  /** Read declarative JSON, or what a browser has read of it already. */
  function read({ data, notification, appBadge }) {
    if (notification) return { said: notification, badge: appBadge ?? undefined };
    try {
      const { notification: said, app_badge: badge } = data.json();
      return { said: said ?? {}, badge };
    } catch {
      return { said: {} };
    }
  }

  async function options(said) {
    const { body, lang, dir, tag, renotify, timestamp, navigate, data, actions = [] } = said;
    const { id, user } = data;
    const url = ownPath(navigate) ?? ownPath(data.url) ?? "/";
    closing.delete(tag);
    const seen = (await pages(user, id)).some(
      ({ page, has }) => has && page.visibilityState === "visible",
    );
    return {
      body,
      lang,
      dir: dir || "auto",
      tag,
      renotify: Boolean(renotify && tag),
      silent: seen, // a page has just shown it
      ...(timestamp && { timestamp }),
      actions: actions.map(({ action, title }) => ({ action, title })),
      data: { ...data, url },
    };
  }

  function neutral({ lang, tag }) {
    const language = String(lang || worker.navigator.language).split("-")[0];
    const [title, body] = NEUTRAL[language] ?? NEUTRAL.en;
    const options = { body, lang: NEUTRAL[language] ? language : "en", tag: tag || "hoardrun" };
    return worker.registration.showNotification(title, options);
  }

  async function closeAll(tags) {
    const shown = await worker.registration.getNotifications();
    for (const one of shown) if (tags.includes(one.tag)) close(one);
  }

  function close(shown) {
    closing.add(shown.tag);
    shown.close();
  }

  // -- pages

  /** Ask all windows of a user whether they have a notification. */
  async function pages(user, id) {
    const all = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
    const answers = await Promise.all(
      all.map(async (page) => ({ page, has: await ask(page, { hoardrun: "has", user, id }) })),
    );
    return answers.filter(({ has }) => has !== null); // pages of others do not answer
  }

  function ask(page, question) {
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      setTimeout(resolve, ANSWER_MS, null);
      page.postMessage(question, [port2]);
    });
  }

  /** Bring a page of the same user to the front, or open one, of our own origin only. */
  async function open({ user, id, url }, action) {
    const [found] = user ? await pages(user, id) : [];
    const place = new URL(ownPath(url) ?? "/", worker.location.origin);
    // Made here, not read: the public address may be another one than the page's.
    if (action) {
      place.searchParams.append("notification", id);
      place.searchParams.append("action", action);
    }
    const path = place.pathname + place.search + place.hash;
    if (!found) return worker.clients.openWindow(path);
    await found.page.focus();
    found.page.postMessage({ hoardrun: "open", user, id, url: path, action });
  }

  /** Return a place of our own origin as a path; undefined for any other. */
  function ownPath(place) {
    if (!place || /(^|[/\\])(\.|%2e){2}([/\\]|$)/i.test(place)) return;
    try {
      const { origin, pathname, search, hash } = new URL(place, worker.location.origin);
      return origin === worker.location.origin ? pathname + search + hash : undefined;
    } catch {
      return;
    }
  }

  // -- telling the server, which needs no login: what it gets is signed by itself

  async function receipt(data, event, action) {
    const { api } = await recall();
    const told = { token: data?.receipt, event, ...(action && { action }) };
    if (api && told.token) await post(`${api}/api/v1/receipts`, told);
  }

  /** The browser has changed the subscription, perhaps while no window is open. */
  async function renew({ newSubscription }) {
    const known = await recall();
    if (!known.owner) return;
    const { pushManager } = worker.registration;
    const found =
      newSubscription ??
      (await pushManager.getSubscription()) ??
      (await pushManager.subscribe({
        userVisibleOnly: true,
        applicationServerKey: known.public_key,
      }));
    const { endpoint, keys } = found.toJSON();
    const told = { token: known.renewal, endpoint, keys, key_id: known.key_id };
    const answer = await post(`${known.api}/api/v1/push/renew`, told);
    // Refused or unheard, the next start of the page registers it.
    if (answer?.ok) await remember({ ...known, ...(await answer.json()) });
  }

  /** Post, again where the network or the server fails; resolves to the answer, if there is one. */
  async function post(url, body) {
    for (const pause of PAUSES_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const answer = await fetch(url, {
        method: "POST",
        keepalive: true,
        credentials: "omit",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }).catch(() => null);
      if (answer && answer.status < 500) return answer;
    }
  }

  async function recall() {
    const kept = await caches.match(worker.registration.scope, { cacheName: STORE });
    return (await kept?.json()) ?? {};
  }

  async function remember(known) {
    const store = await caches.open(STORE);
    await store.put(worker.registration.scope, new Response(JSON.stringify(known)));
  }
})();
