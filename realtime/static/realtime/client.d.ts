// The wire of /ws/notifications, and the client for it.
// Written by `manage.py export_protocol` from realtime/protocol; do not edit it by hand.

export type NotificationType =
  | "transaction"
  | "security"
  | "account"
  | "payment"
  | "savings"
  | "kyc"
  | "system"
  | "marketing"
  | "reminder"
  | "market";

export type Priority =
  | "low"
  | "medium"
  | "high"
  | "urgent";

export type NotificationStatus =
  | "unread"
  | "read"
  | "archived";

export type Channel =
  | "in_app"
  | "email"
  | "sms"
  | "push";

export type Severity =
  | "info"
  | "maintenance"
  | "service"
  | "emergency";

export type Rate =
  | "realtime"
  | "1s"
  | "5s";

export type SubscriptionType =
  | "transaction"
  | "security"
  | "account"
  | "payment"
  | "savings"
  | "kyc"
  | "system"
  | "marketing"
  | "reminder"
  | "market"
  | "balance";

/** Why the server closes, and what the client does next. */
export type CloseCode =
  /** WebSocket protocol error: do not reconnect, the client is wrong. */
  | 1002
  /** send text, not binary: do not reconnect, the client is wrong. */
  | 1003
  /** text is not UTF-8: do not reconnect, the client is wrong. */
  | 1007
  /** message too large: do not reconnect, the client is wrong. */
  | 1009
  /** server restarts: reconnect after reconnect_after_ms, and resume. */
  | 1012
  /** protocol misuse: do not reconnect, the client is wrong. */
  | 4400
  /** token missing, invalid or expired: get a new token, then reconnect. */
  | 4401
  /** access revoked: do not reconnect. */
  | 4403
  /** timed out: reconnect, and resume. */
  | 4408
  /** replaced by a newer connection: do not reconnect by itself, the user has too many connections; a page may, once somebody looks at it again. */
  | 4409
  /** too many messages: back off, then reconnect. */
  | 4429
  /** reads too slowly: reconnect, and resume. */
  | 4503;

/** The `code` of an `error`. */
export type ErrorCode =
  | "invalid_json"
  | "invalid_message"
  | "unknown_type"
  | "message_too_large"
  | "binary_not_supported"
  | "rate_limited"
  | "unauthenticated"
  | "invalid_token"
  | "unknown_room"
  | "too_many_rooms"
  | "not_joined"
  | "unknown_stream"
  | "invalid_offset"
  | "internal";

/** Ask for a sign of life, and up to where this socket was sent each stream. */
export interface Ping {
  /** Which command this is. */
  type: "ping";
  /** Comes back in every answer to this command. */
  id?: string | null;
}

/**
 * Join rooms; `rate` limits market data to the newest value per symbol and interval.
 *
 * Each room is answered by `room_joined` or an `error`. One `error` lists in `rooms` all that
 * do not exist or are closed to the user, which look alike. A room beyond `limits.max_rooms`
 * has an `error` of its own. Every five rooms of a command count as one more message.
 */
export interface JoinRoom {
  /** Which command this is. */
  type: "join_room";
  /** One room. */
  room?: string | null;
  /** Several rooms, in place of `room`. */
  rooms?: string[] | null;
  /** Highest rate of one key's value: `realtime` as it is made, `1s` or `5s` once in that time. */
  rate?: Rate;
  /** Comes back in every answer to this command. */
  id?: string | null;
}

/**
 * Leave rooms; one `error` lists in `rooms` all that were not joined.
 *
 * Every five rooms of a command count as one more message.
 */
export interface LeaveRoom {
  /** Which command this is. */
  type: "leave_room";
  /** One room. */
  room?: string | null;
  /** Several rooms, in place of `room`. */
  rooms?: string[] | null;
  /** Comes back in every answer to this command. */
  id?: string | null;
}

/** Ask which rooms there are and which are joined. */
export interface ListRooms {
  /** Which command this is. */
  type: "list_rooms";
  /** Comes back in every answer to this command. */
  id?: string | null;
}

/** Add to the types this socket is sent; nothing subscribed means everything. */
export interface SubscribeNotifications {
  /** Which command this is. */
  type: "subscribe_notifications";
  /** Types to add. */
  types: SubscriptionType[];
  /** Comes back in every answer to this command. */
  id?: string | null;
}

/** Take types out of the subscription; without `types`, all of them. */
export interface UnsubscribeNotifications {
  /** Which command this is. */
  type: "unsubscribe_notifications";
  /** Types to take out; null: all. */
  types?: SubscriptionType[] | null;
  /** Comes back in every answer to this command. */
  id?: string | null;
}

/** Say that everything of `stream` up to and including `offset` has been applied. */
export interface Ack {
  /** Which command this is. */
  type: "ack";
  /** The stream's name. */
  stream: string;
  /** The last event that was applied; all before it count as applied too. */
  offset: number;
  /** Comes back in every answer to this command. */
  id?: string | null;
}

/**
 * Say whether the person is there. Send it on each change, and anew on each connection.
 *
 * `active`: the page is visible and focused, and had input within the last minute. A socket that
 * has said nothing counts as one whose person is away.
 */
