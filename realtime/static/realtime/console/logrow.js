// One line of the log; its JSON is only built when somebody opens it.

import { copy, el, icon } from "./dom.js";
import { bytes, clock } from "./format.js";

export class LogRow {
  shown = true;

  constructor(entry) {
    this.entry = entry;
    this.type = entry.message?.type ?? "";
    this.text = `${this.type} ${entry.text} ${entry.flag}`.toLowerCase();
    this.head = el(
      "button",
      { class: "log-head", type: "button", "aria-expanded": "false", on: { click: () => this.#toggle() } },
      el("span", { class: "log-arrow", title: entry.direction }, entry.direction === "note" ? "·" : icon(entry.direction)),
      el("time", { class: "log-time", text: clock(entry.at) }),
      el("span", { class: "log-type", text: this.type || (entry.direction === "note" ? "note" : "text") }),
      el("span", { class: "log-summary", text: summary(entry) }),
      entry.flag === "gap" || entry.flag === "duplicate" ? el("span", { class: "log-flag", text: entry.flag }) : null,
    );
    this.node = el("li", { class: "log-row", data: { direction: entry.direction, kind: entry.kind, flag: entry.flag || "", type: this.type } }, this.head);
  }

  show(on) {
    this.shown = on;
    this.node.hidden = !on;
  }

  #toggle() {
    const isOpen = this.head.getAttribute("aria-expanded") === "true";
    this.head.setAttribute("aria-expanded", String(!isOpen));
    this.body ??= this.#body();
    if (isOpen) this.body.remove();
    else this.node.append(this.body);
  }

  #body() {
    const { message, text, since } = this.entry;
    const code = el("pre", { class: "mono", text: message ? JSON.stringify(message, null, 2) : text });
    const raw = el("button", { class: "button small quiet", type: "button", "aria-pressed": "false", text: "Raw" });
    raw.addEventListener("click", () => {
      const isRaw = raw.getAttribute("aria-pressed") !== "true";
      raw.setAttribute("aria-pressed", String(isRaw));
      code.textContent = isRaw || !message ? text : JSON.stringify(message, null, 2);
    });
    const copyButton = el("button", { class: "button small quiet", type: "button", text: "Copy" });
    copyButton.addEventListener("click", () => copy(code.textContent, copyButton));
    const facts = [bytes(new TextEncoder().encode(text).length), since === null ? "" : `${since < 1000 ? `${since} ms` : `${(since / 1000).toFixed(1)} s`} after the one before`];
    return el("div", { class: "log-body" }, el("div", { class: "row" }, el("span", { class: "muted grow", text: facts.filter(Boolean).join(" · ") }), message ? raw : null, copyButton), code);
  }
}

/** Say in a few words what a message says. */
function summary({ message, text }) {
  if (!message) return text;
  const data = message.data;
  const at = message.stream ? `${message.stream}#${message.offset} ` : "";
  if (!data) return rest(message);
  switch (message.type) {
    case "notification":
    case "system_announcement":
      return `${at}${data.title}`;
    case "transaction_update":
      return `${at}${data.status} ${data.amount} ${data.currency}`;
    case "balance_update":
      return `${at}${data.available_balance} ${data.currency}`;
    case "market_update":
      return `${data.symbol} ${data.price}`;
    case "notification_counts":
      return `${data.unread} unread, ${data.unseen} unseen`;
    case "notification_updated":
      return `${at}${data.notifications.map((item) => item.status).join(", ")}`;
    case "error":
      return `${data.code}: ${data.message}`;
    case "connection_established":
      return `user ${data.user_id}, ${data.connection_id}`;
    case "room_joined":
      return `${data.room} (${data.rate}), ${data.snapshot} values follow`;
    case "room_left":
      return data.room;
    case "rooms":
      return `${data.rooms.length} to join, ${data.joined.length} joined`;
    case "subscription_updated":
      return data.types.join(", ") || "everything";
    case "resync_required":
      return `${data.stream}: ${data.reason}`;
    default:
      return at + JSON.stringify(data);
  }
}

function rest(message) {
  const { type, id, ...fields } = message;
  return Object.keys(fields).length ? JSON.stringify(fields) : "";
}
