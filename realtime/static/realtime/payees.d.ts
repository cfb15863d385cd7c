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
  /** Say that this is who is meant, whatever name the provider has. */
  confirm(id: string): Promise<void>;
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
