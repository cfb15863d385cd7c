// How <hoardrun-bell> looks: its elements. bell.js decides what they show and do.

import { icon } from "./icons.js";
import { h, write } from "./look.js";
import { ago, byCategory, wordsOf } from "./words.js";

/** Lay the bell and its panel out in a shadow root; its buttons call `acts`. Returns its parts. */
export function build(root, acts) {
  const bell = h("button", {
    type: "button",
    part: "bell",
    class: "bell",
    "aria-haspopup": "dialog",
    "aria-expanded": "false",
    onclick: acts.toggle,
  });
  const badge = h("span", { class: "badge", part: "badge", "aria-hidden": "true" });
  const label = h("span", { class: "sr" });
  bell.append(icon("bell"), badge, label);
  const all = h("button", { type: "button", onclick: () => acts.filter(false) });
  const onlyUnread = h("button", { type: "button", onclick: () => acts.filter(true) });
  const readAll = h("button", {
    type: "button",
    class: "quiet",
    onclick: acts.readAll,
  });
  const settings = h("button", { type: "button", class: "tool", onclick: acts.settings });
  settings.append(icon("settings"));
  const title = h("h2", {});
  const tabs = h("div", { class: "tabs", role: "group", hidden: true });
  tabs.addEventListener("click", ({ target }) => {
    const tab = /** @type {HTMLElement} */ (target).closest("button");
    if (tab) acts.category(tab.dataset.category);
  });
  const problem = h("p", { class: "problem", role: "alert" });
  const list = h("ul", {});
  const more = h("button", {
    type: "button",
    class: "quiet more",
    onclick: acts.more,
  });
  const panel = h(
    "div",
    { class: "panel", part: "panel", role: "dialog", hidden: true },
    h(
      "div",
      { class: "head" },
      title,
      h("div", { class: "segments", role: "group" }, all, onlyUnread),
      readAll,
      settings,
    ),
    tabs,
    problem,
    h("div", { class: "scroll" }, list, more),
  );
  const live = h("span", { class: "sr", "aria-live": "polite", dir: "auto" });
  root.append(bell, panel, live);
  return {
    bell,
    badge,
    label,
    all,
    onlyUnread,
    readAll,
    settings,
    title,
    tabs,
    problem,
    list,
    more,
    panel,
    live,
  };
}

/** Draw the bell, and its panel where that is open. */
export function draw(parts, { state, inbox, problem, snoozing, lang, acts }) {
  const { bell, badge, label, all, onlyUnread, readAll, title, more, panel } = parts;
  const words = wordsOf(lang);
  const { unread, unseen } = inbox?.counts || { unread: 0, unseen: 0 };
  badge.textContent = unread > 99 ? "99+" : unread || "";
  label.textContent = `${words.title}: ${words.unread(unread)}`;
  bell.title = { disconnected: words.off, connecting: words.away, connected: "" }[state];
  bell.classList.toggle("away", state !== "connected");
  bell.classList.toggle("unseen", unseen > 0);
  if (panel.hidden) return;
  title.textContent = words.title;
  panel.setAttribute("aria-label", words.title);
  write(all, words.all, { "aria-pressed": String(!inbox?.unreadOnly) });
  write(onlyUnread, words.onlyUnread, { "aria-pressed": String(Boolean(inbox?.unreadOnly)) });
  write(readAll, words.readAll, {});
  write(parts.settings, null, { title: words.settings, "aria-label": words.settings });
  drawTabs(parts.tabs, inbox, words);
  if (unread === 0 && focused(parts) === readAll) all.focus(); // a disabled button loses the focus
  readAll.disabled = unread === 0;
  parts.problem.textContent = problem && words.failed(problem);
  more.hidden = !inbox?.hasMore || (problem !== "" && inbox.items.length === 0);
  write(more, inbox?.isLoading ? words.loading : words.more, {});
  const isOff = !inbox || problem !== "";
  const nothing = isOff ? words.off : inbox.unreadOnly ? words.allRead : words.empty;
  const rows = (inbox?.items || []).map((note) => row(note, words, lang, acts, snoozing));
  drawRows(parts, rows, inbox?.isLoading ? words.loading : nothing);
}

