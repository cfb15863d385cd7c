// The panel "Phone" of the demo: what its providers have taken for a customer, as a phone shows it.

import { PREFIX, request } from "./api.js";
import { $, arrange, el, say, setText } from "./dom.js";
import { ago } from "./format.js";

const REFRESH_MS = 2000;

/** Show the panel, which asks at `path`; without one there is no demo. */
export function showPhone(session, path) {
  if (!path) return;
  const section = $("phone");
  const choice = $("phone-whose");
  const nodes = new Map(); // each message's element, by its id
  let whose = "";
  let version = "";
  let asking = null; // whom the newest question is about

  const clear = () => {
    whose = version = "";
    asking = null;
    nodes.clear();
    section.hidden = true;
    for (const id of ["phone-push", "phone-sms", "phone-mail"]) $(id).replaceChildren();
  };
  const query = () => {
    const asked = new URLSearchParams();
    if (whose) asked.set("whose", whose);
    if (version) asked.set("version", version);
    return `${path}?${asked}`;
  };
  const refresh = async () => {
    if (!session.token || document.hidden || asking) return;
    const mine = {};
    asking = mine;
    try {
      const found = await session.api("GET", query());
      if (asking === mine && found) draw(found);
    } catch (error) {
      if (asking === mine && error.status) section.hidden = true; // staff before the demo is seeded
    } finally {
      if (asking === mine) asking = null;
    }
  };
  const draw = (found) => {
    const isFirst = !version;
    version = found.version;
    whose = found.whose;
    section.hidden = false;
    drawChoice(choice, found);
    if (isFirst) drawNumbers(found.payments);
    setText($("phone-number"), found.number);
    $("phone-answer").hidden = !found.number;
    const told = isFirst ? null : say;
    fill("push", found.push, (row) => note(row, tap), told && ((row) => told(row.title)));
    fill("sms", found.sms.reverse(), bubble, told && ((row) => row.is_own || told(row.text)));
    fill("mail", found.email, (row) => letter(row, path), told && ((row) => told(row.subject)));
    const list = $("phone-sms");
    list.scrollTop = list.scrollHeight;
  };
  const fill = (name, rows, make, heard) => {
    for (const row of rows) {
      if (nodes.has(row.id + row.at)) continue;
      nodes.set(row.id + row.at, make(row));
      if (heard) heard(row);
    }
    const shown = rows
      .map((row) => nodes.get(row.id + row.at))
      .filter((node) => !node.dataset.gone);
    arrange($(`phone-${name}`), shown);
    $(`phone-${name}-none`).hidden = shown.length > 0;
  };
  const tap = async (row, node, event, button) => {
    const body = { token: row.receipt, event, ...(button && { action: button.action }) };
    try {
      await request("POST", "/api/v1/receipts", { body });
    } catch (error) {
      say(error.message, true);
      return;
    }
    if (event === "dismissed") {
      node.dataset.gone = "1";
      const next = /** @type {any} */ (node.nextElementSibling || node.previousElementSibling);
      node.remove();
      (next ? next.querySelector("button") : $("phone-push-title")).focus();
      $("phone-push-none").hidden = $("phone-push").children.length > 0;
    } else {
      node.dataset.opened = "1";
      say(
        button
          ? `“${button.title}”: the receipt says so, and the app asks to confirm it.`
          : "Opened: the receipt says that it has been read.",
      );
    }
  };

  choice.addEventListener("change", () => {
    const next = choice.value;
    clear();
    whose = next;
    refresh();
  });
  $("phone-answer").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = $("phone-text");
    const text = field.value.trim();
    if (!text) return;
    setText($("phone-says"), "");
    try {
      await session.api("POST", path, { text, whose });
      field.value = "";
      refresh();
    } catch (error) {
      setText($("phone-says"), error.message);
    }
  });
  session.addEventListener("change", () => {
    clear();
    refresh();
  });
  document.addEventListener("visibilitychange", refresh);
  setInterval(refresh, REFRESH_MS);
  refresh();
}

