/** The length of a candle. */
export type Interval = "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d" | "1w" | "1M";

/** One candle; all numbers are exact texts. */
export interface Candle {
  /** When it begins; of a day or longer, its first date at midnight in UTC. */
  time: string;
  open: string;
  high: string;
  low: string;
  close: string;
  /** Null where the source tells none. */
  volume: string | null;
  trades: number | null;
  /** A running candle still changes. */
  closed: boolean;
  /** Counts the corrections after it had closed. */
  revision: number;
  /** It has changed since it was first closed. */
  revised: boolean;
  /** Made of quoted prices: no trades are known. */
  indicative: boolean;
  source: string;
}

export interface CandlePage {
  symbol: string;
  interval: Interval;
  decimals: number;
  currency: string;
  /** Ascending, each time once; times without a trade are missing. */
  candles: Candle[];
  /**
   * Continues as `cursor`, with the rest of the query as it was: towards newer ones if `from` was
   * given, else older ones.
   */
  next: string | null;
}

export interface CandleQuery {
  interval: Interval;
  from?: string;
  to?: string;
  /** At most 1,000; by default 300. */
  limit?: number;
  cursor?: string;
  /** `previous` repeats the close where nothing was traded. */
  fill?: "none" | "previous";
}

export type AlertKind =
  | "price_above"
  | "price_below"
  | "change_above"
  | "change_below"
  | "volume_above";

/** What an alert is to wait for. */
export interface NewPriceAlert {
  symbol: string;
  kind: AlertKind;
  threshold: string;
  /** Of a change alone. */
  window?: "24h" | "1h" | "session";
  mode?: "once" | "repeat";
  /** How far a price must go back before the alert can fire again. */
  hysteresis?: string;
  cooldown_seconds?: number;
  note?: string;
  /** Also in quiet hours. */
  urgent?: boolean;
  expires_at?: string;
  /** What becomes of one that is so already: by default it is refused with 409. */
  if_true?: "refuse" | "fire";
}

export interface PriceAlert {
  id: string;
  symbol: string;
  kind: AlertKind;
  threshold: string;
  window: "24h" | "1h" | "session" | null;
  mode: "once" | "repeat";
  hysteresis: string | null;
  cooldown_seconds: number;
  note: string;
  urgent: boolean;
  expires_at: string | null;
  /** It counts from `armed` on. */
  state: "pending" | "armed" | "waiting_rearm" | "fired" | "paused" | "expired";
  /** The price is not live, so it cannot fire. */
  suspended: boolean;
  fire_count: number;
  last_fired_at: string | null;
  armed_price: string | null;
  version: number;
  created_at: string;
}

export interface Watchlist {
  id: string;
  name: string;
  /** In the user's order, at most 100. The room `watchlist:<id>` has their quotes. */
  symbols: string[];
  version: number;
  created_at: string;
}

/** How a source of prices does. */
export interface FeedState {
  name: string;
  state: string;
  delayed: boolean;
  since: string | null;
}

/** What the user has several of. Changes name the `version` that they are of. */
export interface Rows<Row, New, Changes, Query> {
  /** All of them, or those of one symbol. */
  list(query?: Query): Promise<Row[]>;
  get(id: string): Promise<Row>;
  create(given: New): Promise<Row>;
  /** Rejects with 412 if the version is not the newest. */
  update(id: string, changes: Changes & { version: number }): Promise<Row>;
  remove(id: string): Promise<void>;
}

/** What asks the HTTP API as the user, such as a `Client`. */
export interface Asks {
  api(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<unknown>;
}

/** Candles, alerts and watchlists; `docs/client.md` shows its use. */
export class Market {
  constructor(client: Asks);
  readonly alerts: Rows<
    PriceAlert,
    NewPriceAlert,
    Partial<Omit<NewPriceAlert, "symbol" | "kind" | "window">> & { paused?: boolean },
    { symbol?: string }
  >;
  readonly watchlists: Rows<
    Watchlist,
    Pick<Watchlist, "name"> & Partial<Pick<Watchlist, "symbols">>,
    Partial<Pick<Watchlist, "name" | "symbols">>,
    Record<string, never>
  >;
  candles(symbol: string, query: CandleQuery): Promise<CandlePage>;
  feeds(): Promise<FeedState[]>;
}
