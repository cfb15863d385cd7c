// What all lists of the panel "Server" have in common: asked for again and again, while they may.

import { setText } from "./dom.js";

/**
 * Read `path()` on each `refresh`, one request at a time, and hand the answer to `draw`.
 * After an act, `refresh(true)` asks anew even if an answer is on its way, which may be older.
 * What is refused for want of `right` is not asked for again before `forgive`.
 */
export function watched({ session, path, draw, says, right }) {
  let isRefused = false;
  let asking = null;
  let isOutdated = false;
  const refresh = async (hasActed = false) => {
    const asked = path();
    if (isRefused) return;
    if (asking === asked) {
      isOutdated ||= hasActed;
      return;
    }
    asking = asked;
    try {
      const answer = await session.api("GET", asked);
      if (asking !== asked) return; // another question is newer
      draw(answer);
      setText(says, "");
    } catch (error) {
      if (asking !== asked) return;
      isRefused = error.status === 403;
      setText(says, refusal(error, right));
      if (isRefused) draw(null);
    } finally {
      if (asking === asked) asking = null;
      if (isOutdated) {
        isOutdated = false;
        refresh();
      }
    }
  };
  const clear = () => {
    asking = null;
    isRefused = false;
    setText(says, "");
    draw(null);
  };
  return { refresh, clear, forgive: () => (isRefused = false) };
}

/** Put a refusal into words; a 403 is the want of a right unless the API says more. */
export function refusal(error, right) {
  if (error.status !== 403 || error.code !== "permission_denied") return error.message;
  return `Your account has not got the right for this: it takes ${right}.`;
}
