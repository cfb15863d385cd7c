// Alerts in words, for the form, the list and the lines. Pure.

import { money } from "../console/format.js";

export const KINDS = {
  price_above: "Price rises to",
  price_below: "Price falls to",
  change_above: "Change rises to",
  change_below: "Change falls to",
  volume_above: "Volume rises to",
};
export const WINDOWS = { "24h": "in 24 hours", "1h": "in one hour", session: "since the close" };
const STATES = {
  pending: "being set",
  armed: "armed",
  waiting_rearm: "has fired, waits for the way back",
  fired: "fired",
  paused: "paused",
  expired: "expired",
};

export const isOfChange = (kind) => kind.startsWith("change_");

/** "Price rises to 64,000.00". */
export function wish({ kind, threshold, window }) {
  const unit = isOfChange(kind) ? ` % ${WINDOWS[window] ?? ""}` : "";
  return `${KINDS[kind] ?? kind} ${money(threshold)}${unit}`.trimEnd();
}

/** "armed, repeats, suspended while the price is not live". */
export function stateOf({ state, mode, suspended, fire_count: fired }) {
  const repeats = mode === "repeat" ? "repeats" : "";
  const times = mode === "repeat" && fired > 0 ? `fired ${fired}×` : "";
  const rests = suspended && state === "armed" ? "suspended while the price is not live" : "";
  return [STATES[state] ?? state, repeats, times, rests].filter(Boolean).join(", ");
}
