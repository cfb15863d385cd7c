import type { Client, PayeeFields } from "./client.js";

/** One that was just saved. */
export interface SavedPayee extends PayeeFields {
  /** Of the name that the provider has: the first word, and initials; empty: none was told. */
  shown_name: string;
}

/** The people whom a user pays by phone; `docs/client.md` shows its use. */
export class Payees extends EventTarget {
  constructor(client: Client);
  /** By name; null until they are loaded. */
  readonly items: PayeeFields[] | null;
  load(): Promise<void>;
  /** Save one. Unless its `verdict` is `same`, show `shown_name`, then `confirm`. */
  add(provider: string, currency: string, msisdn: string, name: string): Promise<SavedPayee>;
  /**
   * Say that whoever has `shown_name`, as the user has seen it, is meant. If the provider has another
   * name by now, it rejects with 409, and `shown_name` of the problem has that.
   */
  confirm(id: string, shownName: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** Hear nothing more. */
  close(): void;

  /** The list looks different. */
  addEventListener(
    type: "change",
    listener: (event: Event) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
}