function drawChoice(choice, found) {
  choice.parentElement.hidden = found.people.length === 0;
  if (choice.options.length !== found.people.length)
    choice.replaceChildren(
      ...found.people.map((name) => el("option", { value: name, text: name })),
    );
  choice.value = found.whose;
}

/** Say in the panel of payments what the numbers of the demo do. */
function drawNumbers({ page, numbers }) {
  if (!$("pay-demo")) return;
  $("pay-page").href = page;
  $("pay-demo").hidden = false;
  $("pay-numbers").replaceChildren(
    ...numbers.map(({ number, title }) => el("option", { value: number, label: title })),
  );
}

const when = (row) => el("time", { class: "muted", datetime: row.at, text: ago(row.at) });

/** A notification on the lock screen. */
function note(row, tap) {
  const choice = (button) =>
    el("button", {
      class: "button small",
      type: "button",
      dir: "auto",
      lang: row.lang,
      text: button.title,
      on: { click: () => tap(row, node, "clicked", button) },
    });
  const node = el(
    "li",
    { class: "phone-note" },
    el(
      "button",
      {
        class: "phone-open",
        type: "button",
        on: { click: () => tap(row, node, "clicked") },
      },
      el("span", { class: "phone-app muted" }, "hoardrun", when(row)),
      el("strong", { dir: "auto", lang: row.lang, text: row.title }),
      el("span", { dir: "auto", lang: row.lang, text: row.body }),
    ),
    el("button", {
      class: "icon-button",
      type: "button",
      "aria-label": `Dismiss: ${row.title}`,
      text: "×",
      on: { click: () => tap(row, node, "dismissed") },
    }),
    row.actions.length > 0 && el("div", { class: "phone-actions" }, ...row.actions.map(choice)),
  );
  return node;
}

const BY = { AfricasTalking: "Africa’s Talking", Twilio: "Twilio" };

/** An SMS, ours or the phone's own. */
function bubble(row) {
  const count = row.segments === 1 ? "1 segment" : `${row.segments} segments`;
  return el(
    "li",
    { class: row.is_own ? "phone-bubble own" : "phone-bubble" },
    el("span", { class: "sr", text: row.is_own ? "You: " : "hoardrun: " }),
    el("p", { dir: "auto", text: row.text }),
    el("span", { class: "muted" }, row.is_own ? "" : `${count} · ${BY[row.by]} · `, when(row)),
  );
}

/** An e-mail that unfolds, as text or as its own page in a frame where nothing runs. */
function letter(row, path) {
  const text = el("pre", { class: "phone-text", dir: "auto", tabindex: "0", text: row.text });
  const frame = el("iframe", {
    class: "phone-frame",
    title: row.subject,
    sandbox: "",
    referrerpolicy: "no-referrer",
  });
  const tab = (name) =>
    el("button", {
      type: "button",
      "aria-pressed": String(name === "HTML"),
      text: name,
      on: { click: () => show(name) },
    });
  const tabs = row.has_html ? [tab("HTML"), tab("Text")] : [];
  const show = (name) => {
    for (const each of tabs) each.setAttribute("aria-pressed", String(each.textContent === name));
    frame.hidden = name !== "HTML";
    text.hidden = name === "HTML";
  };
  const fold = el(
    "details",
    {},
    el(
      "summary",
      {},
      el("strong", { class: "clip", dir: "auto", text: row.subject }),
      el("span", { class: "muted clip" }, `${row.sender.replace(/ <.*/, "")} · `, when(row)),
    ),
    el("div", { class: "segments", role: "group", "aria-label": "Shown as" }, ...tabs),
    frame,
    text,
  );
  show(row.has_html ? "HTML" : "Text");
  fold.addEventListener("toggle", () => {
    if (fold.open && row.has_html && !frame.getAttribute("src"))
      frame.setAttribute("src", `${PREFIX}${path}/mails/${row.id}`);
  });
  return el("li", { class: "phone-letter" }, fold);
}
