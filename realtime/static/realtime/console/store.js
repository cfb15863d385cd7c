// What the page knows of the user's money: a snapshot, and every event since.

const QUOTE_HISTORY = 60;
const KEPT = 100;

/** Emits `change` (detail: which part) and `announced` (detail: the announcement). */
export class Store extends EventTarget {
  constructor() {
    super();
    this.clear();
  }

  /** Forget everything. */
  clear() {
    this.accounts = new Map();
    this.transactions = new Map();
    this.announcements = new Map();
    this.quotes = new Map();
    for (const part of ["accounts", "transactions", "announcements", "quotes"]) this.#changed(part);
  }

  /** Take a snapshot over; the client hands over only what is newer. */
  load(snapshot) {
    this.accounts = new Map(
      snapshot.accounts.map((account) => [String(account.id), readAccount(account)]),
    );
    this.transactions = new Map(snapshot.transactions.map((txn) => [String(txn.id), txn]));
    this.announcements = new Map(snapshot.announcements.map((item) => [String(item.id), item]));
    for (const part of ["accounts", "transactions", "announcements"]) this.#changed(part);
  }

  /** Apply one message of the server. */
  apply(message) {
    const data = message.data;
    switch (message.type) {
      case "transaction_update":
        this.transactions.set(String(data.id), {
          ...this.transactions.get(String(data.id)),
          ...given(data),
          fresh: performance.now(),
        });
        this.#trim(this.transactions);
        return this.#changed("transactions");
      case "balance_update": {
        const known = this.accounts.get(String(data.account_id));
        this.accounts.set(String(data.account_id), {
          ...known,
          ...given(readAccount({ ...data, id: data.account_id })),
          name: data.name ?? known?.name,
          type: data.account_type || known?.type,
        });
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
    this.quotes.set(data.symbol, {
      ...data,
      history,
      before: known?.price,
      moved: !known || known.price !== data.price,
    });
  }

  #trim(map) {
    if (map.size <= KEPT) return;
    const oldest = [...map.values()].sort((a, b) =>
      String(a.created_at).localeCompare(String(b.created_at)),
    );
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
  return [...map.values()].sort((a, b) =>
    String(b.created_at || "").localeCompare(String(a.created_at || "")),
  );
}

function readAccount(account) {
  const { id, name, currency, available_balance, current_balance, status, number } = account;
  return {
    id: String(id),
    name,
    number,
    currency,
    available_balance,
    current_balance,
    status,
    type: account.type ?? account.account_type,
  };
}

/** Leave out what a message does not say, so that it does not erase what is known. */
function given(data) {
  return Object.fromEntries(
    Object.entries(data).filter(
      ([, value]) => value !== null && value !== undefined && value !== "",
    ),
  );
}
