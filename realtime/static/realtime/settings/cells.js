// What the switches of the settings page show and change. Nothing here draws or asks.

export const CHANNELS = ["push", "sms", "email"];

/** States of a channel in which nothing can be sent, whatever is chosen. */
const BLOCKED = ["off", "no_address", "unverified", "suppressed"];

/**
 * What one switch shows: `on`, `reason` (a key of the words), and whether it is `locked`. Null where
 * the kind never goes by the channel.
 */
export function cellOf(kind, channel, value) {
  const cell = kind.channels[channel];
  if (!cell) return null;
  const state = value.channels?.[channel] ?? "ready";
  if (BLOCKED.includes(state)) {
    const isPush = channel === "push" && state === "no_address";
    return { on: false, locked: true, reason: isPush ? "no_device" : state };
  }
  if (cell.required) return { on: true, locked: true, reason: "required" };
  if (state === "opted_out") return { on: false, locked: true, reason: state };
  return { on: cell.value, locked: false, reason: cell.source };
}

/** What the switch of a whole category shows: `on` is null where its kinds differ. */
export function groupCell(group, channel, value) {
  const cells = group.kinds.map((kind) => cellOf(kind, channel, value)).filter(Boolean);
  if (!cells.length) return null;
  const free = cells.filter(({ locked }) => !locked);
  const counted = free.length ? free : cells;
  const isSame = (name) => counted.every((cell) => cell[name] === counted[0][name]);
  return {
    on: isSame("on") ? counted[0].on : null,
    locked: !free.length,
    reason: isSame("reason") ? counted[0].reason : "mixed",
  };
}

/** The cells of a change that turns a kind on or off by a channel. */
export const kindChange = (kind, channel, on) => ({ [`kind:${kind.kind}`]: { [channel]: on } });

/** The cells of a change for a whole category: its kinds follow, so their own choices are taken back. */
export function groupChange(group, channel, on, chosen = {}) {
  const changes = { [`category:${group.category}`]: { [channel]: on } };
  for (const { kind } of group.kinds)
    if (chosen[`kind:${kind}`]?.[channel] !== undefined)
      changes[`kind:${kind}`] = { [channel]: null };
  return changes;
}

/** The cells of a change that takes back all that is chosen for a category; null if nothing is. */
export function defaults(group, chosen = {}) {
  const scopes = [`category:${group.category}`, ...group.kinds.map(({ kind }) => `kind:${kind}`)];
  const found = scopes.filter((scope) => chosen[scope]);
  if (!found.length) return null;
  const none = (switches) => Object.fromEntries(Object.keys(switches).map((name) => [name, null]));
  return Object.fromEntries(found.map((scope) => [scope, none(chosen[scope])]));
}

/** Group channels by why their switches are as they are: `[reason, channels]`. */
export function reasons(cells) {
  const found = new Map();
  for (const [channel, cell] of cells)
    if (cell) found.set(cell.reason, [...(found.get(cell.reason) ?? []), channel]);
  return [...found];
}
