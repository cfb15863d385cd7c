// A payment by mobile money, as its customer follows it: the stage, the time left, what happened.

import { el, say, setFacts, setText } from "./dom.js";
import { countdown, means, money, words } from "./format.js";

const STEPS = { collect: ["starting", "sent", "enter_pin", "confirming", "done"] };
const ASKS_NOBODY = STEPS.collect.filter((stage) => stage !== "enter_pin");
// Where a stage stands that is no step of its own.
const STANDS_AT = { slow: "confirming", under_review: "confirming", returned: "done" };
const TONES = {
  done: "good",
  slow: "warn",
  under_review: "warn",
  failed: "bad",
  cancelled: "bad",
  expired: "bad",
  returned: "bad",
};

/** The card of one payment. `acts` has what its buttons do, `wordsOf` what stages are called. */
export class PayCard {
  #acts;
  #wordsOf;
  #parts;
  #buttons;
  #stage = "";
  #ends = NaN;

  constructor({ acts, wordsOf }) {
    this.#acts = acts;
    this.#wordsOf = wordsOf;
    const button = (act, text) =>
      el("button", {
        class: "button small",
        type: "button",
        text,
        on: { click: () => this.#do(act) },
      });
    this.#buttons = { cancel: button("cancel", "Cancel"), retry: button("retry", "Try again") };
    this.#parts = {
      sum: el("strong", { class: "payment-sum" }),
      about: el("span", { class: "muted clip" }),
      track: el("ol", { class: "payment-track", "aria-hidden": "true" }),
      stage: el("span", { class: "payment-stage", dir: "auto" }),
      left: el("span", { class: "payment-left", role: "timer" }),
      reason: el("p", { class: "payment-reason", dir: "auto" }),
      wrong: el("p", { class: "form-error", role: "alert" }),
      facts: el("dl", { class: "facts" }),
      steps: el("ol", { class: "payment-steps" }),
    };
    const { sum, about, track, stage, left, reason, wrong, facts, steps } = this.#parts;
    this.fold = el(
      "details",
      { class: "fold payment-fold", on: { toggle: () => this.#tellAll() } },
      el("summary", { text: "What happened" }),
      steps,
      facts,
    );
    this.node = el(
      "li",
      { class: "payment" },
      el("div", { class: "payment-top" }, sum, " ", about),
      track,
      el("p", { class: "payment-now" }, stage, " ", left),
      reason,
      el("div", { class: "row" }, this.#buttons.cancel, this.#buttons.retry),
      wrong,
      this.fold,
    );
  }

  /** Show a transaction with its payment. */
  show(txn) {
    const { payment } = txn;
    const before = this.#stage;
    this.#stage = payment.stage;
    this.txn = txn;
    this.#ends = payment.expires_at ? Date.parse(payment.expires_at) : NaN;
    const { language, stage, reason } = this.#wordsOf(payment);
    const isIn = txn.direction === "inbound";
    setText(
      this.#parts.sum,
      `${money(txn.amount)} ${txn.currency} ${isIn ? "from" : "to"} ${payment.number}`,
    );
    setText(
      this.#parts.about,
      [means(payment.provider), txn.description].filter(Boolean).join(" · "),
    );
    setText(this.#parts.stage, stage);
    setText(this.#parts.reason, reason);
    for (const part of [this.#parts.stage, this.#parts.reason]) part.lang = language;
    Object.assign(this.node.dataset, {
      payment: payment.id,
      transaction: txn.id,
      stage: payment.stage,
      tone: TONES[payment.stage] || "live",
    });
    this.#buttons.cancel.hidden = !payment.may_cancel;
    this.#buttons.retry.hidden =
      !payment.retry_safe || !["failed", "cancelled", "expired"].includes(payment.stage);
    this.#drawTrack();
    this.tick();
    if (before && before !== payment.stage) {
      setText(this.#parts.wrong, "");
      say(`${this.#parts.sum.textContent}: ${stage}. ${reason}`);
      if (this.fold.open) this.#tellAll();
    }
  }

  /** Count down. */
  tick() {
    const left = (this.#ends - Date.now()) / 1000;
    setText(this.#parts.left, left > 0 ? countdown(left) : "");
  }

  #drawTrack() {
    const { kind, stage } = this.txn.payment;
    const steps = STEPS[kind] || ASKS_NOBODY;
    const at = steps.indexOf(STANDS_AT[stage] || stage);
    // Of one that has failed it does not matter how far it came.
    const reached = at < 0 ? steps.length - 1 : at;
    this.#parts.track.replaceChildren(
      ...steps.map((_, index) => el("li", { data: index <= reached ? { reached: "1" } : {} })),
    );
  }

  async #do(act) {
    const button = this.#buttons[act];
    button.disabled = true;
    setText(this.#parts.wrong, "");
    try {
      await this.#acts[act](this.txn.payment.id);
      button.hidden = true; // what follows is told by the socket
    } catch (error) {
      setText(this.#parts.wrong, error.message);
    } finally {
      button.disabled = false;
    }
  }

  async #tellAll() {
    if (!this.fold.open) return;
    const { id } = this.txn.payment;
    try {
      const { payment, steps } = await this.#acts.tell(id);
      if (this.txn.payment.id === id) this.#drawAll(payment, steps);
    } catch (error) {
      setText(this.#parts.wrong, error.message);
    }
  }

  #drawAll(payment, steps) {
    const { language } = this.#wordsOf(payment.stage);
    const line = (at, stage, reason) => {
      // Of what goes on as it should, no reason is told.
      const isExplained = reason && TONES[stage] && stage !== "done";
      const told = this.#wordsOf({
        ...payment.stage,
        stage,
        reason: isExplained ? { code: reason } : null,
      });
      const time = new Date(at).toLocaleTimeString("en-GB");
      const text = [told.stage, told.reason].filter(Boolean).join(": ");
      return el(
        "li",
        {},
        el("time", { class: "muted", datetime: at, text: time }),
        el("span", { dir: "auto", lang: language, text }),
      );
    };
    this.#parts.steps.replaceChildren(
      line(payment.created_at, "starting", ""),
      ...steps.map((step) => line(step.at, step.stage, step.reason)),
    );
    const hasFee = /[1-9]/.test(payment.fee);
    setFacts(this.#parts.facts, [
      ["Receipt", payment.stage.receipt],
      ["Fee", hasFee ? `${money(payment.fee)} ${payment.currency}` : ""],
      ["Reference", payment.reference],
      ["Wallet", words(payment.wallet && means(payment.wallet))],
      ["Transaction", payment.transaction_id],
      ["Payment", payment.id],
    ]);
  }
}
