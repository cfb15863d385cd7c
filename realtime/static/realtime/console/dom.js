// Build and find elements. Text only ever becomes text: nothing here parses HTML.

import { drawn, icon as iconOf, SVG } from "../icons.js";

// What the bell, which loads icons.js, does not need.
const ICONS = {
  announcement: "M12 4l9 16H3zm0 6v4m0 3v.1",
  close: "M6 6l12 12M18 6L6 18",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8m0-5v2m0 14v2M3 12h2m14 0h2M5.6 5.6l1.5 1.5m9.8 9.8l1.5 1.5M5.6 18.4l1.5-1.5m9.8-9.8l1.5-1.5",
  moon: "M19 14.5A8 8 0 0 1 9.500 5a7.500 7.500 0 1 0 9.500 9.500z",
  auto: "M12 4a8 8 0 1 0 0 16zm0 0a8 8 0 0 1 0 16",
  in: "M12 5v14m-6-6l6 6 6-6",
  out: "M12 19V5m-6 6l6-6 6 6",
};

/** Draw an icon of the page or of the bell. */
export const icon = (name) => (ICONS[name] ? drawn(ICONS[name]) : iconOf(name));

/** Find an element of the page by its id. The caller knows its tag. @returns {any} */
export const $ = (id) => document.getElementById(id);

/** Make an element. `props`: `class`, `text`, `data`, `on` and attributes; null leaves one out. */
export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** Make an SVG element, as `el` does. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on")
      for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(
    ...children.filter((child) => child !== null && child !== undefined && child !== false),
  );
  return node;
}

/** Set text only where it changed, so that an unchanged page costs no layout. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Fill a `<dl>` from `[name, value]` pairs; empty values are left out. */
export function setFacts(list, pairs) {
  const rows = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  list.replaceChildren(
    ...rows.map(([name, value]) =>
      el("div", {}, el("dt", { text: name }), el("dd", { text: String(value) })),
    ),
  );
}

/**
 * Make `nodes` the children of `list`. Moves only what is out of place: a move restarts an
 * element's animation and takes the focus from it.
 */
export function arrange(list, nodes) {
  for (const [index, node] of nodes.entries()) {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] || null);
  }
  while (list.children.length > nodes.length) list.lastChild.remove();
}

/** Play a CSS animation class again from its start. */
export function flash(node, name) {
  node.classList.remove("flash-up", "flash-down", "flash-new");
  void node.offsetWidth; // reading it makes the browser notice that the class was gone
  node.classList.add(name);
}

/** Tell screen readers, at once when it is urgent. */
export function say(text, urgent = false) {
  const region = $(urgent ? "assertive" : "polite");
  region.textContent = "";
  requestAnimationFrame(() => (region.textContent = text));
}

/** Copy text; works without the clipboard API too, which plain HTTP does not have. */
export async function copy(text, button) {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    const area = el("textarea", { class: "sr", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
  }
  button.dataset.label ||= button.textContent;
  const label = button.dataset.label;
  button.textContent = done ? "Copied" : "Not copied";
  setTimeout(() => (button.textContent = label), 1400);
}

const dirty = new Map();

/** Run `draw` once in the next frame, however often it is asked for. */
export function inFrame(key, draw) {
  if (dirty.size === 0) requestAnimationFrame(drawAll);
  dirty.set(key, draw);
}

function drawAll() {
  const all = [...dirty.values()];
  dirty.clear();
  for (const draw of all) draw();
}
