import type { Client, Notification, Options } from "./client.js";
import type { Inbox } from "./inbox.js";

/** `<hoardrun-bell>`: the bell and the inbox behind it; `docs/client.md` shows its use. */
export class HoardrunBell extends HTMLElement {
  client: Client | null;
  /** In place of a client or of the attribute `token-url`. */
  getToken?: Options["getToken"];
  readonly inbox: Inbox | null;
  readonly isOpen: boolean;
  open(): void;
  close(refocus?: boolean): void;
  /**
   * The page shows a notification now, such as in a toast: it is seen if the person is there
   * meanwhile. Call what is returned when it is no longer shown.
   */
  shows(notification: Pick<Notification, "id" | "stored">): () => void;
  /** Show the settings page as a dialog. Resolves when it is closed. */
  openSettings(): Promise<void>;
}

declare global {
  interface HTMLElementTagNameMap {
    "hoardrun-bell": HoardrunBell;
  }
  interface HTMLElementEventMap {
    "hoardrun-arrived": CustomEvent<Notification>;
    "hoardrun-open": CustomEvent<Notification>;
    /** A button of a push message was tapped; confirm it. */
    "hoardrun-action": CustomEvent<{ id: string; url: string; action: string }>;
  }
}
