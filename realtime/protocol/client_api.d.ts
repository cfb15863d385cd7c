/** Where a client is on its way; `connected` from the greeting on. */
export type State = "disconnected" | "connecting" | "connected";

export interface StateChange {
  state: State;
  /** A `CloseCode`, or one of the browser's own, such as 1006; 0 for none. */
  code: number;
  /** What the close frame said. */
  reason: string;
  /** How long until the next attempt; null when there will be none, or none is needed. */
  retryInMs: number | null;
}

/** A stream that could not be continued: replace what you hold by `snapshot`. */
export interface Resync {
  /** The JSON object of `snapshotUrl`; read with its positions, in one transaction. */
  snapshot: unknown;
  stream: string;
  reason: "start" | "trimmed" | "ahead" | "epoch" | "gap";
}

/** A text frame as it was sent or received; `message` is null when it is not a JSON object. */
export interface Frame {
  direction: "in" | "out";
  text: string;
  message: object | null;
  /** What became of it, for a log. */
  flag: string;
}

export interface Options {
  /** Give an access token, or null to stop. Asked before each attempt and before the login ends. */
  getToken(about: {
    reason: "connect" | "expiring" | "refused";
  }): Promise<string | null> | string | null;
  /** By default `/ws/notifications` of the page's own server. */
  url?: string;
  /** A name of up to 64 characters: its acknowledgements are kept, and it resumes from them. */
  device?: string;
  /** What to subscribe to; by default everything. */
  types?: SubscriptionType[];
  /** Rooms to be in, after every reconnect too. */
  rooms?: string[] | Record<string, Rate>;
  /** How the token travels. */
  tokenIn?: "subprotocol" | "message" | "query";
  /** Let the tabs of one browser share a connection. */
  share?: boolean;
  /** Whether to fetch a snapshot at the start and after a gap. */
  snapshot?: boolean;
  snapshotUrl?: string;
  requestTimeoutMs?: number;
  /** Where to resume, as an earlier client had it, with its `epoch`. */
  positions?: Record<string, Position> | Record<string, number>;
  epoch?: string;
}

/** One connection to `/ws/notifications`, which comes back by itself. */
export class Client {
  constructor(options: Options);
  readonly state: State;
  readonly greeting: ConnectionEstablished | null;
  /** Of the last ping, in milliseconds. */
  readonly latency: number | null;
  /** The offset reached in each stream. */
  readonly positions: Record<string, number>;
  /** Counts since the client was made. */
  readonly stats: Readonly<Record<string, number>>;

  connect(): void;
  disconnect(): void;

  /** Call `handler` for every message of a type; the result takes it off again. */
  on<T extends keyof ServerMessages>(
    type: T,
    handler: (data: ServerMessages[T], message: Message<T>) => unknown,
  ): () => void;
  on(type: "state", handler: (change: StateChange) => unknown): () => void;
  on(type: "resync", handler: (resync: Resync) => unknown): () => void;
  on(type: "message", handler: (message: AnyMessage) => unknown): () => void;
  on(type: "frame", handler: (frame: Frame) => unknown): () => void;

  /** Send a command and wait for its answer. Rejects with ServerError or TimeoutError. */
  request<C extends NewCommand>(command: C): Promise<Message<Answers[C["type"]]>>;
  /** One answer for each room. */
  join(rooms: string | string[], options?: { rate?: Rate }): Promise<RoomJoined[]>;
  leave(rooms: string | string[]): Promise<RoomLeft[]>;
  listRooms(): Promise<Rooms>;
  /** Add to the types that are sent; returns the whole set. */
  subscribe(types: SubscriptionType[]): Promise<string[]>;
  /** Take types out; without `types`, all of them. */
  unsubscribe(types?: SubscriptionType[]): Promise<string[]>;
  /** Return how long the answer took, in milliseconds. */
  ping(): Promise<number>;
}

/** The server refused a request; nothing was changed by it. */
export class ServerError extends Error {
  code: ErrorCode;
  /** Whether the same again can succeed. */
  retryable: boolean;
}

/** No answer came within `requestTimeoutMs`; the request may have been carried out. */
export class TimeoutError extends Error {}

/** Return how long to wait before an attempt, in milliseconds; `attempt` counts from 0. */
export function backoff(attempt: number, random?: () => number): number;

/** Say what to do after a close code: give up, get a new token first, or come back. */
export function afterClose(code: number): "stop" | "renew" | "retry";

/** The offset reached in each stream. */
export class Positions {
  constructor(positions?: Record<string, Position> | Record<string, number>);
  /** Say whether an event is the next one, one that was had before, or after a hole. */
  judge(stream: string, offset: number): "new" | "old" | "gap";
  advance(stream: string, offset: number): void;
  /** Write them as the parameter `since` has them: `user:17:42,announcements:3`. */
  since(): string;
}
