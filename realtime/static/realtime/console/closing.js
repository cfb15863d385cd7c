// Close codes in words.

import { LEFT } from "../parts.js";
import { sentence } from "../words.js";

const COMMON = {
  0: "",
  1000: "closed as agreed",
  1001: "the server or this page went away",
  1005: "closed without a reason",
  1006: "the connection broke",
  1011: "the server failed",
};

/** Say what a change of state was about; `known` are the protocol's close codes. */
export function explain({ code, reason }, known) {
  const text = known[code]?.reason || COMMON[code] || reason;
  if (code) return `Closed ${code}: ${text}.`;
  return reason === LEFT ? "You disconnected." : reason && sentence(reason);
}