export interface Presence {
  /** Which command this is. */
  type: "presence";
  /** `active` or `away`. */
  state: "active" | "away";
  /** Comes back in every answer to this command. */
  id?: string | null;
}

/** Log in, or renew the login of a live socket, with an access token. */
export interface Authenticate {
  /** Which command this is. */
  type: "authenticate";
  /** An access token. */
  token: string;
  /** Comes back in every answer to this command. */
  id?: string | null;
}

/**
 * The user's rights have changed; the server closes the connections that must end.
 *
 * `logout` and `closed` name the session or the connection that they concern; without a name,
 * all of the user's.
 */
export interface AccessChanged {
  /** The change; `closed`: staff closed connections. */
  change: "account" | "closed" | "logout" | "password" | "rights";
  /** The login that it concerns; null: all of the user's. */
  session?: string | null;
  /** The connection that it concerns; null: all of the user's. */
  connection_id?: string | null;
  /** True if a connection that this closes may come back. */
  reconnect?: boolean;
}

/** A node's report of itself; in the room `nodes`, for staff. */
export interface NodeReport {
  /** The node's id, another after each start. */
  id: string;
  /** Its host and process, for people. */
  node: string;
  /** The machine's name. */
  host: string;
  /** The process. */
  pid: number;
  /** The version of hoardrun. */
  version: string;
  /** Seconds since it began to serve. */
  uptime_seconds: number;
  /** Its sockets, those without a login included. */
  connections: number;
  /** Users that have a socket here. */
  users: number;
  /** Rooms that have a socket here. */
  rooms: number;
  /** Messages from clients, a second, since the last report. */
  in_per_second: number;
  /** Messages to clients, a second, since the last report. */
  out_per_second: number;
  /** Wake-ups that could not be sent, since its start; the log made each good. */
  dropped: number;
  /** Sockets closed for reading too slowly, since its start. */
  slow_closed: number;
  /** Delay of its event loop, on average. */
  lag_ms: number;
  /** The memory that it holds, in millions of bytes. */
  rss_mb: number;
}

/** The greeting. Hand `epoch` back, with the offsets reached, to resume. */
export interface ConnectionEstablished {
  /** A sentence for people. */
  message?: string;
  /** The user that is logged in. */
  user_id: string;
  /** Names this connection in logs and in the admin. */
  connection_id: string;
  /** The version of this protocol. */
  protocol_version: number;
  /** The version of hoardrun. */
  server_version: string;
  /** Time between two pings of the server; see "Signs of life". */
  heartbeat_seconds: number;
  /** Time at which the login ends; `token_expiring` comes before. */
  expires_at: string | null;
  /** The limits of this connection. */
  limits: Limits;
  /** The place at which each stream of this connection begins: later events are sent. */
  positions: Record<string, Position>;
  /** The epochs of all streams in one text, to hand back as `epoch` with `since`. */
  epoch: string;
  /** The name that the handshake gave, null without one. */
  device?: string | null;
}

/** The limits of one connection. */
export interface Limits {
  /** The longest message in UTF-8; a longer one closes with 1009. */
  max_message_bytes: number;
  /** Messages from the client a second, on average. */
  max_messages_per_second: number;
  /** Messages from the client at once. */
  max_message_burst: number;
  /** Rooms that it may be in at a time. */
  max_rooms: number;
  /** Sockets that its user may have; beyond them the oldest is closed. */
  max_connections: number;
}

/** A place in a stream: an offset, and the epoch that it belongs to. */
export interface Position {
  /** The last event's number in the stream. */
  offset: number;
  /** The life of the stream that the offset belongs to. */
  epoch: string;
}

/**
 * The answer to `ping`: up to where this socket was sent each stream, or had it filtered.
 *
 * All of that was sent before it. Without a filter, an offset above the last one that came
 * is a gap: reconnect with `since`. With one, what lies between was left out: go on there.
 */
export interface Pong {
  /** By stream: the last offset that this socket was sent or had filtered. */
  positions: Record<string, Position>;
}

/** The room was joined; its next `snapshot` messages are its newest values. */
export interface RoomJoined {
  /** The room's name. */
  room: string;
  /** Highest rate of one key's value: `realtime` as it is made, `1s` or `5s` once in that time. */
  rate: Rate;
  /** Number of messages with the newest values that come next. */
  snapshot: number;
}

/** The room was left: by `request`, or because its user may be in it no longer (`revoked`). */
export interface RoomLeft {
  /** The room's name. */
  room: string;
  /** `request`: the client asked for it; `revoked`: the user may be in it no longer. */
  reason?: "request" | "revoked";
}

/** The rooms that may be joined, and those that are. */
export interface Rooms {
  /** Those that this user may join. */
  rooms: RoomInfo[];
  /** Those that this socket is in. */
  joined: string[];
}

/** One room that may be joined. */
export interface RoomInfo {
  /** The room's name, as `join_room` takes it. */
  name: string;
  /** Rooms of one kind have the same messages. */
  kind: string;
  /** A description for people. */
  description: string;
  /** True if this socket is in it. */
  joined: boolean;
}

