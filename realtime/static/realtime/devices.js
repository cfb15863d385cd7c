// The devices that a user is signed in on: looked at, and signed out.

const PATH = "/api/v1/devices";

/** `client` is what asks the HTTP API as the user. Each method rejects with ApiError. */
export class Devices {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Read them, those seen last first; `is_current` is this one. */
  list() {
    return this.#client.api("GET", PATH);
  }

  /** End the login of a device; its sockets close with 4401. */
  async signOut(id) {
    await this.#client.api("DELETE", `${PATH}/${encodeURIComponent(id)}`);
  }

  /** End all logins but this one; resolves to how many. */
  async signOutOthers() {
    const { ended } = await this.#client.api("POST", `${PATH}/end-others`);
    return ended;
  }
}
