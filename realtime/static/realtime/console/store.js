// What the page knows of the user's money: a snapshot, and every event since.

const QUOTE_HISTORY = 60;
const KEPT = 100;

/** Emits `change` (detail: which part) and `arrived` (detail: a new notification). */
export class Store extends EventTarget {
  #held = null;
  #unresolved = new Map(); // stream → offset that the snapshot already contains

  constructor() {
    super();
    this.clear();
  }

  /** Forget everything. */
  clear() {
    this.accounts = new Map();
    this.transactions = new Map();
    this.notifications = new Map();
    this.announcements = new Map();
    this.quotes = new Map();
    this.counts = { unread: 0, unseen: 0 };
    this.#held = null;
    this.#unresolved.clear();
    for (const part of ["accounts", "transactions", "notifications", "announcements", "quotes"]) this.#changed(part);
  }

  /** Keep events back while a snapshot is on its way: it would overwrite what they say. */
  hold() {
    this.#held ??= [];
  }

  /** Take a snapshot over, then what was held back and is newer than it. */
  load(snapshot) {
    this.accounts = new Map((snapshot.accounts || []).map((account) => [String(account.id), readAccount(account)]));
    this.transactions = new Map((snapshot.transactions || []).map((txn) => [String(txn.id), txn]));
    this.notifications = new Map((snapshot.notifications || []).map((note) => [String(note.id), note]));
    this.announcements = new Map((snapshot.announcements || []).map((item) => [String(item.id), item]));
    this.counts = snapshot.counts;
    this.#unresolved = new Map(Object.entries(snapshot.positions).map(([stream, position]) => [stream, position.offset]));
    for (const part of ["accounts", "transactions", "notifications", "announcements"]) this.#changed(part);
    this.release();
  }

  /** Go on after `hold`, with or without a new snapshot. */
  release() {
    const held = this.#held || [];
    this.#held = null;
    for (const message of held) this.apply(message);
  }

  /** Apply one message of the server. */
  apply(message) {
    if (this.#held && message.type !== "market_update") return void this.#held.push(message);
    if (message.stream && message.offset <= (this.#unresolved.get(message.stream) ?? -1)) return;
    const data = message.data;
    switch (message.type) {
      case "notification":
        this.notifications.set(String(data.id), data);
        this.#trim(this.notifications);
        this.#changed("notifications");
        return this.#emit("arrived", data);
      case "notification_updated":
        for (const change of data.notifications) {
          const known = this.notifications.get(String(change.id));
          if (known || change.notification) this.notifications.set(String(change.id), { ...change.notification, ...known, ...change });
        }
        this.#trim(this.notifications);
        return this.#changed("notifications");
      case "notification_counts":
        this.counts = data;
        return this.#changed("notifications");
      case "transaction_update":
        this.transactions.set(String(data.id), { ...this.transactions.get(String(data.id)), ...given(data), fresh: performance.now() });
        this.#trim(this.transactions);
        return this.#changed("transactions");
      case "balance_update": {
        const known = this.accounts.get(String(data.account_id));
        this.accounts.set(String(data.account_id), { ...known, ...given(readAccount({ ...data, id: data.account_id })), name: data.name ?? known?.name, type: data.account_type || known?.type });
        return this.#changed("accounts");
      }
      case "system_announcement":
        this.announcements.set(String(data.id), data);
        this.#changed("announcements");
        return this.#emit("announced", data);
      case "market_update":
        this.#quote(data);
        return this.#changed("quotes");
    }
  }

  /** Take older notifications from the API; what the socket said of them is newer. */
  addNotifications(found) {
    for (const note of found) if (!this.notifications.has(String(note.id))) this.notifications.set(String(note.id), note);
    this.#changed("notifications");
  }

  /** Change notifications at once; the server's own word follows through the socket. */
  patchNotifications(ids, change) {
    for (const id of ids) {
      const known = this.notifications.get(String(id));
      if (known) this.notifications.set(String(id), { ...known, ...change });
    }
    this.#changed("notifications");
  }

  /** Forget prices: no room feeds them any more. */
  clearQuotes() {
    this.quotes.clear();
    this.#changed("quotes");
  }

  #quote(data) {
    const known = this.quotes.get(data.symbol);
    const history = known?.history || [];
    history.push(Number(data.price));
    if (history.length > QUOTE_HISTORY) history.shift();
    this.quotes.set(data.symbol, { ...data, history, before: known?.price, moved: !known || known.price !== data.price });
  }

  #trim(map) {
    if (map.size <= KEPT) return;
    const oldest = [...map.values()].sort((a, b) => String(a.created_at).localeCompare(String(b.created_at)));
    for (const item of oldest.slice(0, map.size - KEPT)) map.delete(String(item.id));
  }

  #changed(part) {
    this.#emit("change", part);
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Newest first. */
export function newest(map) {
  return [...map.values()].sort((a, b) => String(b.created_at || "").localeCompare(String(a.created_at || "")));
}

function readAccount(account) {
  const { id, name, currency, available_balance, current_balance, status, number } = account;
  return { id: String(id), name, number, currency, available_balance, current_balance, status, type: account.type ?? account.account_type };
}

/** Leave out what a message does not say, so that it does not erase what is known. */
function given(data) {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null && value !== undefined && value !== ""));
}
