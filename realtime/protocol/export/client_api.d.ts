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
