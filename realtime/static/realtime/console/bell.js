// The bell, the inbox behind it, and the toast for what has just come.

import { $, el, icon, inFrame, say, setText } from "./dom.js";
import { ago, words } from "./format.js";
import { newest } from "./store.js";

const TOAST_MS = 6000;
const TOASTS = 3;

export function showBell(store, session, onError) {
  const inbox = new Inbox(store, session, onError);
  store.addEventListener("change", ({ detail }) => detail === "notifications" && inFrame("bell", () => inbox.draw()));
  store.addEventListener("arrived", ({ detail }) => {
    if (inbox.isOpen) inbox.markSeen();
    else toast(detail, () => inbox.open());
    say(`${detail.title}. ${detail.message}`, detail.priority === "urgent");
  });
  setInterval(() => inbox.isOpen && inFrame("bell", () => inbox.draw()), 30_000);
  inbox.draw();
}

class Inbox {
  unreadOnly = false;

  constructor(store, session, onError) {
    Object.assign(this, { store, session, onError });
    this.badge = el("span", { class: "badge" });
    this.label = el("span", { class: "sr" });
    $("bell").append(icon("bell"), this.badge, this.label);
    $("bell").addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    $("inbox-all").addEventListener("click", () => this.filter(false));
    $("inbox-unread").addEventListener("click", () => this.filter(true));
    $("read-all").addEventListener("click", () => this.readAll());
    $("inbox").addEventListener("keydown", (event) => event.key === "Escape" && this.close(true));
    $("bell").addEventListener("keydown", (event) => event.key === "Escape" && this.close(true));
    document.addEventListener("pointerdown", (event) => this.isOpen && !event.composedPath().includes($("bell").parentElement) && this.close());
  }

  get isOpen() {
    return !$("inbox").hidden;
  }

  open() {
    $("inbox").hidden = false;
    $("bell").setAttribute("aria-expanded", "true");
    this.draw();
    $("inbox-all").focus();
    this.markSeen();
    // The snapshot has what is unread; what was read before is only of interest here.
    this.ask("GET", "?limit=50", (found) => this.store.addNotifications(found));
  }

  close(refocus = false) {
    $("inbox").hidden = true;
    $("bell").setAttribute("aria-expanded", "false");
    if (refocus) $("bell").focus();
  }

  filter(unreadOnly) {
    this.unreadOnly = unreadOnly;
    $("inbox-all").setAttribute("aria-pressed", String(!unreadOnly));
    $("inbox-unread").setAttribute("aria-pressed", String(unreadOnly));
    this.draw();
  }

  draw() {
    const { unread, unseen } = this.store.counts;
    setText(this.badge, unread > 99 ? "99+" : unread ? String(unread) : "");
    setText(this.label, `Notifications: ${unread} unread`);
    $("bell").classList.toggle("unseen", unseen > 0);
    $("read-all").disabled = unread === 0;
    document.title = unread ? `(${unread}) hoardrun console` : "hoardrun console";
    if (!this.isOpen) return;
    const shown = newest(this.store.notifications).filter((note) => note.status !== "archived" && (!this.unreadOnly || note.status === "unread"));
    const focused = document.activeElement?.dataset?.key;
    $("inbox-list").replaceChildren(...(shown.length ? shown.map((note) => this.item(note)) : [el("li", { class: "empty", text: this.unreadOnly ? "All read." : "Nothing here yet." })]));
    if (focused) ($("inbox-list").querySelector(`[data-key="${CSS.escape(focused)}"]`) || $("inbox-all")).focus();
  }

  item(note) {
    const unread = note.status === "unread";
    return el(
      "li",
      { class: unread ? "note unread" : "note", data: { notification: note.id, priority: note.priority || "" } },
      el("span", { class: "note-icon", data: { type: note.type } }, icon(note.type)),
      el("div", { class: "grow" }, el("strong", { text: note.title }), el("p", { text: note.message }), el("span", { class: "muted" }, ago(note.created_at), note.priority === "urgent" || note.priority === "high" ? el("span", { class: "priority", text: words(note.priority) }) : null)),
      el("div", { class: "note-actions" }, unread && this.action(note, "read", "Read"), this.action(note, "archive", "Archive")),
    );
  }

  action(note, verb, label) {
    return el("button", { class: "button small quiet", type: "button", data: { key: `${note.id} ${verb}` }, "aria-label": `${label}: ${note.title}`, text: label, on: { click: () => this.act(note.id, verb) } });
  }

  async act(id, verb) {
    const status = verb === "archive" ? "archived" : "read";
    await this.ask("POST", `${encodeURIComponent(id)}/${verb}`, () => this.store.patchNotifications([id], { status }));
  }

  readAll() {
    const ids = this.idsOf((note) => note.status === "unread");
    return this.ask("POST", "mark-all-read", () => this.store.patchNotifications(ids, { status: "read" }));
  }

  /** What the open inbox shows has been seen: the bell need not call any more. */
  markSeen() {
    const ids = this.idsOf((note) => note.status === "unread" && !note.seen_at);
    if (!ids.length && !this.store.counts.unseen) return;
    this.ask("POST", "mark-all-seen", () => this.store.patchNotifications(ids, { seen_at: new Date().toISOString() }));
  }

  idsOf(test) {
    return [...this.store.notifications.values()].filter(test).map((note) => note.id);
  }

  async ask(method, path, then) {
    try {
      then(await this.session.api(method, `/api/v1/notifications${path.startsWith("?") ? "" : "/"}${path}`));
    } catch (error) {
      this.onError(error.message);
    }
  }
}

function toast(note, open) {
  const list = $("toasts");
  const body = el("button", { class: "toast-body", type: "button", tabindex: "-1" }, el("span", { class: "note-icon", data: { type: note.type } }, icon(note.type)), el("span", { class: "grow" }, el("strong", { class: "clip", text: note.title }), el("span", { class: "toast-text", text: note.message })));
  const node = el("div", { class: "toast", data: { priority: note.priority || "" } }, body);
  let timer = setTimeout(() => node.remove(), TOAST_MS);
  body.addEventListener("click", () => {
    node.remove();
    open();
  });
  node.addEventListener("pointerenter", () => clearTimeout(timer));
  node.addEventListener("pointerleave", () => (timer = setTimeout(() => node.remove(), TOAST_MS / 2)));
  list.append(node);
  while (list.children.length > TOASTS) list.firstChild.remove();
}

/** A toast of the page's own, for what went wrong. */
export function complain(text) {
  toast({ type: "announcement", title: "That did not work", message: text, priority: "high" }, () => {});
  say(text, true);
}
