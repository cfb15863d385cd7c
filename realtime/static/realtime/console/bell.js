// The bell of the page is <hoardrun-bell>; here is what the page adds: the title and toasts.

import "../bell.js";
import { $, el, icon, say } from "./dom.js";

const TOAST_MS = 6000;
const TOASTS = 3;
const ends = new WeakMap(); // of the toasts that are shown

/** @param {import("./link.js").Link} link */
export function showBell(link) {
  const bell = $("bell");
  link.addEventListener("client", () => {
    bell.client = link.client;
    bell.inbox.addEventListener("change", () => drawTitle(bell.inbox));
  });
  bell.addEventListener(
    "hoardrun-arrived",
    ({ detail }) => bell.isOpen || toast(detail, () => bell.open(), bell.shows(detail)),
  );
}

function drawTitle({ counts }) {
  document.title = counts.unread ? `(${counts.unread}) hoardrun console` : "hoardrun console";
}

/** Show a toast. `ended` is called when it is gone. */
function toast(note, open, ended = () => {}) {
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
  const end = () => {
    node.remove();
    ended();
  };
  ends.set(node, end);
  let timer = setTimeout(end, TOAST_MS);
  body.addEventListener("click", () => {
    end();
    open();
  });
  node.addEventListener("pointerenter", () => clearTimeout(timer));
  node.addEventListener("pointerleave", () => (timer = setTimeout(end, TOAST_MS / 2)));
  list.append(node);
  while (list.children.length > TOASTS) ends.get(list.firstChild)();
}

/** A toast of the page's own, for what went wrong. */
export function complain(text) {
  toast(
    { type: "announcement", title: "That did not work", message: text, priority: "high" },
    () => {},
  );
  say(text, true);
}