/** The types of event that this socket is sent; empty means all. */
export interface SubscriptionUpdated {
  /** All types of the filter, in alphabetical order. */
  types: SubscriptionType[];
}

/** The acknowledgement is stored. */
export interface Acked {
  /** The stream's name. */
  stream: string;
  /** The offset that was acknowledged; another ack may have moved the cursor further. */
  offset: number;
}

/** What the client says of its person is noted. */
export interface PresenceUpdated {
  /** The state that it has now. */
  state: "active" | "away";
}

/** The login was renewed until `expires_at`. */
export interface Authenticated {
  /** The user that is logged in. */
  user_id: string;
  /** Time at which the login ends now. */
  expires_at: string | null;
}

/** The login ends soon: send `authenticate` with a new token, or be closed with 4401. */
export interface TokenExpiring {
  /** Time at which the login ends. */
  expires_at: string;
  /** The time until then. */
  seconds: number;
}

/**
 * The stream cannot be continued: take a snapshot, and go on from the snapshot's positions.
 *
 * One snapshot is enough for several of these, if it is asked for after the last.
 */
export interface ResyncRequired {
  /** The stream's name. */
  stream: string;
  /** Its past is trimmed, your offset is above its head, or it began anew. */
  reason: "ahead" | "epoch" | "trimmed";
  /** This socket is sent what is above it; acknowledge only what is above it. */
  position: Position;
  /** The epochs of all streams now, in place of the greeting's. */
  epoch: string;
  /** The path of the snapshot to take, relative to the server's address. */
  snapshot: string;
  /** Ask for it after this time, as many others take one too; 0 is at once. */
  snapshot_after_ms?: number;
}

/** This node is about to close the connection; others serve. */
export interface ServerShutdown {
  /** Time after which to reconnect. */
  reconnect_after_ms: number;
}

/** A request failed; nothing was changed by it. */
export interface ErrorData {
  /** The kind of error, for programs. */
  code: ErrorCode;
  /** The mistake and its remedy, for people. */
  message: string;
  /** True if the same request may succeed later. */
  retryable: boolean;
  /** The rooms of the command that this is about, if it is about rooms. */
  rooms?: string[];
}

/**
 * A notification in the user's inbox, new or sent again.
 *
 * `stored` is false for one that is an event only: no inbox has it and no count includes it.
 * It is left out otherwise.
 */
export interface Notification {
  /** Its number in the inbox, or a random name where `stored` is false. */
  id: string;
  /** One line of plain text. */
  title: string;
  /** Plain text; show it as text, never as markup. */
  message: string;
  /** The subject; subscriptions filter by it. */
  type?: NotificationType;
  /** What happened, finer than the type, such as `transaction.debit`; `<type>.general` for one that has no kind of its own. New ones may come at any time. */
  kind?: string;
  /** The urgency; `urgent` asks to be shown at once. */
  priority?: Priority;
  /** The state: unread, read or archived. */
  status?: NotificationStatus;
  /** The sender's wish; what its kind demands and what the user chose decide. */
  channels?: Channel[];
  /** The sender's attachment: a JSON object without a schema. */
  metadata?: Record<string, unknown>;
  /** Time at which it was created. */
  created_at: string;
  /** Time at which a list that contains it was first shown, if it was. */
  seen_at?: string | null;
  /** Time at which it was read, if it was. */
  read_at?: string | null;
  /** Time that its sending waited for, if any. */
  scheduled_at?: string | null;
  /** Time from which it is out of date, and no longer counts as unread. */
  expires_at?: string | null;
  /** Time at which the user pinned it; null if it is not pinned. */
  pinned_at?: string | null;
  /** Time until which it is out of sight and out of the counts; null if it is not snoozed. */
  snoozed_until?: string | null;
  /** False: an event only, in no inbox and in no count. Left out otherwise. */
  stored?: boolean;
}

/** Notifications changed or were deleted, on any device of the user or by staff. */
export interface NotificationUpdated {
  /** Those that changed, each with its whole state. */
  notifications: NotificationState[];
}

/**
 * A change of one notification: its state, and with `notification` its content.
 *
 * `notification` is the whole of one whose content changed, or that is unread again: a client
 * that began while it was not does not have it. It replaces what the client has. `deleted` is
 * true of one that no longer exists, and left out otherwise; its `status` is then `archived`,
 * so that a client which does not know the field hides it.
 */
export interface NotificationState {
  /** The notification's id. */
  id: string;
  /** The state now. */
  status: NotificationStatus;
  /** Time at which it was first shown, if it was. */
  seen_at?: string | null;
  /** Time at which it was read, if it was. */
  read_at?: string | null;
  /** The whole of one that is unread again, or whose content changed; null otherwise. */
  notification?: Notification | null;
  /** True of one that no longer exists; left out otherwise. */
  deleted?: boolean;
}

/**
 * An announcement to everybody; it replaces what the client has under its `id`.
 *
 * It is sent again when it is edited, and with `ends_at` in the past when it is over,
 * withdrawn or deleted.
 */
