// What the bell and the settings page share: colours, buttons, and how elements are made.
// Light and dark follow the page's `color-scheme`, the accent --hoardrun-accent; browsers without
// light-dark() have the light colours.

const LOOK = `
:host {
  --tint: var(--hoardrun-accent, #2553c7); --tint-ink: #fff; --surface: #fff; --sunken: #f0eeea; --soft: #e9eef9; --line: #e4e1da;
  --ink: #1b1c20; --ink-2: #5d5c59; --bad: #b3311f; --warn: #8a5a00; --warn-soft: #fbf1da; --shade: #1b1c2040;
}
@supports (color: light-dark(#fff, #000)) and (color: color-mix(in srgb, #fff 10%, #000)) {
  :host {
    --tint: var(--hoardrun-accent, light-dark(#2553c7, #8fb0ff));
    --tint-ink: light-dark(#fff, #0d1530);
    --surface: light-dark(#fff, #191b1f);
    --sunken: light-dark(#f0eeea, #0c0d0f);
    --soft: color-mix(in srgb, var(--tint) 10%, var(--surface));
    --line: light-dark(#e4e1da, #2a2d33);
    --ink: light-dark(#1b1c20, #eceae5);
    --ink-2: light-dark(#5d5c59, #a3a5aa);
    --bad: light-dark(#b3311f, #ff8f7c);
    --warn: light-dark(#8a5a00, #efb95a);
    --warn-soft: light-dark(#fbf1da, #362a12);
    --shade: light-dark(#1b1c2040, #000c);
  }
}
:host {
  position: relative; display: inline-block; color: var(--ink); font: 400 14px/1.45 system-ui, sans-serif; text-align: start;
}
:host([hidden]), [hidden] { display: none !important; }
*, ::before, ::after { box-sizing: border-box; }
button { font: inherit; color: inherit; cursor: pointer; }
button:disabled { opacity: 0.5; cursor: default; }
:focus-visible { outline: 2px solid var(--tint); outline-offset: 2px; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

const sheets = new Map();

/** Give a shadow root its style: one sheet for all of a kind, where the browser can share one. */
export function dress(root, css) {
  try {
    if (!sheets.has(css)) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(LOOK + css);
      sheets.set(css, sheet);
    }
    root.adoptedStyleSheets = [sheets.get(css)];
  } catch {
    root.append(Object.assign(document.createElement("style"), { textContent: LOOK + css }));
  }
}

/** Make an element; text only ever becomes text. */
export function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) write(node, null, { [name]: value });
  node.append(...children);
  return node;
}

/** Set what differs; a handler is named `on…`, and a null text is left alone. */
export function write(node, text, attributes) {
  if (text !== null && node.textContent !== text) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") node.toggleAttribute(name, value);
    else node.setAttribute(name, value);
  }
}
