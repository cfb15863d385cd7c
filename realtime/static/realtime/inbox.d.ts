import type { Client, Notification, NotificationCounts } from "./client.js";

/** A user's notifications without a face; `docs/client.md` shows its use. */
export class Inbox extends EventTarget {
  constructor(client: Client, options?: { pageSize?: number });
  /** The server's word, never counted from what is loaded. */
  readonly counts: NotificationCounts;
  /** What is loaded, not archived and not snoozed: first what is pinned, then the newest. */
  readonly items: Notification[];
  readonly isLoading: boolean;
  readonly isLoaded: boolean;
  readonly hasMore: boolean;
  unreadOnly: boolean;
  /** One category only, such as `savings`; "" is all. */
  category: string;
  /** The categories that there are; null before `overview`. */
  readonly categories: string[] | null;
  /** Ask which categories there are, and for what is pinned, however old it is. */
  overview(): Promise<void>;
  /** Load the first page, anew. */
  load(): Promise<void>;
  /** Load the next page. */
  more(): Promise<void>;
  markRead(id: string): Promise<void>;
  markUnread(id: string): Promise<void>;
  archive(id: string): Promise<void>;
  /** Take an unread one out of sight until a time. */
  snooze(id: string, until: Date): Promise<void>;
  pin(id: string): Promise<void>;
  unpin(id: string): Promise<void>;
  /** Say that one has been shown. */
  markSeen(id: string): Promise<void>;
  markAllRead(): Promise<unknown>;
  /** Say that the bell has been looked at; what is unread stays so. */
  markAllSeen(): Promise<void>;
  /** Hear nothing more. */
  close(): void;

  /** Something looks different. */
  addEventListener(
    type: "change",
    listener: (event: Event) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** A notification came, into the inbox unless its `stored` is false. */
  addEventListener(
    type: "arrived",
    listener: (event: CustomEvent<Notification>) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
}
