// A form for each client message, made from the protocol's own schema.

import { el } from "./dom.js";
import { words } from "./format.js";

/** Find the part of a field's schema that is not `null`. */
const core = (schema) => schema.anyOf?.find((option) => option.type !== "null") || schema;

/**
 * Build the fields of a command. Calls `changed` with the message whenever one is edited.
 * `prefill(name)` offers a value for a field; undefined for none.
 */
export function commandForm(command, { prefill, suggest, changed }) {
  const inputs = Object.entries(command.fields).map(([name, schema]) => field(name, core(schema), schema, { prefill, suggest, required: command.required.includes(name) }));
  const read = () => {
    const message = { type: command.type };
    for (const input of inputs) {
      const value = input.read();
      if (value !== undefined) message[input.name] = value;
    }
    return message;
  };
  for (const { node } of inputs) node.addEventListener("input", () => changed(read()));
  return { nodes: inputs.map(({ node }) => node), read };
}

function field(name, schema, whole, { prefill, suggest, required }) {
  const label = words(name);
  if (schema.type === "array" && schema.items.enum) return checks(name, label, schema.items.enum, required);
  const initial = prefill(name);
  let control;
  let read;
  if (schema.enum) {
    control = el("select", {}, ...schema.enum.map((value) => el("option", { value, text: value })));
    control.value = whole.default ?? schema.enum[0];
    read = () => (control.value === whole.default ? undefined : control.value);
  } else if (schema.type === "array") {
    control = el("input", { class: "mono", placeholder: "several, separated by commas", list: suggest(name), autocomplete: "off", spellcheck: "false" });
    read = () => {
      const values = control.value.split(/[\s,]+/).filter(Boolean);
      return values.length ? values : undefined;
    };
  } else if (schema.type === "integer") {
    control = el("input", { type: "number", min: schema.minimum, max: schema.maximum, step: 1 });
    read = () => (control.value === "" ? undefined : Number(control.value));
  } else {
    const isLong = (schema.maxLength ?? 0) > 1000;
    control = isLong ? el("textarea", { class: "mono", rows: 3, spellcheck: "false" }) : el("input", { class: "mono", maxlength: schema.maxLength, list: suggest(name), autocomplete: "off", spellcheck: "false" });
    read = () => control.value.trim() || undefined;
  }
  if (initial !== undefined) control.value = initial;
  control.name = name;
  return { name, read, node: el("label", { class: "field" }, el("span", { text: required ? label : `${label} (optional)` }), control) };
}

function checks(name, label, values, required) {
  const boxes = values.map((value) => el("input", { type: "checkbox", value }));
  const node = el("fieldset", { class: "checks" }, el("legend", { text: required ? label : `${label} (none: all of them)` }), ...boxes.map((box) => el("label", { class: "check" }, box, words(box.value))));
  const read = () => {
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    return chosen.length || required ? chosen : undefined;
  };
  return { name, read, node };
}
