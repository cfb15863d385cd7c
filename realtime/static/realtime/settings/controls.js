// The controls that the sections of the settings page are made of.

import { h, write } from "../look.js";

let count = 0;

/** A section with its heading. */
export function section(title, ...children) {
  const id = `section-${++count}`;
  return h(
    "section",
    { "aria-labelledby": id },
    h("h3", { id, tabindex: "-1" }, title),
    ...children,
  );
}

export function button(text, onclick, more = {}) {
  return h("button", { type: "button", class: "button", onclick, ...more }, text);
}

/** A place for what went wrong; `show` fills it, and marks the fields that it is about. */
export function problem(...fields) {
  const node = h("p", { class: "problem", role: "alert", id: `problem-${++count}` });
  for (const field of fields) {
    const others = field.getAttribute("aria-describedby") ?? "";
    field.setAttribute("aria-describedby", `${others} ${node.id}`.trim());
  }
  return {
    node,
    show(text = "") {
      write(node, text, {});
      for (const field of fields) field.setAttribute("aria-invalid", String(Boolean(text)));
    },
  };
}

/** A field with its label above it. */
export function field(label, control, hint = "") {
  const about = hint ? h("small", {}, hint) : "";
  return h("label", { class: "field" }, h("span", {}, label), control, about);
}

/** A choice of one of `[value, text]`, or of `[group, […]]` where `isGrouped`. */
export function choice(options, onchange, more = {}) {
  const made = ([value, text]) => h("option", { value }, text);
  return h(
    "select",
    { onchange: ({ target }) => onchange(target.value), ...more },
    ...options.map(made),
  );
}

/** Make `node` anew where `signature` has changed; the focus stays on what has the same data-key. */
export function remake(node, signature, make) {
  if (node.dataset.made === signature) return;
  node.dataset.made = signature;
  const { key } = node.getRootNode().activeElement?.dataset ?? {};
  const had = node.contains(node.getRootNode().activeElement);
  node.replaceChildren(...make());
  if (!had) return;
  const again = key && [...node.querySelectorAll("[data-key]")].find((n) => n.dataset.key === key);
  const heading = node.closest("section")?.querySelector("h3");
  (again || heading)?.focus();
}
