// Who gets the money: asked before it goes to a phone that the customer has not confirmed.

import { $, setText } from "./dom.js";
import { means } from "./format.js";

const PATH = "/api/v1/payees";

/** Asks for a name, holds it against the provider's, and has the customer confirm what differs. */
export class PayeeCheck {
  #session;
  #confirmed;
  #phone = null;
  #payee = null;

  /** `confirmed` is called once the phone may be paid. */
  constructor(session, confirmed) {
    this.#session = session;
    this.#confirmed = confirmed;
    $("pay-payee-check").addEventListener("click", () => this.#go());
    $("pay-payee-name").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // it is not the payment that is sent
      this.#go();
    });
  }

  /** Ask about a phone: `provider`, `currency` and `msisdn`. */
  ask(phone) {
    this.#phone = phone;
    this.#payee = null;
    $("pay-payee").hidden = false;
    $("pay-payee-name").value = "";
    this.#tell("", "Check the name");
    $("pay-payee-name").focus();
  }

  hide() {
    $("pay-payee").hidden = true;
    this.#phone = this.#payee = null;
  }

  #tell(text, button) {
    setText($("pay-payee-says"), text);
    setText($("pay-payee-check"), button);
  }

  async #go() {
    const phone = this.#phone;
    const button = $("pay-payee-check");
    button.disabled = true;
    try {
      const found = this.#payee
        ? await this.#session.api("POST", `${PATH}/${this.#payee.id}/confirm`)
        : await this.#session.api("POST", PATH, {
            ...phone,
            name: $("pay-payee-name").value.trim(),
          });
      if (phone !== this.#phone) return; // another one is asked about by now
      if (found.confirmed_at) {
        this.hide();
        this.#confirmed();
      } else {
        this.#payee = found;
        const by = means(phone.provider);
        const says = found.shown_name
          ? `${by} has the name ${found.shown_name} for this phone. Is this who you mean?`
          : `${by} does not tell whose phone this is. Is ${phone.msisdn} the right number?`;
        this.#tell(says, "Yes, this is right");
      }
    } catch (error) {
      const [wrong] = Object.values(error.errors || {}).flat();
      if (phone === this.#phone) setText($("pay-payee-says"), wrong || error.message);
    } finally {
      button.disabled = false;
    }
  }
}
