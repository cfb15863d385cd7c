// Close codes in words.

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
  return code ? `Closed ${code}: ${text}.` : reason && `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}
