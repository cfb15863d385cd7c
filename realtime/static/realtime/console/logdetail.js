// One entry of the log, whole: its JSON, its size, and how long it came after the one before.

import { $, copy, setText } from "./dom.js";
import { bytes } from "./format.js";

let entry = null;
let isRaw = false;

export function setUpDetail(closed) {
  $("detail-raw").addEventListener("click", () => {
    isRaw = !isRaw;
    draw();
  });
  $("detail-copy").addEventListener("click", ({ currentTarget }) =>
    copy($("detail-text").textContent, currentTarget),
  );
  $("detail-close").addEventListener("click", () => hideDetail(closed));
  for (const id of ["log-detail", "log"])
    $(id).addEventListener(
      "keydown",
      ({ key }) => key === "Escape" && !$("log-detail").hidden && hideDetail(closed),
    );
}

export function showDetail(chosen) {
  entry = chosen;
  $("log-detail").hidden = false;
  draw();
}

export function hideDetail(closed = () => {}) {
  $("log-detail").hidden = true;
  entry = null;
  setText($("detail-text"), "");
  closed();
}

function draw() {
  const { message, text, since, direction } = entry;
  setText($("detail-title"), message?.type || (direction === "note" ? "note" : "text"));
  const after =
    since === null ? "" : `+${since < 1000 ? `${since} ms` : `${(since / 1000).toFixed(1)} s`}`;
  $("detail-facts").title = "Its size, and how long it came after the one before";
  setText(
    $("detail-facts"),
    [bytes(new TextEncoder().encode(text).length), after].filter(Boolean).join(" · "),
  );
  $("detail-raw").hidden = !message;
  $("detail-raw").setAttribute("aria-pressed", String(isRaw));
  setText($("detail-text"), message && !isRaw ? JSON.stringify(message, null, 2) : text);
}
