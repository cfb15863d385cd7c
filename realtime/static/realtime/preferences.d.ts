import type { Client, PreferencesChanged } from "./client.js";

export type OutsideChannel = "push" | "sms" | "email";

/** Whether a kind goes out by a channel, and why. */
export interface Cell {
  value: boolean;
  /** What says so, such as `category` or `default`. */
  source: string;
  required: boolean;
  /** Why it cannot be changed; empty if it can. */
  locked: string;
}

/** Whether a channel can reach the user: `ready`, or what is in the way. */
export type ChannelState =
  | "ready"
  | "off"
  | "stopped"
  | "no_address"
  | "unverified"
  | "suppressed"
  | "opted_out";

/** What is chosen, and the table of what holds. */
export interface PreferencesValue extends PreferencesChanged {
  channels: Record<OutsideChannel, ChannelState>;
  matrix: {
    category: string;
    title: string;
    /** Its notifications can leave as a digest. */
    digestible: boolean;
    /** It goes out with a consent only. */
    needs_consent: boolean;
    kinds: {
      kind: string;
      title: string;
      type: string;
      /** By channel: those that the kind goes out by. */
      channels: Partial<Record<OutsideChannel, Cell>>;
    }[];
  }[];
}

/** What can be changed; what is left out stays, and null takes a choice back. */
export interface PreferencesChange {
  cells?: Record<string, Partial<Record<OutsideChannel, boolean | null>>>;
  quiet?: { days?: number; start: string; end: string }[];
  digests?: Record<string, "daily" | "weekly" | null>;
  zone?: string;
  locale?: string;
  muted_until?: string | null;
  hide_amounts?: boolean | null;
  sms_above?: string | null;
  sms_above_currency?: string;
}

/** What a user has chosen about notifications; `docs/client.md` shows its use. */
export class Preferences extends EventTarget {
  /** Titles are in `language`; without one, in that which the user has chosen. */
  constructor(client: Client, options?: { language?: string });
  /** Null until it is loaded. */
  readonly value: PreferencesValue | null;
  load(): Promise<void>;
  /** Rejects with status 412 when another device was first; the newest is loaded by then. */
  change(changes: PreferencesChange): Promise<void>;
  /** Turn one switch: `scope` is `kind:<kind>`, `category:<category>` or `all`. */
  set(scope: string, channel: OutsideChannel, on: boolean | null): Promise<void>;
  /** Consent, or no longer; `wording` is the sentence that the user was shown. */
  consent(
    category: string,
    channel: OutsideChannel,
    granted: boolean,
    wording?: string,
  ): Promise<void>;
  /** Hear nothing more. */
  close(): void;

  /** Something looks different. */
  addEventListener(
    type: "change",
    listener: (event: Event) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
}
