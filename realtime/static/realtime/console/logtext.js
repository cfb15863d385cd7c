// An entry of the log in words, as `realtime/protocol/export/lines.py` writes them for terminals.

/**
 * Say in a few words what a message says: the line of its type in `lines`, filled in, or its JSON.
 * A message that was sent wrong on purpose is shown as it is.
 */
export function summary(entry, lines) {
  try {
    return inWords(entry, lines);
  } catch {
    return entry.text;
  }
}

function inWords({ message, text }, lines) {
  if (!message) return text;
  const { type, id, data, ...fields } = message;
  if (!data) return Object.keys(fields).length ? JSON.stringify(fields) : "";
  const at = message.stream ? `${message.stream}#${message.offset} ` : "";
  const line = lines[type];
  if (!line) return at + JSON.stringify(data);
  return at + filled(line, data).replace(/\s+/g, " ").trim();
}

function filled(line, data) {
  return line.replace(/\{#(\w+)\}(.*?)\{\/\1\}|\{(\w+)\}/g, (_, section, inner, field) => {
    if (field) return said(data[field]);
    const value = data[section];
    const items = Array.isArray(value) ? value : value ? [value] : [];
    return items.map((item) => filled(inner, typeof item === "object" ? item : data)).join("; ");
  });
}

function said(value) {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(said).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
