// The form with which a customer pays in, pays out, or sends money to another account.

import { $, el, setText } from "./dom.js";
import { means, money, words } from "./format.js";
import { PayeeCheck } from "./payee.js";
import { random } from "./random.js";

const WAYS = {
  collect: { path: "/api/v1/payments", label: "Ask the phone", asks: null },
  payout: { path: "/api/v1/payments", label: "Pay the phone", asks: "to the phone" },
  transfer: { path: "/api/v1/transfers", label: "Pay the account", asks: "to account" },
};
const OF_A_PHONE = ["provider", "msisdn", "network"];

/** Emits `slow` when the provider that is chosen may have changed. */
export class PayForm extends EventTarget {
  /** @type {HTMLFormElement & { elements: any }} */
  #form = $("pay");
  /** @type {NodeListOf<HTMLElement>} */
  #ways = this.#form.querySelectorAll("[data-way]");
  #session;
  #store;
  #payee;
  #methods = [];
  #way = "collect";
  #key = random(16); // of the order as it stands in the fields
  #isSure = false;

  constructor(session, store) {
    super();
    this.#session = session;
    this.#store = store;
    this.#payee = new PayeeCheck(session, () => this.#send());
    for (const button of this.#ways)
      button.addEventListener("click", () => this.#choose(button.dataset.way));
    this.#form.addEventListener("input", ({ target }) => {
      if (/** @type {Element} */ (target).id !== "pay-payee-name") this.#changed();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    $("pay-back").addEventListener("click", () => this.#ask(false));
    store.addEventListener("change", ({ detail }) => detail === "accounts" && this.#offer());
    this.#choose("collect");
  }

  /** The gateway that is chosen; empty where none carries it. */
  get provider() {
    return this.#way === "transfer" ? "" : this.#field("provider").value;
  }

  /** Offer what is set up here. */
  offer(methods) {
    this.#methods = methods;
    this.#offer();
  }

  clear() {
    this.#form.reset();
    this.#choose("collect");
  }

  #field(name) {
    return this.#form.elements[name];
  }

  #choose(way) {
    this.#way = way;
    for (const button of this.#ways)
      button.setAttribute("aria-pressed", String(button.dataset.way === way));
    this.#offer();
    this.#changed();
  }

  /** Offer accounts and providers that fit the way, and each other. */
  #offer() {
    const isTransfer = this.#way === "transfer";
    const taken = this.#methods.flatMap(({ kinds }) => kinds[this.#way] || []);
    const accounts = [...this.#store.accounts.values()].filter(
      ({ currency }) => isTransfer || taken.includes(currency),
    );
    const name = ({ id, name, type, currency }) =>
      `${name || words(type)} · ${currency} · no. ${id}`;
    options(this.#field("account_id"), accounts, ({ id }) => id, name);
    const account = this.#store.accounts.get(this.#field("account_id").value);
    const providers = this.#methods.filter(({ kinds }) =>
      kinds[this.#way]?.includes(account?.currency),
    );
    options(
      this.#field("provider"),
      providers,
      ({ provider }) => provider,
      ({ provider }) => means(provider),
    );
    const chosen = this.#methods.find(({ provider }) => provider === this.provider);
    for (const each of OF_A_PHONE) this.#field(each).closest("label").hidden = isTransfer;
    this.#field("network").closest("label").hidden = !chosen?.needs_network;
    this.#field("to_account_id").closest("label").hidden = !isTransfer;
    setText($("pay-currency"), account?.currency || "");
    $("pay-send").disabled = !account || !(isTransfer || chosen);
    setText(
      $("pay-none"),
      accounts.length || !this.#store.accounts.size
        ? ""
        : "No account of yours has a currency that is taken here.",
    );
    this.dispatchEvent(new Event("slow"));
  }

  #changed() {
    this.#key = random(16);
    this.#offer();
    this.#ask(false);
    this.#payee.hide();
    this.#fail("", {});
  }

  /** What leaves is asked about once more: it does not come back from a wrong number. */
  #ask(isAsked) {
    this.#isSure = isAsked;
    const { label, asks } = WAYS[this.#way];
    const body = this.#body();
    const to = body.msisdn || body.to_account_id;
    const currency = $("pay-currency").textContent;
    setText($("pay-ask"), isAsked ? `${money(body.amount)} ${currency} ${asks} ${to}?` : "");
    setText($("pay-send"), isAsked ? "Yes, pay" : label);
    $("pay-back").hidden = !isAsked;
  }

  /** @returns {Record<string, string>} */
  #body() {
    const given = Object.fromEntries(
      [...new FormData(this.#form)].map(([name, value]) => [name, String(value).trim()]),
    );
    const amount = given.amount.replaceAll(/[,\s]/g, "");
    if (this.#way === "transfer")
      return { from_account_id: given.account_id, to_account_id: given.to_account_id, amount };
    const { account_id, provider, msisdn, network } = given;
    const needs = !this.#field("network").closest("label").hidden && network;
    return { kind: this.#way, account_id, provider, msisdn, amount, ...(needs && { network }) };
  }

  async #send() {
    const body = this.#body();
    const missing = Object.keys(body).filter((name) => !body[name]);
    if (missing.length)
      return this.#fail("", Object.fromEntries(missing.map((name) => [name, ["This is needed."]])));
    if (WAYS[this.#way].asks && !this.#isSure) return this.#ask(true);
    const send = $("pay-send");
    send.disabled = true;
    try {
      const headers = { "Idempotency-Key": this.#key };
      await this.#session.api("POST", WAYS[this.#way].path, body, headers);
      this.#field("amount").value = "";
      this.#changed();
    } catch (error) {
      if (error.code === "phone_not_confirmed") {
        const { provider, msisdn } = body;
        return this.#payee.ask({ provider, msisdn, currency: $("pay-currency").textContent });
      }
      this.#ask(false);
      this.#fail(error.message, error.errors || {});
    } finally {
      send.disabled = false;
    }
  }

  /** Say what is wrong, at each field that has it, else below them. */
  #fail(text, errors) {
    // Fields that the form has under another name.
    const { country, from_account_id, ...rest } = errors;
    const at = { msisdn: country, account_id: from_account_id, ...rest };
    let first = null;
    for (const wrong of this.#form.querySelectorAll("label .form-error")) {
      const control = /** @type {any} */ (wrong.parentElement).control;
      const said = [at[control.name] ?? []].flat().join(" ");
      setText(wrong, said);
      control.setAttribute("aria-invalid", String(Boolean(said)));
      if (said) first ??= control;
    }
    setText($("pay-says"), first ? "" : text);
    first?.focus();
  }
}

/** Fill a list, and keep what is chosen if it is still there. */
function options(select, items, value, text) {
  const before = select.value;
  const key = items.map((item) => `${value(item)} ${text(item)}`).join("\n");
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  select.replaceChildren(
    ...items.map((item) => el("option", { value: value(item), text: text(item) })),
  );
  if (items.some((item) => value(item) === before)) select.value = before;
}
