import type { Client } from "./client.js";

/** Push to this browser, as `createPush` of `push.js` makes it. */
export interface SettingsPush {
  state(): Promise<"unsupported" | "install" | "denied" | "off" | "on">;
  turnOn(): Promise<unknown>;
  turnOff(): Promise<unknown>;
  test?(): Promise<unknown>;
  onchange: (() => unknown) | null;
}

/** `<hoardrun-settings>`: the settings page as a part of a page; `docs/client.md` shows its use. */
export class HoardrunSettings extends HTMLElement {
  /** Set it before the element is put into the page. */
  client: Client;
  push: SettingsPush | null;
  /** Whether it is a dialog, as `openSettings` makes it. */
  isModal: boolean;
}

/** Show the settings as a dialog, put into `within`. Resolves when it is closed. */
export function openSettings(
  client: Client,
  options?: { lang?: string; push?: SettingsPush | null; within?: ParentNode },
): Promise<unknown>;

declare global {
  interface HTMLElementTagNameMap {
    "hoardrun-settings": HoardrunSettings;
  }
}
