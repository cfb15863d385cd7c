// Single choices: the language of messages, amounts on lock screens, SMS for large debits.

import { h } from "../look.js";
import { button, choice, field, problem, section } from "./controls.js";

const LANGUAGES = [
  ["en", "English"],
  ["sw", "Kiswahili"],
  ["fr", "Français"],
  ["lg", "Luganda"],
];
const HIDDEN = { "": null, yes: true, no: false };

/** @param {import("./model.js").Model} model */
export function messages(model) {
  const { words } = model;
  const language = choice([["", words.asApp], ...LANGUAGES], (locale) =>
    model.save("locale", { locale }),
  );
  const amounts = choice(Object.entries(words.amounts), (how) =>
    model.save("hide_amounts", { hide_amounts: HIDDEN[how] }),
  );
  const wrong = { locale: problem(language), hide_amounts: problem(amounts) };
  const sms = threshold(model);
  const node = section(
    words.messages,
    field(words.language, language),
    wrong.locale.node,
    field(words.hide, amounts, words.hideAbout),
    wrong.hide_amounts.node,
    sms.node,
  );
  return {
    node,
    draw() {
      const { locale, hide_amounts } = model.value;
      // One with a region, such as en-UG, is its language here; it stays until another is chosen.
      language.value = locale.split("-")[0];
      amounts.value = Object.keys(HIDDEN).find((name) => HIDDEN[name] === hide_amounts);
      for (const [place, { show }] of Object.entries(wrong)) show(model.problems.get(place));
      sms.draw();
    },
  };
}

/** From which amount on a debit always goes by SMS, too. */
function threshold(model) {
  const { words } = model;
  const place = "sms_above";
  let isTouched = false;
  const touch = () => {
    isTouched = true;
  };
  const amount = /** @type {HTMLInputElement} */ (
    h("input", { inputmode: "decimal", autocomplete: "off", size: "12", oninput: touch })
  );
  const codes = Intl.supportedValuesOf?.("currency") ?? ["KES", "UGX", "TZS", "RWF", "USD", "EUR"];
  const currency = choice([["", "–"], ...codes.map((code) => [code, code])], touch);
  const wrong = problem(amount, currency);
  const none = button(words.noThreshold, () => store({ sms_above: null, sms_above_currency: "" }));
  const save = button(words.save, () =>
    store({
      sms_above: amount.value.replace(/[\s,]/g, "") || null,
      sms_above_currency: currency.value,
    }),
  );

  async function store(changes) {
    isTouched = true;
    if (await model.save(place, changes)) isTouched = false;
    draw();
  }

  function draw() {
    const { sms_above, sms_above_currency, channels } = model.value;
    node.hidden = channels.sms === "off";
    if (!isTouched) {
      amount.value = sms_above ?? "";
      currency.value = sms_above_currency;
    }
    none.hidden = sms_above === null;
    wrong.show(model.problems.get(place));
  }
  const node = h(
    "fieldset",
    {},
    h("legend", {}, words.threshold),
    h("small", {}, words.thresholdAbout),
    h(
      "div",
      { class: "buttons" },
      field(words.amount, amount),
      field(words.currency, currency),
      save,
      none,
    ),
    wrong.node,
  );
  return { node, draw };
}