export interface SystemAnnouncement {
  /** The announcement's id; one that is sent again keeps it. */
  id: string;
  /** One line of plain text. */
  title: string;
  /** Plain text; show it as text, never as markup. */
  message: string;
  /** The urgency; show `emergency` before anything else. */
  severity?: Severity;
  /** Time from which to show it; null: at once. */
  starts_at?: string | null;
  /** Time until which to show it; in the past: it is over. Null: until it is replaced. */
  ends_at?: string | null;
  /** Time at which it was first sent. */
  published_at?: string | null;
}

/** The bell's counts, as the server has them; they replace the client's own. */
export interface NotificationCounts {
  /** Notifications that are not read. */
  unread: number;
  /** Unread notifications that no list has shown yet: the number on the bell. */
  unseen: number;
}

/**
 * What the user has chosen about notifications, all of it; it replaces what the client has.
 *
 * What is not chosen has the default of its kind: `GET preferences` says what holds.
 */
export interface PreferencesChanged {
  /** Grows with each change; `If-Match` of the next change names it. */
  version: number;
  /** Switches by channel, of `kind:<kind>`, `category:<category>` or `all`. */
  cells?: Record<string, Record<string, boolean>>;
  /** The quiet hours. */
  quiet?: QuietWindow[];
  /** The categories whose notifications leave together. */
  digests?: Record<string, "daily" | "weekly">;
  /** The IANA time zone; empty: not chosen. */
  zone?: string;
  /** The language, such as `sw` or `en-UG`; empty: not chosen. */
  locale?: string;
  /** Until when nothing leaves the app that is not required. */
  muted_until?: string | null;
  /** Whether lock screens show no amounts; null: as the deployment has it. */
  hide_amounts?: boolean | null;
  /** Debits from this amount on always go by SMS as well. */
  sms_above?: string | null;
  /** The currency of that amount. */
  sms_above_currency?: string;
}

/** Hours in which nothing leaves the app that can wait, in the user's zone. */
export interface QuietWindow {
  /** The weekdays that it begins on: 1 for Monday, 2 for Tuesday, 4, 8, 16, 32, 64, added up. */
  days: number;
  /** Its first minute. */
  start: string;
  /** The first minute after it; before `start`: on the next day. */
  end: string;
}

/** A user has asked for this event, to see that events arrive; it means nothing else. */
export interface Echo {
  /** The text of the request. */
  text: string;
}

/** A transaction was created or moved to another status. */
export interface TransactionUpdate {
  /** The transaction's id. */
  id: string;
  /** The status now, such as `pending` or `completed`. */
  status: string;
  /** The amount that moves, without a sign; `direction` says which way. */
  amount: string;
  /** ISO 4217. */
  currency: string;
  /** The account that it belongs to. */
  account_id?: string | null;
  /** The kind of movement, such as `deposit`. */
  type?: string | null;
  /** The direction, seen from the account. */
  direction?: "inbound" | "outbound" | null;
  /** The text that the user reads. */
  description?: string;
  /** The payment method, such as `mobile_money`. */
  payment_method?: string | null;
  /** The company that moves the money. */
  provider?: string | null;
  /** The reference by which both sides find it. */
  reference?: string;
  /** The account's balance once it was completed; null before. */
  balance_after?: string | null;
  /** Time at which it was created. */
  created_at?: string | null;
  /** Time at which it last changed. */
  updated_at?: string | null;
  /** Time at which it was completed; null before. */
  completed_at?: string | null;
  /** The payee, empty if there is none. */
  merchant_name?: string;
  /** The category of the merchant. */
  merchant_category?: string;
  /** The reason of a failure, else empty. */
  failure_reason?: string;
  /** The payment by mobile money that moves it; null: none does. */
  payment?: PaymentStage | null;
}

/** The payment by mobile money that moves a transaction, as its customer follows it. */
export interface PaymentStage {
  /** The payment's id. */
  id: string;
  /** The way that the money goes: to us, from us, or back. */
  kind: "collect" | "payout" | "refund";
  /** The gateway that carries it, such as `mtn`. */
  provider: string;
  /** The stage now, such as `enter_pin`. */
  stage: string;
  /** Time at which that began. */
  stage_since: string;
  /** The end of the prompt on the phone; null: there is none. */
  expires_at?: string | null;
  /** Why it ended without money, or waits; else null. */
  reason?: PaymentReason | null;
  /** True if another payment cannot be a second one. */
  retry_safe?: boolean;
  /** True if its customer may still cancel it, as nothing was sent to the provider. */
  may_cancel?: boolean;
  /** The provider's number of it, once it is paid. */
  receipt?: string;
  /** The phone's number, but for most of its digits. */
  number?: string;
}

/** Why a payment was not made, or is not known to be. */
export interface PaymentReason {
  /** For programs, such as `funds`. */
  code: string;
  /** For people, in English. */
  text: string;
}

/**
 * An account and its balances, after it was opened or any of this changed.
 *
 * The API writes an account in the same shape. `id` and `type` are what they call
 * `account_id` and `account_type`; both names stay.
 */