/** Offer the categories that there are, where there are several. */
function drawTabs(tabs, inbox, words) {
  const sorted = [...(inbox?.categories ?? [])].sort(byCategory);
  const names = sorted.length > 1 ? ["", ...sorted] : [];
  tabs.hidden = !names.length;
  write(tabs, null, { "aria-label": words.categories });
  while (tabs.children.length > names.length) tabs.lastChild.remove();
  for (const [index, name] of names.entries()) {
    const tab = tabs.children[index] ?? tabs.appendChild(h("button", { type: "button" }));
    tab.dataset.category = name;
    const text = name ? (words.types[name] ?? capital(name)) : words.everything;
    write(tab, text, { "aria-pressed": String(inbox.category === name) });
  }
}

const capital = (name) => name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");

/** Write the ages of the notifications anew. */
export function age({ list }, lang) {
  for (const time of list.querySelectorAll("time")) write(time, ago(time.dateTime, lang), {});
}

const focused = ({ list }) => list.getRootNode().activeElement;

/** Show the rows, or the words `nothing`. The focus stays where it is, or goes to `all`. */
function drawRows(parts, rows, nothing) {
  const { list, all } = parts;
  const { key } = focused(parts)?.dataset ?? {};
  list.replaceChildren(...(rows.length ? rows : [h("li", { class: "empty" }, nothing)]));
  if (!key) return;
  const again = [...list.querySelectorAll("[data-key]")].find(({ dataset }) => dataset.key === key);
  (again || all).focus();
}

/** Make the row of a notification, whose buttons call `acts`. */
function row(note, words, lang, acts, snoozing) {
  const tool = (verb, label, name, more = {}) =>
    h(
      "button",
      {
        type: "button",
        class: "tool",
        title: label,
        "data-key": `${note.id} ${verb}`,
        "aria-label": `${label}: ${note.title}`,
        onclick: () => acts[verb](note),
        ...more,
      },
      icon(name),
    );
  const isUnread = note.status === "unread";
  const isOpen = snoozing === note.id;
  const isPinned = Boolean(note.pinned_at);
  const priority = words[note.priority];
  return h(
    "li",
    { class: `note ${note.status}`, "data-notification": note.id },
    h("span", { class: "kind", "data-type": note.type }, icon(note.type)),
    h(
      "button",
      {
        type: "button",
        class: "open",
        "data-key": `${note.id} open`,
        onclick: () => acts.choose(note),
      },
      h("strong", { dir: "auto" }, note.title),
      " ",
      h("span", { dir: "auto" }, note.message),
      " ",
      h(
        "small",
        {},
        h("time", { datetime: note.created_at }, ago(note.created_at, lang)),
        priority ? " " : "",
        priority ? h("em", {}, priority) : "",
      ),
    ),
    h(
      "div",
      { class: "acts" },
      isUnread ? tool("read", words.read, "read") : "",
      isUnread ? tool("snooze", words.snooze, "reminder", { "aria-expanded": String(isOpen) }) : "",
      tool("pin", words.pin, "pin", { "aria-pressed": String(isPinned) }),
      tool("archive", words.archive, "archive"),
    ),
    isOpen ? choices(note, words, acts) : "",
  );
}

/** How long a notification may be snoozed. */
function choices(note, words, acts) {
  return h(
    "div",
    { class: "choices", role: "group", "aria-label": `${words.snooze}: ${note.title}` },
    ...Object.entries(words.snoozes).map(([choice, text]) =>
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "data-key": `${note.id} ${choice}`,
          onclick: () => acts.snoozeFor(note, choice),
        },
        text,
      ),
    ),
  );
}
