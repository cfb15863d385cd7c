// The table of categories and kinds by channel: each cell is a switch, or says why it is none.

import { h, write } from "../look.js";
import { byCategory } from "../words.js";
import {
  CHANNELS,
  cellOf,
  defaults,
  groupCell,
  groupChange,
  kindChange,
  reasons,
} from "./cells.js";
import { button, choice, field, problem, section } from "./controls.js";

/** @param {import("./model.js").Model} model */
export function matrix(model) {
  const { words } = model;
  const notes = h("ul", { class: "notes" });
  const table = h("div", { class: "matrix" });
  const node = section(words.what, h("p", { class: "about" }, words.whatAbout), notes, table);
  let built = "";
  let rows = [];

  function build({ matrix }) {
    const head = h("div", { class: "row head" }, h("span", {}), ...CHANNELS.map(channelName));
    const groups = matrix
      .filter(({ needs_consent }) => !needs_consent)
      .map(({ category }) => category)
      .sort(byCategory)
      .map((category) => groupOf(model, category));
    rows = groups;
    table.replaceChildren(head, ...groups.map((group) => group.node));
  }

  const channelName = (channel) =>
    h("span", { class: "channel", "aria-hidden": "true" }, words.channels[channel]);

  function draw() {
    const { value } = model;
    const shape = JSON.stringify(
      value.matrix.map(({ category, kinds }) => [category, kinds.length]),
    );
    if (shape !== built) build(value);
    built = shape;
    notes.replaceChildren(
      ...CHANNELS.filter((channel) => words.notes[value.channels[channel]]).map((channel) =>
        h("li", {}, words.notes[value.channels[channel]](words.channels[channel], channel)),
      ),
    );
    for (const row of rows) row.draw();
  }
  return { node, draw };
}

/** A category: its own switches, and those of its kinds, which it opens to. */
function groupOf(model, category) {
  const { words } = model;
  const find = () => model.value.matrix.find((group) => group.category === category);
  const group = find();
  const isSimple = group.kinds.length === 1 && !group.digestible;
  const inner = h("div", { class: "kinds", id: `kinds-${category}`, hidden: true });
  const title = h("span", { class: "title" });
  const opener = h("button", {
    type: "button",
    class: "opener",
    "aria-expanded": "false",
    "aria-controls": inner.id,
    onclick: () => {
      inner.hidden = !inner.hidden;
      opener.setAttribute("aria-expanded", String(!inner.hidden));
    },
  });
  opener.append(h("span", { class: "chevron", "aria-hidden": "true" }), title);
  const own = rowOf(model, isSimple ? title : opener, {
    place: `category:${category}`,
    title: () => find().title,
    cell: (channel) => groupCell(find(), channel, model.value),
    change: (channel, on) => groupChange(find(), channel, on, model.value.cells),
    category,
  });
  own.node.classList.add("group");
  const kinds = isSimple ? [] : group.kinds.map(({ kind }) => kindRow(model, find, kind, category));
  const digest = group.digestible ? digestOf(model, category) : null;
  const reset = button(
    words.defaults,
    () => model.save(`category:${category}`, { cells: defaults(find(), model.value.cells) ?? {} }),
    { class: "quiet" },
  );
  inner.append(...kinds.map(({ node }) => node), ...(digest ? [digest.node] : []), reset);
  return {
    node: h("div", { class: "category" }, own.node, inner),
    draw() {
      write(title, find().title, {});
      for (const row of [own, ...kinds]) row.draw();
      digest?.draw();
      reset.hidden = !defaults(find(), model.value.cells);
    },
  };
}

function kindRow(model, group, name, category) {
  const find = () => group().kinds.find(({ kind }) => kind === name);
  const title = h("span", { class: "title" });
  const row = rowOf(model, title, {
    place: `kind:${name}`,
    title: () => find().title,
    cell: (channel) => cellOf(find(), channel, model.value),
    change: (channel, on) => kindChange(find(), channel, on),
    category,
  });
  return {
    node: row.node,
    draw() {
      write(title, find().title, {});
      row.draw();
    },
  };
}

/** One row: what it is of, a switch by channel, and why they are so. */
function rowOf(model, title, { place, title: name, cell, change, category }) {
  const { words } = model;
  const why = h("small", { class: "why", id: `why-${place}` });
  const boxes = CHANNELS.map((channel) => {
    const box = /** @type {HTMLInputElement} */ (
      h("input", {
        type: "checkbox",
        class: "switch",
        "aria-describedby": why.id,
        onchange: () => turn(channel, box.checked),
      })
    );
    return { channel, box, holder: h("span", { class: "cell" }, box) };
  });
  const wrong = problem();

  function turn(channel, on) {
    // What was ended by a link in a message needs a new consent, not only a switch.
    if (on && cell(channel).reason === "consent")
      model.consent(place, category, channel, true, words.consent(name(), words.ways[channel]));
    else model.save(place, { cells: change(channel, on) });
  }

  const node = h(
    "div",
    { class: "row" },
    h("div", { class: "what" }, title, why),
    ...boxes.map(({ holder }) => holder),
    wrong.node,
  );
  function draw() {
    const cells = CHANNELS.map((channel) => [channel, cell(channel)]);
    for (const [index, { channel, box, holder }] of boxes.entries()) {
      const shown = cells[index][1];
      box.hidden = !shown;
      holder.classList.toggle("none", !shown);
      if (!shown) continue;
      box.checked = shown.on === true;
      box.indeterminate = shown.on === null;
      box.disabled = shown.locked;
      box.setAttribute("aria-label", `${name()}: ${words.channels[channel]}`);
    }
    const text = reasons(cells).map(([reason, channels]) =>
      words.because(
        channels.map((channel) => words.channels[channel]).join(", "),
        words.reasons[reason] ?? reason,
      ),
    );
    write(why, text.join(" · "), {});
    wrong.show(model.problems.get(place));
  }
  return { node, draw };
}

/** How often the notifications of a category leave together. */
function digestOf(model, category) {
  const { words } = model;
  const place = `digest:${category}`;
  const select = choice(
    Object.entries(words.digests),
    (how) => model.save(place, { digests: { [category]: how || null } }),
    { "data-key": place },
  );
  const wrong = problem(select);
  return {
    node: h("div", { class: "digest" }, field(words.digest, select), wrong.node),
    draw() {
      select.value = model.value.digests[category] ?? "";
      wrong.show(model.problems.get(place));
    },
  };
}
