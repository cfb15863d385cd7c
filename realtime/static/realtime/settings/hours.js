// When to be left alone: quiet hours with their time zone, and a time until which all is muted.

import { h, write } from "../look.js";
import { until } from "../until.js";
import { button, choice, field, problem, remake, section } from "./controls.js";
import { EVERY_DAY, hasDay, weekdays, written, wrong, zoneHere, zones } from "./times.js";

const MAX = 14; // windows, as the server takes them
const NIGHT = { start: "22:00", end: "07:00", days: EVERY_DAY };

/** @param {import("./model.js").Model} model */
export function mute(model) {
  const { words, lang } = model;
  const place = "muted_until";
  const now = h("p", { class: "strong" });
  const end = button(words.unmute, () => model.save(place, { [place]: null }), {
    "data-key": "unmute",
  });
  const presets = Object.entries(words.mutes).map(([name, text]) =>
    button(text, () => model.save(place, { [place]: until(name).toISOString() })),
  );
  const failed = problem();
  const node = section(
    words.mute,
    h("p", { class: "about" }, words.muteAbout),
    now,
    h("div", { class: "buttons" }, ...presets, end),
    failed.node,
  );
  return {
    node,
    draw() {
      const moment = model.value.muted_until;
      const isOn = moment && new Date(moment) > new Date();
      write(now, isOn ? words.mutedUntil(written(moment, lang)) : "", {});
      end.hidden = !isOn;
      failed.show(model.problems.get(place));
    },
  };
}

/** Quiet hours are changed here, and saved all at once: half a window is none. */
export function quiet(model) {
  const { words, lang } = model;
  const place = "quiet";
  let draft = null; // what is entered and not saved
  const list = h("div", { class: "windows" });
  const zone = /** @type {HTMLSelectElement} */ (choice([], () => edit(), { "data-key": "zone" }));
  const zoned = field(words.zone, zone, words.zoneAbout);
  const add = button(words.addWindow, () => edit((windows) => windows.push({ ...NIGHT })), {
    "data-key": "add-window",
  });
  const save = button(words.save, store, { class: "button primary", "data-key": "save-quiet" });
  const drop = button(words.discard, () => leave(), { "data-key": "discard-quiet" });
  const failed = problem(zone);
  const node = section(
    words.quiet,
    h("p", { class: "about" }, words.quietAbout),
    list,
    zoned,
    h("div", { class: "buttons" }, add, save, drop),
    failed.node,
  );

  const windows = () => draft?.windows ?? model.value.quiet;
  const chosenZone = () => draft?.zone ?? model.value.zone;

  function edit(change = (_) => {}) {
    draft = { windows: structuredClone(windows()), zone: zone.value };
    change(draft.windows);
    draw();
  }

  function leave() {
    draft = null;
    model.problems.delete(place);
    draw();
  }

  async function store() {
    const bad = windows().map(wrong).find(Boolean);
    if (bad) return model.refuse(place, words.invalid[bad]);
    const wanted = draft;
    const done = await model.save(place, { quiet: wanted.windows, zone: wanted.zone });
    if (done && draft === wanted) leave();
  }

  function row(window, index) {
    const { days } = window;
    const set = (name, value) => edit((all) => Object.assign(all[index], { [name]: value }));
    const time = (name, text) =>
      field(
        text,
        h("input", {
          type: "time",
          value: window[name],
          required: true,
          "data-key": `${name} ${index}`,
          onchange: ({ target }) => set(name, target.value),
        }),
      );
    const { long, short } = words.weekdays ?? weekdays(lang);
    const toggles = short.map((text, day) =>
      h(
        "button",
        {
          type: "button",
          class: "day",
          "aria-pressed": String(hasDay(days, day)),
          "aria-label": long[day],
          "data-key": `day ${index} ${day}`,
          onclick: () => set("days", days ^ (1 << day)),
        },
        text,
      ),
    );
    return h(
      "div",
      { class: "window", role: "group", "aria-label": words.window(index + 1) },
      time("start", words.from),
      time("end", words.to),
      button(words.removeWindow, () => edit((all) => all.splice(index, 1)), {
        class: "quiet",
        "data-key": `remove ${index}`,
        "aria-label": `${words.removeWindow}: ${words.window(index + 1)}`,
      }),
      h("div", { class: "days" }, ...toggles),
    );
  }

  function drawZones() {
    const wanted = chosenZone();
    const here = zoneHere();
    remake(zone, wanted, () => [
      h("option", { value: "" }, "–"),
      ...(here ? [h("option", { value: here }, words.zoneHere(here))] : []),
      ...zones(wanted).map(([label, names]) =>
        h(
          "optgroup",
          { label: label || "UTC" },
          ...names.map((name) => h("option", { value: name }, name.replaceAll("_", " "))),
        ),
      ),
    ]);
    zone.value = wanted || (windows().length ? here : "");
  }

  function draw() {
    remake(list, JSON.stringify(windows()), () =>
      windows().length ? windows().map(row) : [h("p", { class: "empty" }, words.noWindows)],
    );
    drawZones();
    add.hidden = windows().length >= MAX;
    save.hidden = drop.hidden = !draft;
    failed.show(model.problems.get(place));
  }
  return { node, draw };
}
