// Payments by mobile money: how to pay, what becomes of each, and which provider is slow.

import { Payments } from "../payments.js";
import { $, arrange, inFrame, setText } from "./dom.js";
import { means } from "./format.js";
import { PayCard } from "./paycard.js";
import { PayForm } from "./payform.js";
import { newest } from "./store.js";

const SHOWN = 24;

/** Show the panel; without a `path` of its API no provider is set up. */
export function showPayments(session, store, link, path) {
  if (!path) return;
  const form = new PayForm(session, store);
  const cards = new Map();
  const slow = new Set();
  let words = { language: "en", stages: {}, reasons: {}, providers: [] };

  const wordsOf = ({ stage, provider, number, reason }) => ({
    language: words.language,
    stage: (words.stages[stage] || stage)
      .replace("{number}", number)
      .replace("{provider}", means(provider)),
    reason: reason ? words.reasons[reason.code] || words.reasons.reviewed || reason.text : "",
  });
  const api = new Payments(session);
  const acts = {
    cancel: (id) => api.cancel(id),
    retry: (id) => api.retry(id),
    tell: async (id) => {
      const [payment, steps] = await Promise.all([api.get(id), api.steps(id)]);
      return { payment, steps };
    },
  };
  const draw = () => inFrame("payments", () => drawCards(store, cards, { acts, wordsOf }));
  const tellSlow = () => {
    const name = means(form.provider);
    setText(
      $("pay-slow"),
      slow.has(form.provider) ? `${name} is slow now: new payments wait, and may fail.` : "",
    );
  };
  const load = async () => {
    if (!session.token) return;
    try {
      words = await api.methods();
    } catch {
      return; // it is asked for again with the next connection
    }
    form.offer(words.providers);
    draw();
  };

  form.addEventListener("slow", tellSlow);
  store.addEventListener("change", ({ detail }) => detail === "transactions" && draw());
  session.addEventListener("change", () => {
    cards.clear();
    slow.clear();
    form.clear();
  });
  link.addEventListener("client", () => link.client.on("connection_established", load));
  link.addEventListener("message", ({ detail: { type, data } }) => {
    if (type === "preferences_changed") load(); // the language may be another
    if (type !== "provider_health") return;
    if (data.state === "slow") slow.add(data.provider);
    else slow.delete(data.provider);
    tellSlow();
  });
  setInterval(() => {
    for (const card of cards.values()) card.tick();
  }, 1000);
}

function drawCards(store, cards, made) {
  const ours = newest(store.transactions).filter(({ payment, type }) => payment && type !== "fee");
  const shown = ours.slice(0, SHOWN).map((txn) => {
    const id = String(txn.id);
    if (!cards.has(id)) cards.set(id, new PayCard(made));
    cards.get(id).show(txn);
    return cards.get(id).node;
  });
  const ids = new Set(shown.map((node) => node.dataset.transaction));
  for (const id of cards.keys()) if (!ids.has(id)) cards.delete(id);
  arrange($("payments"), shown);
  $("payments-none").hidden = shown.length > 0;
}
