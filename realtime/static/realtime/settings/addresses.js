// My addresses: e-mail and phone, with the code that proves each, and the browsers that get push.

import { h } from "../look.js";
import { button, field, problem, remake, section } from "./controls.js";

const ENTERED = {
  email: { type: "email", autocomplete: "email" },
  sms: { type: "tel", autocomplete: "tel" },
};

/** @param {import("./model.js").Model} model */
export function addresses(model) {
  const { words } = model;
  const list = h("div", { class: "addresses" });
  const node = section(words.addresses, h("p", { class: "about" }, words.addressesAbout), list);
  let open = null; // what is being entered: { place, kind, id, channel }
  const entered = new Map(); // texts, by place

  const set = (wanted) => {
    if (open) model.problems.delete(open.place);
    open = wanted;
    entered.clear();
    draw();
    /** @type {HTMLElement} */ (list.querySelector("input, [data-first]"))?.focus();
  };

  /** A form for an address, new or in place of another. */
  function entry(channel, replaces = null) {
    const place = `add:${channel}:${replaces ?? ""}`;
    const submit = async (text) => {
      const added = await model.add(place, channel, text, replaces);
      if (added || model.addresses.some(({ value }) => value === text)) set(null);
      else draw();
    };
    return form(place, words.enter[channel], words.sendCode, ENTERED[channel], submit);
  }

  /** A form for the code of an address. */
  function code(address) {
    const place = `code:${address.id}`;
    const submit = async (text) => {
      await model.verify(place, address.id, text.trim());
      draw();
    };
    const again = button(words.anotherCode, () => model.sendCode(place, address.id).then(draw), {
      class: "quiet",
      "data-key": `again:${address.id}`,
    });
    const options = {
      inputmode: "numeric",
      autocomplete: "one-time-code",
      maxlength: "6",
      size: "8",
    };
    return form(place, words.code(address.value), words.confirm, options, submit, again);
  }

  function form(place, label, verb, options, submit, ...more) {
    const input = /** @type {HTMLInputElement} */ (
      h("input", {
        ...options,
        required: true,
        "data-key": place,
        oninput: () => entered.set(place, input.value),
      })
    );
    input.value = entered.get(place) ?? "";
    const wrong = problem(input);
    wrong.show(model.problems.get(place));
    const go = h("button", { type: "submit", class: "button primary" }, verb);
    return h(
      "form",
      {
        class: "entry",
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          submit(input.value);
        },
      },
      field(label, input),
      h("div", { class: "buttons" }, go, ...more),
      wrong.node,
    );
  }

  const cancel = () =>
    button(words.cancel, () => set(null), { class: "quiet", "data-key": "cancel" });

  function removing(address) {
    const place = `remove:${address.id}`;
    const wrong = problem();
    wrong.show(model.problems.get(place));
    return h(
      "div",
      { class: "entry" },
      h("p", {}, words.removeSure(address.value || words.browser(address.device))),
      h(
        "div",
        { class: "buttons" },
        button(words.remove, async () => (await model.remove(place, address.id)) && set(null), {
          class: "button bad",
          "data-first": "",
        }),
        cancel(),
      ),
      wrong.node,
    );
  }

  function row(address) {
    const { id, channel, value, state, device } = address;
    const name = value || words.browser(device);
    const places = { replace: `add:${channel}:${id}`, remove: `remove:${id}` };
    const act = (verb, kind) =>
      button(verb, () => set({ kind, id, channel, place: places[kind] }), {
        class: "quiet",
        "data-key": `${kind}:${id}`,
        "aria-label": `${verb}: ${name}`,
      });
    const isOpen = (kind) => open?.kind === kind && open.id === id;
    return h(
      "li",
      { class: "address" },
      h("span", { class: "name", dir: "auto" }, name),
      h("small", { class: `state ${state}` }, channel === "push" ? "" : words.states[state]),
      h(
        "span",
        { class: "acts" },
        channel === "push" ? "" : act(words.replace, "replace"),
        act(words.remove, "remove"),
      ),
      state === "unverified" && !open ? code(address) : "",
      isOpen("replace") ? h("div", {}, entry(channel, id), cancel()) : "",
      isOpen("remove") ? removing(address) : "",
    );
  }

  function group(channel) {
    const own = model.addresses.filter((address) => address.channel === channel);
    const isOff = model.value.channels[channel] === "off";
    if (!own.length && (isOff || channel === "push")) return "";
    const isAdding = open?.kind === "add" && open.channel === channel;
    const add = () =>
      button(words.add[channel], () => set({ kind: "add", channel, place: `add:${channel}:` }), {
        "data-key": `add ${channel}`,
      });
    const isSettled = channel === "push" || isOff;
    return h(
      "div",
      { class: "group" },
      h("h4", {}, words.groups[channel]),
      own.length ? h("ul", {}, ...own.map(row)) : h("p", { class: "empty" }, words.none),
      isSettled ? "" : isAdding ? h("div", {}, entry(channel), cancel()) : add(),
    );
  }

  function draw() {
    const shown = [model.addresses, open, [...model.problems], model.value.channels];
    remake(list, JSON.stringify(shown), () => ["email", "sms", "push"].map(group));
  }
  return { node, draw };
}
