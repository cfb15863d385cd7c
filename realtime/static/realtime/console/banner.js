// Announcements across the top of the live view, until they end or are dismissed.

import { $, el, icon, inFrame, say } from "./dom.js";
import { ago, words } from "./format.js";

const KEY = "hoardrun.dismissed";
const SEVERITY = ["emergency", "service", "maintenance", "info"];

export function showBanners(store) {
  const dismissed = new Set(read());
  const draw = () => inFrame("banners", () => drawBanners(store, dismissed, draw));
  store.addEventListener("change", ({ detail }) => detail === "announcements" && draw());
  store.addEventListener(
    "announced",
    ({ detail }) =>
      isCurrent(detail) &&
      say(`Announcement: ${detail.title}. ${detail.message}`, detail.severity === "emergency"),
  );
  setInterval(() => store.announcements.size && draw(), 1000);
}

const isCurrent = (item) => !item.ends_at || new Date(item.ends_at) > new Date();

let showAll = false;

/** A dismissed announcement is shown again once its text has changed. */
const version = (item) => `${item.id} ${item.title} ${item.message}`;

function drawBanners(store, dismissed, again) {
  const items = [...store.announcements.values()]
    .filter((item) => isCurrent(item) && !dismissed.has(version(item)))
    .sort(
      (a, b) =>
        SEVERITY.indexOf(a.severity) - SEVERITY.indexOf(b.severity) ||
        String(b.published_at).localeCompare(String(a.published_at)),
    )
    .slice(0, 20);
  const key = JSON.stringify([showAll, items, items.map(when)]); // times age
  const list = $("banners");
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  const dismiss = (item) => {
    dismissed.add(version(item));
    sessionStorage.setItem(KEY, JSON.stringify([...dismissed].slice(-50)));
    again();
  };
  const toggle = () => {
    showAll = !showAll;
    again();
  };
  const more =
    items.length > 1 &&
    el("button", {
      class: "button small quiet banner-more",
      type: "button",
      "aria-expanded": String(showAll),
      text: showAll ? "Show the first only" : `${items.length - 1} more`,
      on: { click: toggle },
    });
  list.replaceChildren(
    ...items.slice(0, showAll ? items.length : 1).map((item) => banner(item, dismiss)),
    ...(more ? [more] : []),
  );
}

/** What is said aloud is said by `say`: a role here would read it twice. */
function banner(item, dismiss) {
  return el(
    "div",
    { class: "banner", data: { severity: item.severity, announcement: item.id } },
    icon("announcement"),
    el(
      "div",
      { class: "grow" },
      el("strong", { dir: "auto", text: item.title }),
      el("p", { dir: "auto", text: item.message }),
      el("span", {
        class: "muted",
        text: [words(item.severity), when(item)].filter(Boolean).join(" · "),
      }),
    ),
    el(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": `Dismiss: ${item.title}`,
        on: { click: () => dismiss(item) },
      },
      icon("close"),
    ),
  );
}

function when(item) {
  const time = (text) =>
    new Date(text).toLocaleString("en-GB", {
      day: "numeric",
      month: "short",
      hour: "2-digit",
      minute: "2-digit",
    });
  if (item.starts_at && new Date(item.starts_at) > new Date())
    return `from ${time(item.starts_at)}${item.ends_at ? ` to ${time(item.ends_at)}` : ""}`;
  return item.ends_at ? `until ${time(item.ends_at)}` : ago(item.published_at);
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) || [];
  } catch {
    return [];
  }
}
