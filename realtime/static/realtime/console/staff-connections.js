// The list of connections, and the buttons that close them.

import { $, arrange, el, setText } from "./dom.js";
import { ago } from "./format.js";
import { refusal, watched } from "./staff-watched.js";

const BROWSERS = {
  Edg: "Edge",
  OPR: "Opera",
  Firefox: "Firefox",
  Chrome: "Chrome",
  Version: "Safari",
};

/** Name a browser by what it calls itself; others say it plainly. */
function program(client) {
  const found =
    client.startsWith("Mozilla/") &&
    Object.keys(BROWSERS)
      .map((mark) => client.match(new RegExp(`(${mark})/(\\d+)`)))
      .find(Boolean);
  return found ? `${BROWSERS[found[1]]} ${found[2]}` : client || "does not say what it is";
}

export function showConnections({ session, people }) {
  const find = $("staff-find");
  const done = $("staff-connections-done");
  const rows = new Map();
  const closing = new Set();

  const path = () => {
    const value = people.idOf(find.elements.user_id.value.trim());
    return value ? `/ws/connections?user_id=${encodeURIComponent(value)}` : "/ws/connections";
  };
  const draw = (found) => {
    const items = found || [];
    const ids = new Set(items.map(({ id }) => id));
    for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id);
    for (const id of closing) if (!ids.has(id)) closing.delete(id);
    people.know(items.map(({ user_id, username }) => ({ id: user_id, username })));
    arrange($("staff-connections"), items.map(rowOf));
    const none = $("staff-connections-none");
    none.hidden = !found || items.length > 0;
    const value = find.elements.user_id.value.trim();
    if (found)
      setText(
        none,
        value
          ? `${/^\d+$/.test(value) ? `User ${value}` : value} is not connected.`
          : "Nobody is connected.",
      );
    setText($("staff-connections-count"), found ? String(items.length) : "");
  };
  const rowOf = (item) => {
    let row = rows.get(item.id);
    if (!row) {
      const about = el("span", { class: "muted" });
      const buttons = [
        button(item, "Close", ""),
        button(item, "Make it reconnect", "?reconnect=true"),
      ];
      const mine = item.device === session.device && item.user_id === session.userId;
      row = {
        about,
        buttons,
        node: el(
          "li",
          { class: "staff-item", data: { connection: item.id } },
          el(
            "div",
            {},
            el("strong", { dir: "auto", text: item.username }),
            el("span", {
              class: "muted",
              text: ` user ${item.user_id}${mine ? " · this page" : ""}`,
            }),
            el("div", {
              class: "clip muted",
              dir: "auto",
              title: item.client,
              text: program(item.client),
            }),
            about,
          ),
          el("div", { class: "row" }, ...buttons),
        ),
      };
      rows.set(item.id, row);
    }
    setText(
      row.about,
      [item.device, item.address, item.node, ago(item.opened_at)].filter(Boolean).join(" · "),
    );
    for (const node of row.buttons) node.disabled = closing.has(item.id);
    return row.node;
  };
  const button = (item, text, query) =>
    el("button", {
      class: `button small ${query ? "quiet" : ""}`,
      type: "button",
      "aria-label": `${text}: ${item.username}, ${item.device || item.client}`,
      text,
      on: { click: () => close(item, query) },
    });
  const close = async (item, query) => {
    closing.add(item.id);
    rowOf(item);
    try {
      await session.api("DELETE", `/ws/connections/${encodeURIComponent(item.id)}${query}`);
      setText(
        done,
        `The connection of ${item.username} is being closed${query ? "; the client may come back" : ""}.`,
      );
    } catch (error) {
      closing.delete(item.id);
      rowOf(item);
      setText(done, refusal(error, "realtime.delete_connection"));
    }
    part.refresh(true);
  };
  const part = watched({
    session,
    path,
    draw,
    says: $("staff-connections-says"),
    right: "realtime.view_connection",
  });
  people.attend(find.elements.user_id);
  const show = async () => {
    if (await people.settle(find.elements.user_id)) part.refresh();
    else find.reportValidity();
  };
  find.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
  find.addEventListener("change", show);
  const clear = () => {
    find.reset();
    setText(done, "");
    part.clear();
  };
  return { ...part, clear };
}
