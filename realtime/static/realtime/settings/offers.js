// Consent to offers, channel by channel: each switch stands beside the sentence that is recorded.

import { h, write } from "../look.js";
import { CHANNELS, cellOf } from "./cells.js";
import { problem, section } from "./controls.js";

/** @param {import("./model.js").Model} model */
export function offers(model) {
  const { words } = model;
  const list = h("div", { class: "plain" });
  const node = section(words.offers, h("p", { class: "about" }, words.offersAbout), list);
  const find = () => model.value.matrix.filter(({ needs_consent }) => needs_consent);
  let rows = null;

  function draw() {
    rows ??= find().flatMap((group) =>
      CHANNELS.filter((channel) => cellOf(group.kinds[0], channel, model.value)).map((channel) =>
        consentRow(model, group.category, channel),
      ),
    );
    if (!list.childElementCount) list.append(...rows.map((row) => row.node));
    node.hidden = !rows.length;
    for (const row of rows) row.draw();
  }
  return { node, draw };
}

function consentRow(model, category, channel) {
  const { words } = model;
  const place = `consent:${category}:${channel}`;
  const find = () => model.value.matrix.find((group) => group.category === category);
  const wording = h("span", {});
  const why = h("small", { class: "why", id: `why-${place}` });
  const box = /** @type {HTMLInputElement} */ (
    h("input", {
      type: "checkbox",
      class: "switch",
      "aria-describedby": why.id,
      onchange: () => model.consent(place, category, channel, box.checked, wording.textContent),
    })
  );
  const wrong = problem();
  return {
    node: h("div", {}, h("label", { class: "line" }, wording, box), why, wrong.node),
    draw() {
      const { title, kinds } = find();
      const { on, locked, reason } = cellOf(kinds[0], channel, model.value);
      write(wording, words.consent(title, words.ways[channel]), {});
      write(why, locked || reason === "muted" ? words.reasons[reason] : "", {});
      box.checked = on;
      box.disabled = locked;
      wrong.show(model.problems.get(place));
    },
  };
}
