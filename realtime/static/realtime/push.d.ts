import type { Client } from "./client.js";

/** Of this browser: `install` says that the page must be put on the Home Screen first, as on iOS. */
export type PushState = "unsupported" | "install" | "denied" | "off" | "on";

export interface PushOptions {
  /** Where the page's own origin has the worker; by default `push-worker.js`, by the API or at the root. */
  url?: string | URL;
  /** The language of what is shown, where the user has chosen none; by default the browser's. */
  locale?: string;
}

/** Push to this browser, for the user of a client; `docs/client.md` shows its use. */
export interface Push {
  state(): Promise<PushState>;
  /** Ask for permission and subscribe. Call it from a click: browsers ask within a gesture only. */
  turnOn(): Promise<PushState>;
  /** Unsubscribe, tell the server, and close what is shown. `client.reset()` does so, too. */
  turnOff(): Promise<PushState>;
  /** Register again if it is on; call it at every start, as browsers change subscriptions in silence. */
  renew(): Promise<void>;
  /** Let the server send a push message to this browser. */
  test(): Promise<void>;
  /** The state may be another. */
  onchange: (() => unknown) | null;
  /**
   * What was shown has been clicked, and this page brought to the front. `action` names the button,
   * such as `was_me`; "" is the message itself. Let the person confirm it: anybody may tap there.
   */
  onopen: ((opened: { id: string; url: string; action: string }) => unknown) | null;
}

/** The same one for the same client. */
export function createPush(client: Client, options?: PushOptions): Push;
