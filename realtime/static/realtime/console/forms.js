// A form for each message, made from the protocol's own schema.

import { el } from "./dom.js";
import { words } from "./format.js";

/** Find the part of a field's schema that is not `null`. */
const core = (schema) => schema.anyOf?.find((option) => option.type !== "null") || schema;

/**
 * Build the fields of a command. Calls `changed` with the message whenever one is edited.
 * `prefill(name)` offers a value for a field, `suggest(name)` the id of a list; undefined for none.
 * `people` finds users by name, for the fields that ask for one.
 * Each of `fields` has `name`, `node`, `isRequired` and `fail(text)`, which says what is wrong;
 * one that asks for a user has `settle()`, which says whether there is one of that name.
 */
export function commandForm(command, { prefill, suggest, people = null, changed = (_) => {} }) {
  const fields = Object.entries(command.fields).map(([name, schema]) =>
    field(name, schema, {
      initial: prefill(name),
      list: suggest(name),
      people,
      isRequired: command.required.includes(name),
    }),
  );
  const read = () => {
    const message = { type: command.type };
    for (const field of fields) {
      const value = field.read();
      if (value !== undefined) message[field.name] = value;
    }
    return message;
  };
  for (const { node } of fields) node.addEventListener("input", () => changed(read()));
  return { fields, nodes: fields.map(({ node }) => node), read };
}

function field(name, whole, { initial, list, people, isRequired }) {
  const schema = core(whole);
  const label = whole.format === "user" ? "User" : words(name);
  if (schema.type === "array" && schema.items.enum)
    return checks(
      name,
      isRequired
        ? label
        : `${label} (${whole.default === null ? "none: all of them" : "optional"})`,
      schema.items.enum,
      isRequired,
    );
  const { control, read, settle } =
    (schema.enum && choice(schema, whole, isRequired)) ||
    (whole.format === "date-time" && moment()) ||
    (whole.format === "user" && people && person(people, list)) ||
    (CONTROLS[schema.type] || text)({ schema, whole, list });
  if (schema.type === "boolean") control.checked = initial ?? whole.default ?? false;
  else if (initial !== undefined) control.value = initial;
  control.name = name;
  control.required = isRequired && schema.type !== "boolean";
  const title = el("span", { text: isRequired ? label : `${label} (optional)` });
  const about = whole.description && el("small", { class: "hint", text: whole.description });
  const wrong = el("small", { class: "form-error" });
  const node =
    schema.type === "boolean"
      ? el("label", { class: "check" }, control, label, about, wrong)
      : el("label", { class: "field" }, title, control, about, wrong);
  const fail = (text) => {
    wrong.textContent = text;
    control.setAttribute("aria-invalid", String(Boolean(text)));
  };
  if (schema.pattern) sayPattern(control, inWords(schema.pattern), fail);
  return { name, read, node, isRequired, fail, settle };
}

/** Each makes a control and how to read it; what is left as it was is not sent. */
const CONTROLS = {
  array: ({ list }) => {
    const control = el("input", {
      class: "mono",
      placeholder: "several, separated by commas",
      list,
      autocomplete: "off",
      spellcheck: "false",
    });
    const read = () => {
      const values = control.value.split(/[\s,]+/).filter(Boolean);
      return values.length ? values : undefined;
    };
    return { control, read };
  },
  integer: ({ schema, list }) => number(schema, 1, list),
  number: ({ schema, list }) => number(schema, "any", list),
  boolean: ({ whole }) => {
    const control = el("input", { type: "checkbox" });
    return {
      control,
      read: () => (control.checked === whole.default ? undefined : control.checked),
    };
  },
};

function choice(schema, whole, isRequired) {
  const mayBeNone = !isRequired && (whole.default ?? null) === null;
  const control = el(
    "select",
    {},
    mayBeNone && el("option", { value: "", text: "–" }),
    ...schema.enum.map((value) => el("option", { value, text: value })),
  );
  control.value = whole.default ?? (mayBeNone ? "" : schema.enum[0]);
  return {
    control,
    read: () =>
      control.value === "" || control.value === whole.default ? undefined : control.value,
  };
}

function number(schema, step, list) {
  const control = el("input", {
    type: "number",
    min: schema.minimum,
    max: schema.maximum,
    step,
    list,
  });
  return { control, read: () => (control.value === "" ? undefined : Number(control.value)) };
}

/** A user is asked for by name, and sent as an id. */
function person(people, list) {
  const control = el("input", {
    list,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    placeholder: "a name, or an id",
  });
  people.attend(control);
  const read = () => {
    const text = control.value.trim();
    if (!text) return undefined;
    const id = people.idOf(text);
    return /^\d+$/.test(id) ? Number(id) : id;
  };
  return { control, read, settle: () => people.settle(control) };
}

/** A time is asked for as the clock here shows it, and sent in UTC. */
function moment() {
  const control = el("input", { type: "datetime-local", step: 1 });
  return {
    control,
    read: () => (control.value ? new Date(control.value).toISOString() : undefined),
  };
}

function text({ schema, whole, list }) {
  const isLong = (schema.maxLength ?? 0) >= 1000;
  const shared = {
    minlength: schema.minLength,
    maxlength: schema.maxLength,
    placeholder: whole.default,
  };
  const control = isLong
    ? el("textarea", { class: "mono", rows: 3, spellcheck: "false", ...shared })
    : el("input", {
        class: "mono",
        list,
        autocomplete: "off",
        spellcheck: "false",
        pattern: schema.pattern,
        ...shared,
      });
  return { control, read: () => control.value.trim() || undefined };
}

const WORDS_OF = [
  ["45000.25", 'Give a decimal as text, such as "45000.25".'],
  ["USD", 'Give three capital letters, such as "USD".'],
];

/** Say what a pattern asks for, by what it accepts. */
function inWords(pattern) {
  const [, said] = WORDS_OF.find(([example]) => new RegExp(`^(?:${pattern})$`).test(example)) || [];
  return said || "This is not in the form that is asked for.";
}

/** The browser would show the pattern itself, or nothing that helps. */
function sayPattern(control, said, fail) {
  control.addEventListener("input", () =>
    control.setCustomValidity(control.validity.patternMismatch ? said : ""),
  );
  control.addEventListener("invalid", () => control.validity.patternMismatch && fail(said));
}

function checks(name, label, values, isRequired) {
  const boxes = values.map((value) => el("input", { type: "checkbox", value }));
  const wrong = el("small", { class: "form-error" });
  const node = el(
    "fieldset",
    { class: "checks" },
    el("legend", { text: label }),
    ...boxes.map((box) => el("label", { class: "check" }, box, words(box.value))),
    wrong,
  );
  const read = () => {
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    return chosen.length || isRequired ? chosen : undefined;
  };
  return { name, read, node, isRequired, fail: (text) => (wrong.textContent = text) };
}
