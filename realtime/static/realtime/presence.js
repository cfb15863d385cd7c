// Whether the person is at the page: it is visible and focused, and had input within a minute.

import { listen } from "./parts.js";

const IDLE_MS = 60_000;
const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"];

/**
 * Keep a client's `presence` true to this page. `changed` is told whether the person is there, first
 * at once. Returns a function that ends it.
 */
export function followPresence(client, changed = (_) => {}, now = () => performance.now()) {
  const life = new AbortController();
  let inputAt = -Infinity;
  let isActive = null;
  let timer = 0;
  const judge = () => {
    clearTimeout(timer);
    const left = inputAt + IDLE_MS - now();
    const was = isActive;
    isActive = left > 0 && !document.hidden && document.hasFocus();
    if (isActive) timer = setTimeout(judge, left);
    if (isActive === was) return;
    client.presence = isActive ? "active" : "away";
    changed(isActive);
  };
  const input = () => {
    inputAt = now();
    if (!isActive) judge(); // else the timer finds it
  };
  listen(document, life, { visibilitychange: judge });
  // To turn to the page is input too, though of a kind that it is not told.
  listen(globalThis, life, { focus: input, blur: judge });
  for (const name of INPUTS)
    document.addEventListener(name, input, { signal: life.signal, capture: true, passive: true });
  judge();
  return () => {
    clearTimeout(timer);
    life.abort();
    client.presence = "away";
  };
}
