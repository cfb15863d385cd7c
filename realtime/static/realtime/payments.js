// Payments by mobile money of the user: asked for, followed, cancelled, tried again.

const PATH = "/api/v1/payments";

/**
 * `client` is what asks the HTTP API as the user. Each method rejects with ApiError. What becomes of
 * a payment is told by `transaction_update`, in its `payment`.
 */
export class Payments {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Read by whom one can pay, and the words for stages and reasons. */
  methods({ language = "" } = {}) {
    const query = language ? `?language=${encodeURIComponent(language)}` : "";
    return this.#client.api("GET", `${PATH}/methods${query}`);
  }

  /** Ask for a payment. Repeated with the same key it is done once. */
  create(order, { key = "" } = {}) {
    return this.#client.api("POST", PATH, order, key ? { "Idempotency-Key": key } : {});
  }

  get(id) {
    return this.#client.api("GET", at(id));
  }

  /** Read the history, oldest first. */
  steps(id) {
    return this.#client.api("GET", `${at(id)}/steps`);
  }

  /** Cancel a payment that its provider has not been asked for; later it rejects with 409. */
  cancel(id) {
    return this.#client.api("POST", `${at(id)}/cancel`);
  }

  /** Make the same payment again, once, where its `retry_safe` is true. */
  retry(id) {
    const headers = { "Idempotency-Key": `retry:${id}` };
    return this.#client.api("POST", `${at(id)}/retry`, undefined, headers);
  }
}

const at = (id) => `${PATH}/${encodeURIComponent(id)}`;
