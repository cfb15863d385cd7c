// Forms of what staff may send, as the apps have registered them.

import { $, el, setText } from "./dom.js";
import { words } from "./format.js";
import { commandForm } from "./forms.js";
import { random } from "./random.js";
import { refusal } from "./staff-watched.js";

const STATUSES = [
  "pending",
  "processing",
  "completed",
  "failed",
  "cancelled",
  "reversed",
  "expired",
];

export function showTrigger({ session, store, triggers, people, nameOf, sent }) {
  const kind = $("staff-kind");
  const form = $("staff-form");
  const says = $("staff-says");
  let made = null;
  let key = ""; // of what the form says now: sent twice, it happens once
  let done = ""; // the key of what was sent
  let waits = null; // what was sent and waits for approval: its id, its kind, what it says
  let isSending = false;

  kind.replaceChildren(
    ...triggers.map(({ type }) => el("option", { value: type, text: words(type) })),
  );
  $("staff-statuses").replaceChildren(...STATUSES.map((value) => el("option", { value })));

  const renew = () => {
    key = random(16);
    waits = null;
    for (const field of made?.fields ?? []) field.fail("");
    tell("");
    $("staff-again").hidden = true;
  };
  const triggerOf = (type) => triggers.find((trigger) => trigger.type === type);
  const begin = () => {
    const trigger = triggerOf(kind.value);
    const offers = prefills(trigger.type, session, store, people);
    $("staff-symbols").replaceChildren(
      ...[...store.quotes.keys()].sort().map((value) => el("option", { value })),
    );
    $("staff-accounts").replaceChildren(
      ...[...store.accounts.values()].map((account) =>
        el("option", {
          value: account.id,
          label: `${account.name || words(account.type)}, ${account.currency}`,
        }),
      ),
    );
    setText($("staff-about"), trigger.about);
    made = commandForm(trigger, {
      prefill: (name) => offers[name],
      suggest: (name) => suggest(trigger.type, name),
      people,
      changed: renew,
    });
    const [most, more] = [
      made.fields.filter((field) => field.isRequired || offers[field.name] !== undefined),
      made.fields.filter((field) => !field.isRequired && offers[field.name] === undefined),
    ];
    $("staff-fields").replaceChildren(
      ...most.map(({ node }) => node),
      ...(more.length
        ? [
            el(
              "details",
              { class: "fold" },
              el("summary", {
                text: more.length === 1 ? "1 more field" : `${more.length} more fields`,
              }),
              el("div", { class: "stack tight" }, ...more.map(({ node }) => node)),
            ),
          ]
        : []),
    );
    renew();
  };
  const tell = (text, tone = "") => {
    setText(says, text);
    says.dataset.tone = tone;
  };
  const post = (type, body, key) =>
    session.api("POST", triggerOf(type).path, body, { "Idempotency-Key": key });
  const send = async () => {
    if (isSending || !made) return;
    isSending = true;
    if (!(await isSettled())) {
      isSending = false;
      return;
    }
    const [asked, { type, ...body }] = [key, made.read()];
    const isAgain = asked === done;
    for (const field of made.fields) field.fail("");
    tell("Sending…");
    try {
      const answer = await post(type, body, asked);
      done = asked;
      if (asked !== key) return; // the form says something else by now
      report(type, body, answer, isAgain);
      $("staff-again").hidden = false;
      sent();
    } catch (error) {
      if (asked === key) fail(error);
    } finally {
      isSending = false;
    }
  };
  /** Look up the users that were just typed; show an error where there is none. */
  const isSettled = async () => {
    const asking = made.fields.filter(({ settle }) => settle);
    const found = await Promise.all(asking.map(({ settle }) => settle()));
    for (const [index, field] of asking.entries())
      field.fail(found[index] ? "" : "There is no user of this name.");
    if (found.includes(false)) tell("There is no user of this name.", "bad");
    return !found.includes(false);
  };
  const report = (type, body, answer, isAgain) => {
    waits = answer.status ? { id: answer.id, type, body } : null;
    if (waits) tell(outcome(type, answer, nameOf), "wait");
    else
      tell(
        isAgain ? "It was sent already; nothing was sent again." : outcome(type, answer, nameOf),
        "good",
      );
  };
  /** Say what became of it, once it is no longer among those that wait: the same key asks for it. */
  const follow = async (waiting) => {
    if (!waits || waiting.some(({ id }) => id === waits.id)) return;
    const [asked, { type, body }] = [key, waits];
    waits = null;
    try {
      const answer = await post(type, body, asked);
      if (asked === key) report(type, body, answer, false);
    } catch (error) {
      if (asked === key) fail(error);
    }
  };
  const fail = (error) => {
    const wrong = { ...error.errors };
    for (const field of made.fields) {
      if (!wrong[field.name]) continue;
      field.fail(wrong[field.name].join(" "));
      field.node.closest("details")?.setAttribute("open", "");
      delete wrong[field.name];
    }
    const others = Object.entries(wrong).map(([name, why]) =>
      name === "non_field_errors" ? "" : `${words(name)}: ${why.join(" ")}`,
    );
    const { right } = triggerOf(kind.value);
    tell([refusal(error, right), ...others].filter(Boolean).join(" "), "bad");
  };

  kind.addEventListener("change", begin);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  $("staff-again").addEventListener("click", () => {
    renew();
    if (form.reportValidity()) send();
    $("staff-send").focus();
  });
  const clear = () => {
    made = null;
    key = done = "";
    waits = null;
    $("staff-fields").replaceChildren();
    tell("");
  };
  return {
    begin,
    clear,
    follow,
    get isBegun() {
      return made !== null;
    },
  };
}

