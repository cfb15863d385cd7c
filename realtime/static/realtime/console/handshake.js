// How a connection begins: its address, where the token goes, and what to take up again.

const PATH = "/ws/notifications";

/** The socket's address without anything secret: it is derived from the page's own. */
export const address = () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${PATH}`;

/** Say what to hand to `new WebSocket`, and where it resumes. */
export function handshake({ token, device, positions, transport, subprotocol, types }) {
  const query = new URLSearchParams({ device });
  const since = positions.since();
  if (since) query.set("since", since);
  if (since && positions.epoch) query.set("epoch", positions.epoch);
  if (types.length) query.set("types", types.join(",")); // holds for what was missed, too
  if (transport === "query") query.set("token", token);
  const protocols = transport === "subprotocol" ? [subprotocol, `bearer.${token}`] : [subprotocol];
  return { url: `${address()}?${query}`, protocols, since };
}

/** Write the fewest `join_room` messages that join these rooms again. */
export function rejoin(wanted) {
  const groups = new Map();
  for (const [room, rate] of wanted) groups.set(rate, [...(groups.get(rate) || []), room]);
  return [...groups].map(([rate, rooms]) => ({ type: "join_room", rooms, rate }));
}

/** Take the token out of what is shown, copied or exported. */
export function redact(text, message) {
  if (!message || typeof message.token !== "string") return text;
  message.token = "•••";
  return JSON.stringify(message);
}
