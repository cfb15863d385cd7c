// Push to this browser: one switch, or what stands in its way.

import { h, write } from "../look.js";
import { button, problem, section } from "./controls.js";

/**
 * @param {import("./model.js").Model} model
 * @param {any} push as push.js makes it; null where a page has none
 */
export function pushHere(model, push) {
  const { words } = model;
  const place = "push";
  const about = h("small", { class: "why", id: "why-push" });
  const box = /** @type {HTMLInputElement} */ (
    h("input", {
      type: "checkbox",
      class: "switch",
      "aria-describedby": about.id,
      onchange: () => turn(box.checked),
    })
  );
  const test = button(words.pushTest, () => model.attempt(place, () => push.test()));
  const wrong = problem(box);
  const node = section(
    words.push,
    h("label", { class: "line" }, h("span", {}, words.pushHere), box),
    about,
    h("div", { class: "buttons" }, test),
    wrong.node,
  );
  let state = "";

  async function turn(on) {
    await model.attempt(place, async () => {
      state = await (on ? push.turnOn() : push.turnOff());
      await model.load();
    });
    draw();
  }

  function look() {
    push?.state().then((now) => {
      state = now;
      draw();
    }, reportError);
  }

  function draw() {
    node.hidden = !push || model.value?.channels.push === "off";
    box.checked = state === "on";
    box.disabled = !["on", "off"].includes(state);
    test.hidden = state !== "on" || !push.test;
    write(about, words.pushStates[state] ?? "", {});
    wrong.show(model.problems.get(place));
  }
  if (push) push.onchange = look;
  look();
  return {
    node,
    draw,
    close() {
      if (push) push.onchange = null;
    },
  };
}
