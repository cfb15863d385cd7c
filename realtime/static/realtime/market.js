// Prices over HTTP: candles, and the user's alerts and watchlists.

const MARKET = "/api/v1/market";

/**
 * `client` is what asks the HTTP API as the user. Each method rejects with ApiError. What becomes of
 * an alert is told by `price_alert_changed`, candles by `candle_update` in `candles:<SYMBOL>:<interval>`.
 */
export class Market {
  #client;

  constructor(client) {
    this.#client = client;
    this.alerts = new Rows(client, "/api/v1/price-alerts");
    this.watchlists = new Rows(client, "/api/v1/watchlists");
  }

  /** Read candles, ascending; without `from` the newest. `next` continues as `cursor`. */
  candles(symbol, query) {
    const path = `${MARKET}/${encodeURIComponent(symbol)}/candles`;
    return this.#client.api("GET", path + asked(query));
  }

  /** Read how the sources of prices do. */
  feeds() {
    return this.#client.api("GET", `${MARKET}/feeds`);
  }
}

/** What the user has several of, each with a `version`. */
class Rows {
  #client;
  #path;

  constructor(client, path) {
    this.#client = client;
    this.#path = path;
  }

  /** Read all, or of alerts those of one `symbol`. */
  list(query = {}) {
    return this.#client.api("GET", this.#path + asked(query));
  }

  get(id) {
    return this.#client.api("GET", this.#at(id));
  }

  create(given) {
    return this.#client.api("POST", this.#path, given);
  }

  /** Change what `changes` names; rejects with 412 if it is not of the newest `version`. */
  update(id, changes) {
    return this.#client.api("PATCH", this.#at(id), changes);
  }

  remove(id) {
    return this.#client.api("DELETE", this.#at(id));
  }

  #at(id) {
    return `${this.#path}/${encodeURIComponent(id)}`;
  }
}

function asked(query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}
