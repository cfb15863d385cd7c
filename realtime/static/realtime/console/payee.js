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
  #shown = ""; // the name that the customer looks at

  /** `confirmed` is called once the phone may be paid. */
  constructor(session, confirmed) {
    this.#session = session;
    this.#confirmed = confirmed;
    $("pay-payee-check").addEventListener("click", () => this.#go());
    $("pay-payee-name").addEventListener("input", () => this.#begin()); // what was said is of another
    $("pay-payee-name").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // it is not the payment that is sent
      this.#go();
    });
  }

  /** Ask about a phone: `provider`, `currency` and `msisdn`. */
  ask(phone) {
    this.#phone = phone;
    $("pay-payee").hidden = false;
    $("pay-payee-name").value = "";
    this.#begin();
    $("pay-payee-name").focus();
  }

  hide() {
    $("pay-payee").hidden = true;
    this.#phone = this.#payee = null;
  }

  /** Ask for a name, which is then checked. */
  #begin() {
    this.#payee = null;
    this.#tell("", "Check the name");
  }

  #tell(text, button) {
    setText($("pay-payee-says"), text);
    setText($("pay-payee-check"), button);
  }

  /** Ask whether this name is meant. */
  #show(name) {
    this.#shown = name;
    const by = means(this.#phone.provider);
    const says = name
      ? `${by} has the name ${name} for this phone. Is this who you mean?`
      : `${by} does not tell whose phone this is. Is ${this.#phone.msisdn} the right number?`;
    this.#tell(says, "Yes, this is right");
  }

  async #go() {
    const phone = this.#phone;
    const button = $("pay-payee-check");
    button.disabled = true;
    try {
      const found = this.#payee
        ? await this.#session.api("POST", `${PATH}/${this.#payee.id}/confirm`, {
            shown_name: this.#shown,
          })
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
        this.#show(found.shown_name);
      }
    } catch (error) {
      if (phone !== this.#phone) return;
      if (error.code === "name_not_confirmed") {
        this.#show(error.problem.shown_name); // another one than was looked at
        return;
      }
      const [wrong] = Object.values(error.errors || {}).flat();
      setText($("pay-payee-says"), wrong || error.message);
    } finally {
      button.disabled = false;
    }
  }
}
