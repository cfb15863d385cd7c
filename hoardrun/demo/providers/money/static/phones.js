// The page of the phones: shows what stands on them, and sends what their owners do.

const NAMES = { mtn: "MTN MoMo", daraja: "M-Pesa", airtel: "Airtel Money", pawapay: "pawaPay" };
const KINDS = { payout: "paid out", refund: "given back", bill: "bill" };
const STANDS = {
  waiting: ["Waiting", "warn"],
  paid: ["Paid", "good"],
  funds: ["Not enough money", "bad"],
  pin: ["Wrong PIN", "bad"],
  cancelled: ["Cancelled", "bad"],
  expired: ["Nobody answered", "bad"],
  busy: ["Phone is busy", "warn"],
  unsent: ["Not sent", "warn"],
  odd: ["Unheard-of code", "warn"],
  reversed: ["Reversed", "bad"],
};
const ACTS = [
  ["pin", "Enter PIN"],
  ["wrong", "Wrong PIN"],
  ["cancel", "Cancel"],
  ["ignore", "Ignore"],
];
const SECOND = 1000;
const SOON = 10;

const byId = (id) => document.getElementById(id);
const prompts = new Map(); // elements by the key of their payment
let version = "";

/** Make an element with a class, attributes and children. */
function make(tag, className, attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Write a number of a phone in groups. */
function phone(number) {
  return number ? `+${number.slice(0, 3)} ${number.slice(3).replace(/(\d{3})(?=\d)/g, "$1 ")}` : "";
}

function sum({ currency, amount }) {
  const [whole, part] = amount.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${currency} ${grouped}${part ? `.${part}` : ""}`;
}

async function send(path, body) {
  try {
    const reply = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = reply.status === 204 ? {} : await reply.json();
    return { isDone: reply.ok, message: answer.message ?? "" };
  } catch {
    return { isDone: false, message: "The program does not answer." };
  }
}

function prompt(payment) {
  const acts = ACTS.map(([act, text]) => {
    const name = `${text}: ${sum(payment)} from ${phone(payment.number)}`;
    const button = make("button", act === "pin" ? "main" : "", { "aria-label": name }, text);
    button.addEventListener("click", async () => {
      const { isDone, message } = await send("/phones/act", { key: payment.key, act });
      byId("said").textContent = isDone ? name : message;
      await refresh();
    });
    return button;
  });
  const body = make(
    "div",
    "body",
    {},
    make("p", "what", {}, "Pay"),
    make("p", "sum", {}, sum(payment)),
    make("p", "what", {}, `to HOARDRUN${payment.text ? ` for ${payment.text}` : ""}?`),
    make("p", "left"),
  );
  if (!payment.outcome.startsWith("Waits")) {
    body.append(make("p", "by-itself", {}, `By itself: ${payment.outcome}`));
  }
  return make(
    "li",
    "phone",
    { "data-provider": payment.provider, "data-until": payment.until },
    make(
      "div",
      "top",
      {},
      make("strong", "", {}, NAMES[payment.provider]),
      make("span", "", {}, phone(payment.number)),
    ),
    body,
    make("div", "acts", {}, ...acts),
  );
}

/** Show the prompts, and leave those that stay, with the focus in them, as they are. */
function showPrompts(payments) {
  const asked = payments.filter((each) => each.is_asked && !each.is_ignored);
  const keys = new Set(asked.map(({ key }) => key));
  for (const [key, node] of prompts) {
    if (keys.has(key)) continue;
    const hadFocus = node.contains(document.activeElement);
    node.remove();
    prompts.delete(key);
    if (hadFocus) byId("prompts-title").focus();
  }
  for (const each of asked.toReversed()) {
    if (prompts.has(each.key)) continue;
    prompts.set(each.key, prompt(each));
    byId("prompts").prepend(prompts.get(each.key));
  }
  byId("quiet").hidden = asked.length > 0;
  showTimes();
}

function showTimes() {
  for (const node of prompts.values()) {
    const left = Math.max(0, Math.round(Number(node.dataset.until) - Date.now() / SECOND));
    const text = node.querySelector(".left");
    text.textContent = `${left} s left`;
    text.classList.toggle("soon", left <= SOON);
  }
}

function showHistory(payments) {
  const rows = payments.map((each) => {
    const [text, tone] = STANDS[each.stands];
    const at = new Date(each.at * SECOND);
    const kind = KINDS[each.kind] ? ` (${KINDS[each.kind]})` : "";
    const time = make("time", "", { datetime: at.toISOString() }, at.toLocaleTimeString("en-GB"));
    const who = make("span", "who", {}, `${NAMES[each.provider]} ${phone(each.number)}${kind}`);
    const receipt = each.stands === "paid" ? ` · ${each.receipt}` : "";
    const words = ` ${each.outcome}${receipt}`;
    const what = make("span", "outcome", {}, make("span", "sum", {}, sum(each)), words);
    const stands = make(
      "span",
      `stands ${tone}`,
      {},
      each.is_ignored && each.is_asked ? "Ignored" : text,
    );
    return make("li", "", { "data-provider": each.provider }, time, who, what, stands);
  });
  byId("history").replaceChildren(...rows);
  byId("none").hidden = rows.length > 0;
}

function showNumbers(outcomes) {
  const rows = outcomes.map(({ digits, title }) =>
    make("div", "", {}, make("dt", "", {}, `…${digits}`), make("dd", "", {}, title)),
  );
  rows.push(
    make(
      "div",
      "",
      {},
      make("dt", "", {}, "Other"),
      make("dd", "", {}, "Waits for you at this page"),
    ),
  );
  byId("numbers").replaceChildren(...rows);
}

async function refresh() {
  try {
    const reply = await fetch(`/phones/state?version=${encodeURIComponent(version)}`);
    byId("offline").hidden = true;
    if (reply.status === 204) return;
    const state = await reply.json();
    version = state.version;
    showPrompts(state.payments);
    showHistory(state.payments);
    showNumbers(state.outcomes);
  } catch {
    byId("offline").hidden = false;
  }
}

byId("bill").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(byId("bill")));
  const { isDone, message } = await send("/phones/bill", fields);
  byId("bill-said").textContent = message;
  byId("bill-said").classList.toggle("bad", !isDone);
  await refresh();
});

async function run() {
  await refresh();
  showTimes();
  setTimeout(run, SECOND);
}

run();