/** Say which users got it, or will. */
function outcome(type, answer, nameOf) {
  const whom =
    answer.target === "all"
      ? "everybody"
      : answer.room
        ? `the room ${answer.room}`
        : nameOf(answer.target);
  if (answer.status)
    return `For ${answer.audience.toLocaleString("en")} users: it waits for another person's approval, until ${new Date(answer.expires_at).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })}.`;
  const where =
    answer.offset === null || answer.offset === undefined
      ? ""
      : ` It is event ${answer.offset} of ${answer.stream}.`;
  return `${words(type)} sent to ${whom}.${where}`;
}

function suggest(type, name) {
  if (name === "status" && type !== "transaction") return null;
  return {
    user_id: "staff-people",
    room: "room-names",
    symbol: "staff-symbols",
    account_id: "staff-accounts",
    status: "staff-statuses",
  }[name];
}

/** Values that can be sent as they are: to this user, for an account of theirs or an invented one. */
function prefills(type, session, store, people) {
  const account = [...store.accounts.values()][0];
  const {
    id = `account-${random(3)}`,
    currency = "USD",
    available_balance = "1250.00",
    current_balance = "1250.00",
  } = account || {};
  const user_id = people.nameOf(session.userId) ?? session.userId;
  switch (type) {
    case "notification":
      return {
        user_id,
        title: "A word from support",
        message: "Your question is answered.",
        priority: "high",
      };
    case "transaction":
      return {
        user_id,
        id: `txn-${random(4)}`,
        status: "completed",
        amount: "2500",
        currency,
        direction: "inbound",
        description: "Refund by support",
        account_id: account?.id,
        created_at: here(new Date()),
      };
    case "balance":
      return { user_id, account_id: id, currency, available_balance, current_balance };
    case "market":
      return quote([...store.quotes.values()][0]);
    case "announcement":
      return {
        title: "Planned maintenance",
        message: "Payments pause on Sunday from 22:00 to 22:30 UTC.",
        severity: "maintenance",
      };
  }
  return {};
}

function quote(known) {
  if (!known) return { room: "market_data", symbol: "BTC-USD", price: "45000.25" };
  return {
    room: "market_data",
    symbol: known.symbol,
    price: known.price,
    name: known.name || undefined,
    currency: known.currency,
  };
}

/** Write a moment as `datetime-local` wants it. */
const here = (moment) =>
  new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
