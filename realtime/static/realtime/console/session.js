// Who is logged in, in this tab alone: two tabs can be two users.

import { claimsOf } from "../client.js";
import { exclusively } from "../parts.js";
import { ApiError, request } from "./api.js";

const KEY = "hoardrun.session";

/**
 * Emits `change` when the user or the token changes, `renewed` after a renewal. A tab that is a copy
 * of another has the same login: whichever renews it hands the new tokens to the others.
 */
export class Session extends EventTarget {
  #state = null;
  #renewing = null;
  #copies = new BroadcastChannel(KEY);

  /** `device` is the name under which this tab acknowledges and resumes. */
  constructor(device) {
    super();
    this.device = device;
    this.#copies.onmessage = ({ data: { spent, access, refresh } }) =>
      this.#renewed(spent, { access, refresh });
    try {
      this.#state = JSON.parse(sessionStorage.getItem(KEY));
    } catch {
      this.#state = null;
    }
  }

  get token() {
    return this.#state?.access || "";
  }

  get canRenew() {
    return Boolean(this.#state?.refresh);
  }

  get claims() {
    return this.#state ? claimsOf(this.#state.access) : null;
  }

  get userId() {
    return String(this.claims?.user_id ?? this.#state?.user?.id ?? "");
  }

  get name() {
    const user = this.#state?.user || {};
    return (
      this.#state?.name ||
      user.name ||
      user.full_name ||
      [user.first_name, user.last_name].filter(Boolean).join(" ") ||
      user.username ||
      (this.userId ? `User ${this.userId}` : "")
    );
  }

  /** Seconds until the access token ends; null when it does not say. */
  get secondsLeft() {
    const expires = this.claims?.exp;
    return typeof expires === "number" ? expires - Date.now() / 1000 : null;
  }

  async logIn(username, password, name = "") {
    const answer = await request("POST", "/api/v1/auth/token", { body: { username, password } });
    this.#keep({
      access: answer.access,
      refresh: answer.refresh,
      user: answer.user || { username },
      name,
    });
    this.#emit("change");
  }

  /** Take a token from elsewhere. Raises ApiError when it is not a JWT. */
  useToken(token) {
    if (!claimsOf(token))
      throw new ApiError(
        0,
        "Not a token",
        "That is not a JSON Web Token: it should be three parts, joined by dots.",
      );
    this.#keep({ access: token, refresh: "", user: null, name: "" });
    this.#emit("change");
  }

  /** Get a new access token; callers at the same time share one request. */
  renew() {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #renew() {
    if (!this.canRenew)
      throw new ApiError(
        401,
        "Expired",
        "The token has ended and cannot be renewed: log in again.",
      );
    const spent = this.#state.refresh;
    await exclusively(`${KEY} ${claimsOf(spent)?.jti}`, async () => {
      // Another tab was first, or one has logged out. When the other's message is still on its way,
      // this tab asks, too, and gets the same refresh token again.
      if (this.#state?.refresh !== spent) return;
      const { access, refresh = spent } = await request("POST", "/api/v1/auth/refresh", {
        body: { refresh: spent },
      });
      this.#copies.postMessage({ spent, access, refresh });
      this.#renewed(spent, { access, refresh });
    });
  }

  #renewed(spent, tokens) {
    if (this.#state?.refresh !== spent) return;
    this.#keep({ ...this.#state, ...tokens });
    this.#emit("renewed");
  }

  /** Give the client a token: the one there is to connect with, else a new one; null for nobody. */
  async tokenFor(reason) {
    const isGood = this.secondsLeft === null || this.secondsLeft > 0;
    if (!this.canRenew && reason === "expiring") throw new Error("the token cannot be renewed");
    if (reason === "connect" && isGood) return this.token;
    try {
      await this.renew();
    } catch (error) {
      if (error.status >= 400 && error.status < 500) return null;
      throw error;
    }
    return this.token;
  }

  /** Ask the API as this user, renewing an ended token once. */
  async api(method, path, body, headers) {
    const who = this.userId;
    let answer;
    try {
      answer = await request(method, path, { body, headers, token: this.token });
    } catch (error) {
      if (error.status !== 401 || !this.canRenew) throw error;
      await this.renew();
      answer = await request(method, path, { body, headers, token: this.token });
    }
    // An answer to the user before must not be shown to this one.
    if (this.userId !== who) throw new ApiError(0, "Logged out", "You have logged out meanwhile.");
    return answer;
  }

  logOut() {
    const { refresh, access } = this.#state || {};
    this.#keep(null);
    this.#emit("change");
    if (refresh)
      request("POST", "/api/v1/auth/logout", { body: { refresh }, token: access }).catch(() => {}); // forgotten here in any case
  }

  #keep(state) {
    this.#state = state;
    if (state) sessionStorage.setItem(KEY, JSON.stringify(state));
    else sessionStorage.removeItem(KEY);
  }

  #emit(name) {
    this.dispatchEvent(new Event(name));
  }
}