export interface BalanceUpdate {
  /** The account's id. */
  account_id: string;
  /** The same as `account_id`. */
  id?: string | null;
  /** ISO 4217; of both balances. */
  currency: string;
  /** The amount that may be spent now. */
  available_balance: string;
  /** The booked amount, with what is reserved. */
  current_balance: string;
  /** The kind of account, such as `savings`. */
  account_type?: string | null;
  /** The same as `account_type`. */
  type?: string | null;
  /** The name that its user gave it. */
  name?: string | null;
  /** The state of the account, such as `active` or `closed`. */
  status?: string | null;
  /** Time at which it was opened. */
  created_at?: string | null;
  /** Time at which it last changed. */
  updated_at?: string | null;
}

/** A provider of payments works, or is slow now: new payments by it wait, and may fail. */
export interface ProviderHealth {
  /** The gateway, such as `mtn`. */
  provider: string;
  /** How it is now. */
  state: "ok" | "slow";
}

/** A payee of the user was saved, confirmed or removed, on any device. */
export interface PayeeChanged {
  /** The payee's id. */
  id: string;
  /** The whole of it, which replaces what the client has; null: it was removed. */
  payee?: PayeeFields | null;
}

/** Somebody whom the user pays by phone. */
export interface PayeeFields {
  /** The payee's id. */
  id: string;
  /** The gateway that carries payments to them, such as `mtn`. */
  provider: string;
  /** The currency that they are paid in. */
  currency: string;
  /** Their phone, such as `+256772123456`. */
  msisdn: string;
  /** The name that the user gave them. */
  name: string;
  /** How alike that name and the provider's were. */
  verdict: "other" | "same" | "similar" | "unknown";
  /** Time at which the provider was asked. */
  checked_at: string;
  /** Time at which the user confirmed the name, or it was the same; null: not yet. */
  confirmed_at?: string | null;
  /** Time at which it was saved. */
  created_at: string;
}

/**
 * The newest quote of an instrument; all prices are strings in `currency`.
 *
 * It comes with each price, and with the last one again when `feed` changes.
 */
export interface MarketUpdate {
  /** The instrument, such as `BTC-USD`. */
  symbol: string;
  /** The newest price. */
  price: string;
  /** The instrument's name. */
  name?: string;
  /** The kind of instrument, such as `crypto`. */
  type?: string;
  /** The currency of all prices: ISO 4217. */
  currency?: string;
  /** The price less `previous_close`. */
  change?: string | null;
  /** The same in percent, with its sign. */
  change_percent?: string | null;
  /** The first price of the `window`. */
  open?: string | null;
  /** The highest of the `window`. */
  high?: string | null;
  /** The lowest of the `window`. */
  low?: string | null;
  /** The last price before the `window`. */
  previous_close?: string | null;
  /** The volume traded in the `window`. */
  volume?: string | null;
  /** The state of the market: `open`, `closed`, `pre_market`, `after_hours`, `holiday` or `halted`. */
  status?: string;
  /** Time at which this was sent. */
  timestamp?: string | null;
  /** Where the price comes from, such as `kraken`; `simulator` makes prices up. */
  source?: string;
  /** Time at which the price was made, by the clock of its source. */
  as_of?: string | null;
  /** Whether the price can be trusted: `live`; `delayed`, as the source says; `stale`: there should be a newer one; `closed`: the market is, and this is its last; `halted`. */
  feed?: string;
  /** What `change`, `open`, `high`, `low` and `volume` are counted over: `session`, or `rolling_24h`. */
  window?: string;
}

/** A candle that runs, has closed, or was corrected; all prices are strings. */
export interface CandleUpdate {
  /** The instrument, such as `BTC-USD`. */
  symbol: string;
  /** `1m`, `5m`, `15m`, `30m`, `1h`, `4h`, `1d`, `1w` or `1M`. */
  interval: string;
  /** When the span begins; of a day or longer, its first date at midnight in UTC. */
  time: string;
  /** The first price, in the instrument's currency. */
  open: string;
  /** The highest price. */
  high: string;
  /** The lowest price. */
  low: string;
  /** The last price so far. */
  close: string;
  /** The volume traded; null if it is not known. */
  volume?: string | null;
  /** The number of trades; null if it is not known. */
  trades?: number | null;
  /** The span has ended. */
  closed?: boolean;
  /** How often the candle has changed since it was first closed. */
  revision?: number;
  /** It has changed since it was first closed. */
  revised?: boolean;
  /** Made of quoted prices, since no trades are known. */
  indicative?: boolean;
  /** Where the prices come from, such as `kraken`. */
  source?: string;
}

/** How a source of prices fares, or the engine that makes candles and alerts of them. */
export interface MarketFeed {
  /** The source, such as `kraken`; or `engine`. */
  name: string;
  /** `live`, `partly` live, `delayed`, `stale`, or `closed` with its markets; `connecting`, `waiting` for its next attempt, `stopped`; or `leaderless`: no process leads it. */
  state: string;
  /** Why. */
  reason?: string;
  /** Time since which it is so. */
  since?: string | null;
  /** Time of the newest price, by the source's clock. */
  last_price_at?: string | null;
  /** How old that price was when it came. */
  lag_ms?: number | null;
  /** Prices that were not believed, since its leader began. */
  quarantined?: number;
  /** Frames or prices that could not be read, since then. */
  odd?: number;
  /** Connections after the first one, since then. */
  reconnects?: number;
  /** Symbols that it does not have. */
  refused?: number;
  /** The process that leads it; empty: none does. */
  leader?: string;
  /** How many leaders there have been. */
  epoch?: number;
  /** Time since which that process leads it. */
  leads_since?: string | null;
}

