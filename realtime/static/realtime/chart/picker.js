// The choice of the instrument: each has a page of its own.

import { $, el } from "../console/dom.js";

export function showPicker(symbol, prefix) {
  const choice = $("instrument");
  choice.replaceChildren(el("option", { value: symbol, text: symbol, selected: true }));
  choice.addEventListener("change", () =>
    location.assign(`${prefix}/market/${encodeURIComponent(choice.value)}`),
  );
  return {
    /** @param {{ symbol: string, name: string }[]} instruments */
    fill(instruments) {
      choice.replaceChildren(
        ...instruments.map((each) =>
          el("option", {
            value: each.symbol,
            text: `${each.symbol} – ${each.name}`,
            selected: each.symbol === symbol,
          }),
        ),
      );
    },
  };
}
