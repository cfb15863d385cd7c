// Users by name, for staff's forms: a field takes a name or an id, and offers the names.

import { $, el } from "./dom.js";

const PAUSE_MS = 150; // of typing

/** `idOf(text)` returns the id of a known user name, else the text as it is. */
export function findPeople({ session }) {
  const ids = new Map(); // by name
  const names = new Map(); // by id
  let timer = 0;

  const know = (users) => {
    for (const { id, username } of users) {
      ids.set(username.toLowerCase(), String(id));
      names.set(String(id), username);
    }
  };
  const offer = (users) => {
    know(users);
    $("staff-people").replaceChildren(
      ...users.map(({ id, username, name }) =>
        el("option", { value: username, label: [name, `user ${id}`].filter(Boolean).join(", ") }),
      ),
    );
  };
  const look = async (text) => {
    if (!text || /^\d+$/.test(text)) return;
    try {
      offer(await session.api("GET", `/api/v1/users?name=${encodeURIComponent(text)}`));
    } catch {
      // Without the right to see users, an id will do.
    }
  };
  /** Offer the user names that begin with the text in `control`; refuse an unknown one. */
  const attend = (control) => {
    control.addEventListener("input", () => {
      control.setCustomValidity("");
      clearTimeout(timer);
      timer = setTimeout(() => look(control.value.trim()), PAUSE_MS);
    });
  };
  /** Look the whole name up; returns whether it is a user's name or an id. */
  const settle = async (control) => {
    const text = control.value.trim();
    if (!ids.has(text.toLowerCase())) await look(text);
    const isKnown = !text || /^\d+$/.test(idOf(text));
    control.setCustomValidity(isKnown ? "" : "There is no user of this name.");
    return isKnown;
  };
  const clear = () => {
    ids.clear();
    names.clear();
    $("staff-people").replaceChildren();
  };
  const idOf = (text) => ids.get(text.toLowerCase()) ?? text;
  return { attend, clear, idOf, know, settle, nameOf: (id) => names.get(String(id)) };
}