/** An alert of the user was created, changed, armed, fired or removed, on any device. */
export interface PriceAlertChanged {
  /** The alert's id. */
  id: string;
  /** The whole of it, which replaces what the client has; null: it was removed. */
  alert?: AlertFields | null;
}

/** What a user waits for. */
export interface AlertFields {
  /** The alert's id. */
  id: string;
  /** The instrument, such as `BTC-USD`. */
  symbol: string;
  /** What it waits for: `price_above`, `price_below`, `change_above`, `change_below` or `volume_above`. */
  kind: string;
  /** The number that is waited for: a price, a change in percent, or a volume. */
  threshold: string;
  /** The time that a change is reckoned over: `24h`, `1h` or `session`; null for other kinds. */
  window?: string | null;
  /** Whether it is armed again after it has fired. */
  mode: "once" | "repeat";
  /** How far the number must go back before it is armed again; null: a tenth of a percent. */
  hysteresis?: string | null;
  /** The shortest time between two that fire. */
  cooldown_seconds: number;
  /** The user's own words. */
  note?: string;
  /** Whether it leaves the app in quiet hours too. */
  urgent?: boolean;
  /** Time from which it waits no longer, if any. */
  expires_at?: string | null;
  /** `pending` until the engine watches it, then `armed`; `fired`, or `waiting_rearm` if it repeats; `paused`; `expired`. */
  state: string;
  /** Whether it waits because the price cannot be trusted now, or the market is closed. */
  suspended: boolean;
  /** How often it has fired. */
  fire_count: number;
  /** Time at which it fired last, if it has. */
  last_fired_at?: string | null;
  /** The price when it was armed. */
  armed_price?: string | null;
  /** Grows with each change of the user and whenever it fires; the next change names it. */
  version: number;
  /** Time at which it was created. */
  created_at: string;
}

/** A watchlist as it is, in its own room: first after a join, and after each change. */
export interface WatchlistChanged {
  /** The list's id. */
  id: string;
  /** The user's name for it. */
  name: string;
  /** The instruments on it, in their order. */
  symbols: string[];
  /** Grows with each change; the next change names it. */
  version: number;
  /** True of one that was removed; left out otherwise. */
  deleted?: boolean;
}

/** The `data` of each message, by its `type`. */
export interface ServerMessages {
  access_changed: AccessChanged;
  acked: Acked;
  authenticated: Authenticated;
  balance_update: BalanceUpdate;
  candle_update: CandleUpdate;
  connection_established: ConnectionEstablished;
  echo: Echo;
  error: ErrorData;
  market_feed: MarketFeed;
  market_update: MarketUpdate;
  node_report: NodeReport;
  notification: Notification;
  notification_counts: NotificationCounts;
  notification_updated: NotificationUpdated;
  payee_changed: PayeeChanged;
  pong: Pong;
  preferences_changed: PreferencesChanged;
  presence_updated: PresenceUpdated;
  price_alert_changed: PriceAlertChanged;
  provider_health: ProviderHealth;
  resync_required: ResyncRequired;
  room_joined: RoomJoined;
  room_left: RoomLeft;
  rooms: Rooms;
  server_shutdown: ServerShutdown;
  subscription_updated: SubscriptionUpdated;
  system_announcement: SystemAnnouncement;
  token_expiring: TokenExpiring;
  transaction_update: TransactionUpdate;
  watchlist_changed: WatchlistChanged;
}

/** What is kept in a stream, and comes once and in order. */
export type EventType =
  | "access_changed"
  | "notification"
  | "notification_updated"
  | "system_announcement"
  | "preferences_changed"
  | "echo"
  | "transaction_update"
  | "balance_update"
  | "payee_changed"
  | "price_alert_changed";

/** What belongs to a room. */
export type RoomMessageType =
  | "node_report"
  | "room_joined"
  | "room_left"
  | "provider_health"
  | "market_update"
  | "candle_update"
  | "market_feed"
  | "watchlist_changed";

/** Whatever a client may send. */
export type Command =
  | Ping
  | JoinRoom
  | LeaveRoom
  | ListRooms
  | SubscribeNotifications
  | UnsubscribeNotifications
  | Ack
  | Presence
  | Authenticate;

/** The `type` of the answer to each command; `error` answers any. */
export interface Answers {
  ping: "pong";
  join_room: "room_joined";
  leave_room: "room_left";
  list_rooms: "rooms";
  subscribe_notifications: "subscription_updated";
  unsubscribe_notifications: "subscription_updated";
  ack: "acked";
  presence: "presence_updated";
  authenticate: "authenticated";
}

