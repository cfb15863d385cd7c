// Broadcasts for many, which wait for a second person.

import { $, el, setText } from "./dom.js";
import { ago, words } from "./format.js";
import { refusal, watched } from "./staff-watched.js";

const DECIDING = { approve: "approved and sent", reject: "rejected: it is never sent" };

/** Calls `heard` with the waiting broadcasts each time they are read. */
export function showWaiting({ session, nameOf, heard }) {
  const says = $("staff-waiting-done");
  const draw = (found) => {
    const items = found || [];
    $("staff-waiting-none").hidden = !found || items.length > 0;
    const { key: focused } = /** @type {HTMLElement} */ (document.activeElement)?.dataset ?? {};
    $("staff-waiting").replaceChildren(...items.map((item) => row(item)));
    if (focused)
      $("staff-waiting")
        .querySelector(`[data-key="${CSS.escape(focused)}"]`)
        ?.focus();
    if (found) heard(found);
  };
  const row = (item) => {
    const own = String(item.author_id) === session.userId;
    const whom =
      item.target === "all"
        ? "everybody"
        : /^\d+$/.test(item.target)
          ? nameOf(item.target)
          : item.target;
    const { payload } = item;
    const what = payload.title || payload.symbol || payload.id || payload.account_id || "";
    const button = (action, text, style) =>
      el("button", {
        class: `button small ${style}`,
        type: "button",
        disabled: own,
        data: { key: `${action}-${item.id}` },
        "aria-label": `${text}: ${item.kind} ${what}`,
        text,
        on: { click: (event) => decide(item, action, event.currentTarget) },
      });
    return el(
      "li",
      { class: "staff-item" },
      el(
        "div",
        {},
        el("strong", {}, words(item.kind), what && ": ", what && el("bdi", { text: what })),
        payload.message && el("p", { dir: "auto", text: payload.message }),
        el("div", {
          class: "muted",
          text: `To ${whom}, ${item.audience.toLocaleString("en")} users · by ${own ? "you: another person decides" : item.author}, ${ago(item.created_at)}`,
        }),
      ),
      el(
        "div",
        { class: "row" },
        button("approve", "Approve and send", ""),
        button("reject", "Reject", "quiet"),
      ),
    );
  };
  const decide = async (item, action, button) => {
    button.disabled = true;
    try {
      await session.api("POST", `/ws/broadcast/${item.id}/${action}`, {});
      setText(says, `${words(item.kind)} by ${item.author} ${DECIDING[action]}.`);
    } catch (error) {
      setText(says, refusal(error, "broadcasts.approve_broadcast"));
      button.disabled = false;
    }
    part.refresh(true);
  };
  const part = watched({
    session,
    path: () => "/ws/broadcast/waiting",
    draw,
    says: $("staff-waiting-says"),
    right: "broadcasts.broadcast or broadcasts.approve_broadcast",
  });
  const clear = () => {
    setText(says, "");
    part.clear();
  };
  return { ...part, clear };
}
