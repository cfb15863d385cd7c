// How <hoardrun-bell> looks: its elements and their style. bell.js decides what they show and do.

import { icon } from "./icons.js";
import { h, write } from "./look.js";
import { ago, wordsOf } from "./words.js";

export const CSS = `
.bell { position: relative; display: grid; place-items: center; width: 44px; height: 44px; padding: 0; border: 1px solid var(--line); border-radius: 50%; background: var(--surface); }
.bell:hover { border-color: var(--tint); }
.icon { width: 21px; height: 21px; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
.bell.unseen svg { color: var(--tint); transform-origin: 50% 10%; animation: ring 0.9s ease-in-out; }
.bell.away { border-style: dashed; color: var(--ink-2); }
@keyframes ring { 20% { rotate: 14deg; } 45% { rotate: -11deg; } 70% { rotate: 6deg; } }
.badge { position: absolute; top: -5px; inset-inline-end: -5px; min-width: 20px; padding: 0 5px; border-radius: 99px; background: var(--tint); color: var(--tint-ink); font-size: 11px; font-weight: 650; line-height: 19px; text-align: center; }
.badge:empty { display: none; }
.panel { position: absolute; top: calc(100% + 8px); inset-inline-end: 0; z-index: 1000; width: min(430px, calc(100vw - 28px)); overflow: hidden; border: 1px solid var(--line); border-radius: 14px; background: var(--surface); box-shadow: 0 12px 32px -12px var(--shade); }
.panel.turned { inset-inline: 0 auto; }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 10px; padding: 10px 10px 10px 16px; border-bottom: 1px solid var(--line); }
h2 { flex: 1; margin: 0; font-size: 15px; font-weight: 600; }
.segments { display: inline-flex; padding: 2px; border-radius: 8px; background: var(--sunken); }
.segments button { padding: 3px 10px; border: 0; border-radius: 6px; background: none; color: var(--ink-2); font-size: 13px; }
.segments [aria-pressed="true"] { background: var(--surface); color: var(--ink); }
.quiet { min-height: 28px; padding: 2px 8px; border: 0; border-radius: 7px; background: none; color: var(--tint); font-size: 13px; font-weight: 550; white-space: nowrap; }
.head .quiet { margin-inline-start: auto; }
.tool { display: grid; place-items: center; flex: none; width: 32px; height: 32px; padding: 0; border: 0; border-radius: 8px; background: none; color: var(--ink-2); }
.tool:hover { background: var(--soft); color: var(--tint); }
.tool .icon { width: 19px; height: 19px; }
.quiet:hover:not(:disabled) { background: var(--soft); }
.problem { margin: 0; padding: 8px 16px; color: var(--bad); }
.problem:empty { display: none; }
.scroll { max-height: min(480px, 62vh); max-height: min(480px, 62dvh); overflow-y: auto; overscroll-behavior: contain; scrollbar-width: thin; }
ul { margin: 0; padding: 0; list-style: none; }
.note { display: flex; gap: 4px; padding: 4px 8px 4px 4px; }
.note + .note { border-top: 1px solid var(--line); }
.note.unread { background: var(--soft); }
.kind { display: grid; place-items: center; flex: none; width: 32px; height: 32px; margin: 10px 0 0 10px; border-radius: 50%; background: var(--sunken); color: var(--ink-2); }
.kind .icon { width: 17px; height: 17px; }
.kind[data-type="security"] { background: var(--warn-soft); color: var(--warn); }
.kind:is([data-type="transaction"], [data-type="payment"]) { color: var(--tint); }
.open { display: grid; flex: 1; gap: 1px; min-width: 0; padding: 8px 12px; border: 0; border-radius: 8px; background: none; text-align: start; }
.open > * { overflow-wrap: anywhere; }
strong { font-weight: 500; }
.unread strong { font-weight: 650; }
.open span, small { color: var(--ink-2); }
small { font-size: 12.5px; }
em { margin-inline-start: 8px; color: var(--bad); font-style: normal; font-weight: 550; }
.acts { display: grid; align-content: start; justify-items: end; padding-top: 6px; }
.empty { padding: 26px 16px; color: var(--ink-2); text-align: center; }
.more { display: block; width: 100%; min-height: 40px; border-top: 1px solid var(--line); border-radius: 0; }
@media (max-width: 520px) {
  .panel, .panel.turned { position: fixed; inset: var(--edge) 14px auto; display: flex; flex-direction: column; width: auto; max-height: calc(100vh - var(--edge) - 14px); max-height: calc(100dvh - var(--edge) - 14px); }
  .panel.above { inset: auto 14px var(--edge); }
  .quiet { min-height: 34px; }
}
/* The words of some languages would leave the text half of the row. */
@media (max-width: 480px) {
  .note { flex-wrap: wrap; }
  .open { padding-bottom: 0; }
  .acts { display: flex; flex: 1 0 100%; flex-wrap: wrap; margin-inline-end: -8px; padding: 0; padding-inline-start: 52px; }
  .acts .quiet { padding-inline: 6px; font-size: 12.5px; }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }
`;

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
    problem,
    list,
    more,
    panel,
    live,
  };
}

/** Draw the bell, and its panel where that is open. */
export function draw(parts, { state, inbox, problem, lang, acts }) {
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
  if (unread === 0 && focused(parts) === readAll) all.focus(); // a disabled button loses the focus
  readAll.disabled = unread === 0;
  parts.problem.textContent = problem && words.failed(problem);
  more.hidden = !inbox?.hasMore || (problem !== "" && inbox.items.length === 0);
  write(more, inbox?.isLoading ? words.loading : words.more, {});
  const isOff = !inbox || problem !== "";
  const nothing = isOff ? words.off : inbox.unreadOnly ? words.allRead : words.empty;
  const rows = (inbox?.items || []).map((note) => row(note, words, lang, acts));
  drawRows(parts, rows, inbox?.isLoading ? words.loading : nothing);
}

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
function row(note, words, lang, acts) {
  const button = (verb, label) =>
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        "data-key": `${note.id} ${verb}`,
        "aria-label": `${label}: ${note.title}`,
        onclick: () => acts[verb](note),
      },
      label,
    );
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
      note.status === "unread" ? button("read", words.read) : "",
      button("archive", words.archive),
    ),
  );
}
