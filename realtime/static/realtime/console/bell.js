// The bell of the page is <hoardrun-bell>; here is what the page adds: the title and toasts.

import "../bell.js";
import { $, el, icon, say } from "./dom.js";

const TOAST_MS = 6000;
const TOASTS = 3;

/** @param {import("./link.js").Link} link */
export function showBell(link) {
  const bell = $("bell");
  link.addEventListener("client", () => {
    bell.client = link.client;
    bell.inbox.addEventListener("change", () => drawTitle(bell.inbox));
  });
  bell.addEventListener(
    "hoardrun-arrived",
    ({ detail }) => bell.isOpen || toast(detail, () => bell.open()),
  );
}

function drawTitle({ counts }) {
  document.title = counts.unread ? `(${counts.unread}) hoardrun console` : "hoardrun console";
}

function toast(note, open) {
  const list = $("toasts");
  const body = el(
    "button",
    { class: "toast-body", type: "button", tabindex: "-1" },
    el("span", { class: "note-icon", data: { type: note.type } }, icon(note.type)),
    el(
      "span",
      { class: "grow" },
      el("strong", { class: "clip", dir: "auto", text: note.title }),
      el("span", { class: "toast-text", dir: "auto", text: note.message }),
    ),
  );
  const node = el("div", { class: "toast", data: { priority: note.priority || "" } }, body);
  let timer = setTimeout(() => node.remove(), TOAST_MS);
  body.addEventListener("click", () => {
    node.remove();
    open();
  });
  node.addEventListener("pointerenter", () => clearTimeout(timer));
  node.addEventListener(
    "pointerleave",
    () => (timer = setTimeout(() => node.remove(), TOAST_MS / 2)),
  );
  list.append(node);
  while (list.children.length > TOASTS) list.firstChild.remove();
}

/** A toast of the page's own, for what went wrong. */
export function complain(text) {
  toast(
    { type: "announcement", title: "That did not work", message: text, priority: "high" },
    () => {},
  );
  say(text, true);
}
