// The form for an alert, and the list of those there are.

import { $, el, setText } from "../console/dom.js";
import { ago, money, words } from "../console/format.js";
import { isOfChange, KINDS, stateOf, WINDOWS, wish } from "./alertwords.js";
import { written } from "./steps.js";

/** @param {import("./alerts.js").Alerts} alerts */
export class AlertPanel {
  #alerts = /** @type {import("./alerts.js").Alerts} */ (null);
  #form = $("alert");
  #editing = ""; // the id of the alert that the form changes, "" for a new one

  constructor() {
    const { kind, window } = this.#form.elements;
    kind.replaceChildren(...options(KINDS));
    window.replaceChildren(...options(WINDOWS));
    kind.addEventListener("change", () => this.#fit());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send("refuse");
    });
    $("alert-fire").addEventListener("click", () => this.#send("fire"));
    $("alert-back").addEventListener("click", () => this.#edit(null));
    this.end();
  }

  /** Show the alerts of the user who is logged in now. */
  begin(alerts) {
    this.#alerts = alerts;
    this.#form.hidden = false;
    this.#edit(null);
    this.#draw();
    alerts.addEventListener("change", () => this.#alerts === alerts && this.#draw());
  }

  /** Show nobody's alerts, and no form. */
  end() {
    this.#alerts = null;
    this.#edit(null);
    this.#form.hidden = $("alerts-none").hidden = true;
    $("alerts").replaceChildren();
  }

  /** Say what is wrong, also with what was done elsewhere; "" takes it back. */
  says(text) {
    setText($("alert-says"), text);
  }

  /** Propose a threshold, until one is written. */
  propose(price) {
    const { threshold, kind } = this.#form.elements;
    if (kind.value.startsWith("price_")) threshold.placeholder = price;
  }

  #fit() {
    const { kind, window, threshold } = this.#form.elements;
    window.closest(".field").hidden = !isOfChange(kind.value);
    setText($("alert-unit"), isOfChange(kind.value) ? "in percent, with its sign" : "");
    if (!kind.value.startsWith("price_")) threshold.placeholder = "";
  }

  /** Let the form change an alert; null: make a new one. */
  #edit(alert) {
    const form = this.#form;
    form.reset();
    this.says("");
    $("alert-fire").hidden = true;
    this.#editing = alert?.id ?? "";
    for (const name of ["kind", "window"]) form.elements[name].disabled = Boolean(alert);
    if (alert) {
      for (const name of ["kind", "threshold", "mode", "note"])
        form.elements[name].value = alert[name];
      if (alert.window) form.elements.window.value = alert.window;
      form.elements.urgent.checked = alert.urgent;
      form.elements.threshold.focus();
    }
    setText($("alert-send"), alert ? "Save" : "Set the alert");
    $("alert-back").hidden = !alert;
    this.#fit();
  }

  async #send(ifTrue) {
    const { kind, window, threshold, mode, note, urgent } = this.#form.elements;
    const given = {
      threshold: written(threshold.value),
      mode: mode.value,
      note: note.value,
      urgent: urgent.checked,
      if_true: ifTrue,
    };
    if (!this.#editing) {
      given.kind = kind.value;
      if (isOfChange(kind.value)) given.window = window.value;
    }
    await this.#attempt($("alert-send"), async () => {
      if (this.#editing) await this.#alerts.update(this.#editing, given);
      else await this.#alerts.create(given);
      this.#edit(null);
    });
  }

  async #attempt(button, act) {
    this.says("");
    $("alert-fire").hidden = true;
    button.disabled = true;
    try {
      await act();
    } catch (error) {
      this.says(wrong(error));
      $("alert-fire").hidden = error.code !== "already_true";
    }
    button.disabled = false;
  }

  #draw() {
    const { items } = this.#alerts;
    $("alerts").replaceChildren(...items.map((alert) => this.#row(alert)));
    $("alerts-none").hidden = items.length > 0;
    if (this.#editing && !this.#alerts.get(this.#editing)) this.#edit(null);
  }

  #row(alert) {
    const button = (text, act, label = text) =>
      el("button", {
        class: "button small quiet",
        type: "button",
        text,
        "aria-label": `${label}: ${wish(alert)}`,
        on: { click: ({ currentTarget }) => act(currentTarget) },
      });
    const pause = (paused) => (node) =>
      this.#attempt(node, () => this.#alerts.update(alert.id, { paused }));
    const isActive = ["pending", "armed", "waiting_rearm"].includes(alert.state);
    return el(
      "li",
      { class: "alert-row", data: { alert: alert.id, state: alert.state } },
      el("strong", { text: wish(alert) }),
      el("span", {
        class: "muted",
        text: [stateOf(alert), alert.last_fired_at && ago(alert.last_fired_at)]
          .filter(Boolean)
          .join(" · "),
      }),
      alert.note ? el("span", { dir: "auto", text: alert.note }) : null,
      el(
        "span",
        { class: "row" },
        isActive ? button("Pause", pause(true)) : button("Arm", pause(false)),
        button("Change", () => this.#edit(alert)),
        button("Remove", (node) => this.#attempt(node, () => this.#alerts.remove(alert.id))),
      ),
    );
  }
}

const options = (texts) =>
  Object.entries(texts).map(([value, text]) => el("option", { value, text }));

/** Say what the server has against it: the reason of the field, where it names one. */
export function wrong(error) {
  if (error.code === "already_true")
    return `It is at ${money(error.problem.current)} already: choose another threshold.`;
  if (error.status === 404) return "It has been removed meanwhile.";
  if (error.status === 412)
    return "It has changed meanwhile, or has fired: look at it, then try again.";
  const [field, reasons] = Object.entries(error.errors ?? {})[0] ?? [];
  return field ? `${words(field)}: ${[reasons].flat().join(" ")}` : error.message;
}