/** A message as it comes: the envelope around the `data`. */
export type Message<T extends keyof ServerMessages = keyof ServerMessages> = {
  type: T;
  data: ServerMessages[T];
  /** RFC 3339, UTC, with milliseconds. */
  timestamp: string;
  /** The `id` of the command that this answers. */
  id?: string;
} & (T extends EventType ? InStream : { stream?: undefined; offset?: undefined }) &
  (T extends RoomMessageType ? InRoom : { room?: undefined });

/** The log that an event is in, and its number there. */
export interface InStream {
  stream: string;
  offset: number;
}

/** The room that a message belongs to. */
export interface InRoom {
  room: string;
}

/** Any message; its `type` tells which `data` it has. */
export type AnyMessage = { [T in keyof ServerMessages]: Message<T> }[keyof ServerMessages];

/** A command whose `id` is yet to be given. */
export type NewCommand<C = Command> = C extends unknown ? Omit<C, "id"> : never;

/** `connecting` until it is `connected`, from the greeting on; also while it waits to try again. */
export type State = "disconnected" | "connecting" | "connected";

export interface StateChange {
  state: State;
  /** A `CloseCode`, or one of the browser's own, such as 1006; 0 for none. */
  code: number;
  /** What the close frame said, or what else was the matter. */
  reason: string;
  /** How long until the next attempt; null when it waits until somebody looks at the page. */
  retryInMs: number | null;
}

/** State and positions, of one moment. */
export interface Snapshot {
  positions: Record<string, Position>;
  epoch: string;
  /** What the application shows: each server has its own. */
  // biome-ignore lint/suspicious/noExplicitAny: its shape is the application's, not ours
  [part: string]: any;
}

/** Replace all that you hold by `snapshot`; the events that follow are newer than it. */
export interface Resync {
  /** The answer of `snapshotUrl`. */
  snapshot: Snapshot;
  stream: string;
  /** `start` with the option `snapshot`; `behind` when a shared connection was ahead of this tab. */
  reason: "start" | "trimmed" | "ahead" | "epoch" | "behind";
}

/** A text frame as it was sent or received; `message` is null when it is not a JSON object. */
export interface Frame {
  direction: "in" | "out";
  text: string;
  message: object | null;
  /** `duplicate` and `gap` events are not handed over; the connection resumes after a gap. */
  flag: "" | "error" | "duplicate" | "gap";
}

export interface Options {
  /**
   * Give an access token, null when nobody is logged in; throw when it cannot be told now.
   * A token is kept: it is asked for to connect, before it ends, and after it was refused. The tabs
   * of an origin take turns, so that no two spend one refresh token: read that one in here.
   * Anything else, such as an object or undefined, is a TypeError: the `reason` of the state says it.
   */
  getToken(about: {
    reason: "connect" | "expiring" | "refused";
  }): Promise<string | null> | string | null;
  /** By default `/ws/notifications` of the page's own server. Without a page, it must be given. */
  url?: string | URL;
  /** Where the API's `/api/v1/…` begins; by default the socket's address up to `/ws/`. */
  apiUrl?: string | URL;
  /** A name of up to 64 characters: its acknowledgements are kept, and it resumes from them. */
  device?: string;
  /** A phone is with its person; what any other device has counts while the person is there. */
  deviceClass?: "phone" | "desktop" | "service";
  /** What to subscribe to; by default everything. */
  types?: SubscriptionType[];
  /** Rooms to be in, after every reconnect too. */
  rooms?: string[] | Record<string, Rate>;
  /** How the token travels; by default as a subprotocol, which no log of addresses has. */
  tokenIn?: "subprotocol" | "message" | "query";
  /** Let the tabs of one login share a connection, where the browser can; by default so. */
  share?: boolean;
  /**
   * Where the page has `worker.js`, for bundlers that do not emit it by themselves. It is one of
   * the page's own origin.
   */
  workerUrl?: string | URL;
  /** An implementation to use in place of the global one, by this page alone: it is not shared. */
  WebSocket?: new (
    url: URL,
    protocols: string[],
  ) => unknown;
  /** Begin with a snapshot, handed to `on("resync")`; by default with what comes next. */
  snapshot?: boolean;
  /** By default `/api/v1/snapshot` of the same server. */
  snapshotUrl?: string;
  /** By default 10,000. */
  requestTimeoutMs?: number;
  /** Where to resume, as an earlier client had it, with its `epoch`. */
  positions?: Record<string, Position> | Record<string, number>;
  epoch?: string;
}

/** One connection to `/ws/notifications`, which comes back by itself. */
export class Client {
  /** Does nothing before connect(), so that a server that renders pages may make one. */
  constructor(options: Options);
  readonly state: State;
  readonly greeting: ConnectionEstablished | null;
  /** Of the last ping, in milliseconds. */
  readonly latency: number | null;
  /** The last `notification_counts` of this user; null before the first. */
  readonly counts: NotificationCounts | null;
  /** Where the API's `/api/v1/…` begins, without a slash at the end. */
  readonly apiUrl: string;
  /** The offset reached in each stream. */
  readonly positions: Record<string, number>;
  /**
   * Whether the person is there: set it, or let `followPresence` of `presence.js` do so. It is said
   * again on each connection; "" says nothing, which counts as away.
   */
  presence: "" | "active" | "away";
  /** Counts of the connection, which tabs may share. */
  readonly stats: Partial<Stats>;

