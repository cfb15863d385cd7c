// Balances and transactions, as they move.

import { $, arrange, el, flash, inFrame, setText } from "./dom.js";
import { ago, clock, compare, means, money, words } from "./format.js";
import { newest } from "./store.js";

const SHOWN = 30;
const cards = new Map();
const rows = new Map();

export function showMoney(store, link) {
  showAge(store, link);
  store.addEventListener("change", ({ detail }) => {
    if (detail === "accounts") inFrame("accounts", () => drawBalances(store));
    if (detail === "transactions") inFrame("transactions", () => drawTransactions(store));
  });
  setInterval(() => inFrame("transactions", () => drawTransactions(store)), 30_000); // "4 min ago" ages
}

/** Without a connection nothing of it is sure to be current, and it must not look so. */
function showAge(store, link) {
  let since = null;
  link.addEventListener("client", () => (since = null));
  link.addEventListener("state", () => {
    if (link.state === "online") since = null;
    else if (store.accounts.size) since ??= new Date();
    const isOld = since !== null && store.accounts.size > 0;
    for (const id of ["balances", "transactions"]) $(id).classList.toggle("stale", isOld);
    const age = isOld ? `as of ${clock(since).slice(0, 5)}` : "";
    for (const id of ["balances-age", "transactions-age"]) setText($(id), age);
  });
}

function drawBalances(store) {
  const accounts = [...store.accounts.values()];
  for (const id of cards.keys()) if (!store.accounts.has(id)) cards.delete(id);
  $("balances").replaceChildren(
    ...(accounts.length
      ? accounts.map(balanceCard)
      : [el("p", { class: "empty card", text: "No accounts." })]),
  );
}

function balanceCard(account) {
  let card = cards.get(account.id);
  if (!card) {
    const parts = {
      name: el("span", { class: "balance-name", dir: "auto" }),
      currency: el("span", { class: "currency" }),
      amount: el("strong", { class: "amount" }),
      held: el("span", { class: "muted held" }),
    };
    card = {
      ...parts,
      node: el(
        "article",
        { class: "balance card", data: { account: account.id } },
        el("div", { class: "balance-top" }, parts.name, " ", parts.currency),
        " ",
        parts.amount,
        " ",
        parts.held,
      ),
    };
    cards.set(account.id, card);
  }
  setText(card.name, account.name || words(account.type || "account"));
  setText(card.currency, account.currency);
  setText(card.amount, money(account.available_balance));
  const differs = compare(account.available_balance, account.current_balance) !== 0;
  setText(card.held, differs ? `${money(account.current_balance)} current` : "Available");
  if (card.value !== undefined && card.value !== account.available_balance) {
    flash(
      card.node,
      compare(account.available_balance, card.value) > 0 ? "flash-up" : "flash-down",
    );
  }
  card.value = account.available_balance;
  return card.node;
}

function drawTransactions(store) {
  const all = newest(store.transactions).slice(0, SHOWN);
  const ids = new Set(all.map((txn) => String(txn.id)));
  for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id);
  const list = $("transactions");
  arrange(list, all.map(transactionRow));
  if (!all.length) list.append(el("li", { class: "empty", text: "No transactions yet." }));
  const open = all.filter((txn) => ["pending", "processing"].includes(txn.status)).length;
  setText($("transactions-count"), open ? `${open} under way` : "");
}

function transactionRow(txn) {
  const id = String(txn.id);
  let row = rows.get(id);
  if (!row) {
    const parts = {
      sign: el("span", { class: "sign", "aria-hidden": "true" }),
      title: el("strong", { class: "clip", dir: "auto" }),
      about: el("span", { class: "muted clip", dir: "auto" }),
      amount: el("span", { class: "amount" }),
      pill: el("span", { class: "pill" }),
    };
    row = {
      ...parts,
      node: el(
        "li",
        { class: "transaction", data: { transaction: id } },
        parts.sign,
        el("div", { class: "grow" }, parts.title, " ", parts.about),
        " ",
        el("div", { class: "right" }, parts.amount, " ", parts.pill),
      ),
    };
    rows.set(id, row);
  }
  const inbound = txn.direction === "inbound";
  row.node.dataset.direction = txn.direction || "";
  setText(row.sign, inbound ? "↓" : "↑");
  setText(row.title, txn.description || words(txn.type || "transaction"));
  setText(
    row.about,
    [
      means(txn.provider || txn.payment_method || txn.type),
      ago(txn.completed_at || txn.created_at),
      txn.reference,
    ]
      .filter(Boolean)
      .join(" · "),
  );
  setText(
    row.amount,
    `${txn.direction ? (inbound ? "+" : "−") : ""}${money(txn.amount)} ${txn.currency}`,
  );
  setText(row.pill, words(txn.status));
  row.pill.dataset.status = txn.status;
  if (txn.fresh && row.fresh !== txn.fresh) flash(row.node, "flash-new");
  row.fresh = txn.fresh;
  return row.node;
}
