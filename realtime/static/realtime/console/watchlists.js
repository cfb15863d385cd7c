// The user's watchlists: which instruments the market board shows, and in which order.

import { Market } from "../market.js";
import { $, el, setText } from "./dom.js";

const LABELS = { name: "Name", symbols: "Symbols" };
const GONE = { version: 1 }; // of one that was removed meanwhile, as the server will say
const roomOf = (id) => `watchlist:${id}`;

/**
 * `changed` is called when other instruments are to be shown.
 * @param {import("./session.js").Session} session
 * @param {import("./link.js").Link} link
 */
export function showWatchlists(session, link, changed) {
  const rows = new Market(session).watchlists;
  let lists = [];
  let chosen = ""; // the id, "" for all instruments
  let editing = ""; // the id that the form changes, "" for a new one
  const form = $("watchlist-form");
  const says = (text) => setText($("watchlist-says"), text);
  const find = (id) => lists.find((list) => String(list.id) === id);

  async function load() {
    try {
      lists = await rows.list();
    } catch {
      return; // what is known stays, and the next connection asks again
    }
    if (chosen && !find(chosen)) choose("");
    draw();
    changed();
  }

  /** Take what another tab or device has changed of the list that is shown. */
  function told(list) {
    if (list.version < find(String(list.id))?.version) return; // an answer was faster
    const others = lists.filter(({ id }) => String(id) !== String(list.id));
    lists = list.deleted ? others : [...others, list];
    if (list.deleted && chosen === String(list.id)) choose("");
    draw();
    changed();
  }

  function draw() {
    $("watchlist").replaceChildren(
      el("option", { value: "", text: "All instruments" }),
      ...lists
        .toSorted((a, b) => a.name.localeCompare(b.name))
        .map(({ id, name }) => el("option", { value: String(id), text: name, dir: "auto" })),
    );
    $("watchlist").value = chosen;
    $("watchlist-edit").hidden = !chosen;
  }

  function choose(id) {
    if (id === chosen) return;
    if (chosen) link.client?.leave(roomOf(chosen)).catch(() => {}); // gone already, or no connection
    chosen = id;
    if (id) link.client?.join(roomOf(id)).catch((error) => says(error.message));
    draw();
    changed();
  }

  function edit(list) {
    editing = list ? String(list.id) : "";
    const { name, symbols } = form.elements;
    name.value = list?.name ?? "";
    symbols.value = list?.symbols.join(", ") ?? "";
    says("");
    $("watchlist-remove").hidden = !list;
    form.hidden = false;
    name.focus();
  }

  function end() {
    form.hidden = true;
    $(editing ? "watchlist-edit" : "watchlist-new").focus();
  }

  async function attempt(act) {
    says("");
    try {
      await act();
      end();
    } catch (error) {
      says(wrong(error));
      if (error.status === 412) load();
    }
  }

  /** Say what the server has against it, in the words of this form. */
  function wrong({ code, errors, message, problem, status }) {
    if (code === "watchlist_not_found") return "Another device has removed it.";
    if (status === 412) return "Another device has changed it. Save again to replace that.";
    if (code === "instrument_not_found") return `There is no ${problem.symbols.join(", ")}.`;
    const [field, reasons] = Object.entries(errors ?? {})[0] ?? [];
    return field ? `${LABELS[field] ?? field}: ${[reasons].flat().join(" ")}` : message;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = form.elements.name.value.trim();
    const symbols = form.elements.symbols.value
      .toUpperCase()
      .split(/[\s,]+/)
      .filter(Boolean);
    attempt(async () => {
      const { version } = find(editing) ?? GONE;
      const saved = editing
        ? await rows.update(editing, { version, name, symbols })
        : await rows.create({ name, symbols });
      lists = [...lists.filter(({ id }) => id !== saved.id), saved];
      if (chosen === String(saved.id)) changed();
      else choose(String(saved.id));
      draw();
    });
  });
  $("watchlist-remove").addEventListener("click", () =>
    attempt(async () => {
      const gone = editing;
      await rows.remove(gone);
      choose("");
      lists = lists.filter(({ id }) => String(id) !== gone);
      editing = "";
      draw();
    }),
  );
  $("watchlist").addEventListener("change", ({ target }) => choose(target.value));
  $("watchlist-edit").addEventListener("click", () => edit(find(chosen)));
  $("watchlist-new").addEventListener("click", () => edit(null));
  $("watchlist-back").addEventListener("click", end);
  session.addEventListener("change", () => {
    lists = [];
    chosen = editing = "";
    form.hidden = true;
    draw();
  });
  link.addEventListener("client", () => {
    const room = chosen;
    chosen = "";
    choose(room); // with the new client
    link.client.on("connection_established", () => load());
    link.client.on("message", (/** @type {any} */ { type, data }) => {
      if (type === "watchlist_changed") told(data);
    });
  });
  draw();

  return {
    /** The symbols to show, in their order; null for all. */
    symbols: () => (chosen ? (find(chosen)?.symbols ?? []) : null),
  };
}
