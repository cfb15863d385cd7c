import type { Client } from "./client.js";

/** A device that the user is signed in on: a login that lasts. */
export interface SignedInDevice {
  /** Of the login. */
  id: string;
  /** Program and system, such as `Firefox, Linux`; may be empty. */
  name: string;
  /** While it is connected, and says so. */
  device_class: "" | "phone" | "desktop" | "service";
  /** It is this one that asks. */
  is_current: boolean;
  /** It has an open socket. */
  is_online: boolean;
  /** Its person is there, as it last said. */
  is_active: boolean;
  /** Null: not known any more. */
  began_at: string | null;
  /** Now while it is connected, else to within the life of an access token. */
  seen_at: string;
}

/** The user's devices; `docs/client.md` shows its use. Each method rejects with ApiError. */
export class Devices {
  constructor(client: Pick<Client, "api">);
  /** Those seen last first. */
  list(): Promise<SignedInDevice[]>;
  /** End the login of a device; its sockets close with 4401. */
  signOut(id: string): Promise<void>;
  /** End all logins but this one; resolves to how many. */
  signOutOthers(): Promise<number>;
}
