// What to do when a socket closes: the close code decides, full jitter spreads the returns.

const BASE_MS = 400;
const CEILING_MS = 30_000;
const NEVER = new Set([4400, 4403, 4409]);

/** Choose a moment anywhere up to a limit that doubles: clients that fell together return apart. */
export function backoff(attempt, random = Math.random) {
  return Math.round(random() * Math.min(CEILING_MS, BASE_MS * 2 ** Math.min(attempt, 10)));
}

/** Say what follows a close code: "stop", "renew" (get a token first) or "retry", and when. */
export function decide(code, attempt, hintMs = 0) {
  if (NEVER.has(code)) return { action: "stop" };
  if (code === 4401) return { action: "renew" };
  if (code === 1012 && hintMs) return { action: "retry", delay: hintMs + Math.round(Math.random() * 1000) };
  return { action: "retry", delay: backoff(code === 4429 ? attempt + 4 : attempt) };
}

const COMMON = {
  1000: "closed as agreed",
  1001: "the server or this page went away",
  1005: "closed without a reason",
  1006: "the connection broke",
  1009: "a message was too large",
  1011: "the server failed",
  1012: "server restarts",
};

/** Put a close code into words: those of the protocol, else those everybody uses. */
export function explain(code, known) {
  const text = known[code]?.reason || COMMON[code] || "closed";
  return `${code}: ${text}`;
}
