// An entry of the log in words.

/** Say in a few words what a message says. One that was sent wrong on purpose is shown as it is. */
export function summary(entry) {
  try {
    return inWords(entry);
  } catch {
    return entry.text;
  }
}

function inWords({ message, text }) {
  if (!message) return text;
  const data = message.data;
  const at = message.stream ? `${message.stream}#${message.offset} ` : "";
  if (!data) return rest(message);
  switch (message.type) {
    case "notification":
    case "system_announcement":
      return `${at}${data.title}`;
    case "transaction_update":
      return `${at}${data.status} ${data.amount} ${data.currency}`;
    case "balance_update":
      return `${at}${data.available_balance} ${data.currency}`;
    case "market_update":
      return `${data.symbol} ${data.price}`;
    case "notification_counts":
      return `${data.unread} unread, ${data.unseen} unseen`;
    case "notification_updated":
      return `${at}${data.notifications.map((item) => item.status).join(", ")}`;
    case "error":
      return `${data.code}: ${data.message}`;
    case "connection_established":
      return `user ${data.user_id}, ${data.connection_id}`;
    case "room_joined":
      return `${data.room} (${data.rate}), ${data.snapshot} values follow`;
    case "room_left":
      return data.room;
    case "rooms":
      return `${data.rooms.length} to join, ${data.joined.length} joined`;
    case "subscription_updated":
      return data.types.join(", ") || "everything";
    case "resync_required":
      return `${data.stream}: ${data.reason}`;
    default:
      return at + JSON.stringify(data);
  }
}

function rest(message) {
  const { type, id, ...fields } = message;
  return Object.keys(fields).length ? JSON.stringify(fields) : "";
}