  connect(): void;
  /** Close and stay closed; a later connect() goes on where this one was. */
  disconnect(): void;
  /** Disconnect and forget the user: token, positions, rooms, types. */
  reset(): void;
  /** Try now, if it waits to; from `disconnected`, connect. */
  reconnect(): void;

  /**
   * Call `handler` for every message of a type; the result takes it off again. An event is
   * acknowledged once its handlers have returned, or what they returned has resolved; one that
   * throws is reported (`reportError`) and stops neither the others nor what comes after.
   */
  on<T extends keyof ServerMessages>(
    type: T,
    handler: (data: ServerMessages[T], message: Message<T>) => unknown,
  ): () => void;
  on(type: "state", handler: (change: StateChange) => unknown): () => void;
  on(type: "resync", handler: (resync: Resync) => unknown): () => void;
  /** The user is forgotten: forget what you hold of them. */
  on(type: "reset", handler: () => unknown): () => void;
  on(type: "message", handler: (message: AnyMessage) => unknown): () => void;
  /** Every frame of the connection, tokens left out; register it before connect(). */
  on(type: "frame", handler: (frame: Frame) => unknown): () => void;

  /**
   * Send a command and wait for its answer; without a connection, wait for that as well.
   * Rejects with ServerError or TimeoutError; at once with DisconnectedError when the connection
   * has ended for good. A join that was rejected does not happen later.
   */
  request<T extends keyof Answers>(
    command: { type: T } & NewCommand<Extract<Command, { type: T }>>,
  ): Promise<Message<Answers[T]>>;
  /** One answer for each room. */
  join(rooms: string | string[], options?: { rate?: Rate }): Promise<RoomJoined[]>;
  leave(rooms: string | string[]): Promise<RoomLeft[]>;
  listRooms(): Promise<Rooms>;
  /** Add to the types that are sent; returns the whole set. */
  subscribe(types: SubscriptionType[]): Promise<SubscriptionType[]>;
  /** Take types out; without `types`, all of them. */
  unsubscribe(types?: SubscriptionType[]): Promise<SubscriptionType[]>;
  /** Return how long the answer took, in milliseconds. */
  ping(): Promise<number>;
  /** Send text as it is, right or wrong; false without a connection. */
  sendText(text: string): boolean;
  /**
   * Ask the HTTP API as this user, JSON in and out. Rejects with ApiError.
   * `headers` are sent too, such as `{ "Idempotency-Key": crypto.randomUUID() }`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: its shape is the application's, not ours
  api<T = any>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<T>;
}

export interface Stats {
  in: number;
  out: number;
  bytesIn: number;
  bytesOut: number;
  reconnects: number;
  gaps: number;
  duplicates: number;
}

/** An HTTP request failed; `status` is 0 when there was no answer, `problem` as in RFC 9457. */
export class ApiError extends Error {
  constructor(status: number, message: string, problem?: Record<string, unknown> | null);
  status: number;
  problem: Record<string, unknown> | null;
}

/** The server refused a request; nothing was changed by it. */
export class ServerError extends Error {
  constructor(error: Pick<ErrorData, "code" | "message" | "retryable">);
  code: ErrorCode;
  /** Whether the same again can succeed. */
  retryable: boolean;
}

/** No answer came within `requestTimeoutMs`. */
export class TimeoutError extends Error {}

/** The connection has ended; `code` and `reason` are those of the last StateChange. */
export class DisconnectedError extends Error {
  constructor(end: { code: number; reason: string });
  readonly code: number;
  readonly reason: string;
}

/** Return how long to wait before an attempt, in milliseconds; `attempt` counts from 0. */
export function backoff(attempt: number, random?: () => number): number;

/**
 * Say what to do after a close code: give up, get a new token first, wait until somebody looks at
 * the page, or come back.
 */
export function afterClose(code: number): "stop" | "renew" | "wait" | "retry";

/** The offset reached in each stream. */
export class Positions {
  epoch: string;
  readonly isEmpty: boolean;
  /** Begin a connection, with a filter or without one. */
  connect(isFiltered: boolean): void;
  /** While a subscription filters, offsets are missing on purpose; after it, once more in each stream. */
  set filtered(on: boolean);
  reset(positions: Record<string, Position> | Record<string, number>, epoch?: string): void;
  greeted(greeting: { positions: Record<string, Position>; epoch: string }): boolean;
  get(stream: string): number | undefined;
  set(stream: string, offset: number): void;
  toJSON(): Record<string, number>;
  /** Say whether an event is the next one, one that was had before, or after a hole. */
  judge(stream: string, offset: number): "new" | "old" | "gap";
  advance(stream: string, offset: number): void;
  /** Write them as the parameter `since` has them: `user:17:42,announcements:3`. */
  since(): string;
  /**
   * Take the positions of a `pong`. Returns the first stream of which events are missing that no
   * filter left out, undefined for none.
   */
  told(positions: Record<string, Position>): string | undefined;
}

/** Read the claims of a JWT unchecked, which is for the server; null when it is none. */
export function claimsOf(token: string): Record<string, unknown> | null;
