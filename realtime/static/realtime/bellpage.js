// What <hoardrun-bell> takes from the page it is on: the server, tokens, and room for its panel.

const PATH = "ws/notifications";
const ROOM_PX = 300; // below the bell; on a phone with less the panel may be above it

/** The socket is below the server's address, or next to where this file is served from. */
export function socketUrl(server) {
  if (server) return new URL(PATH, new URL(server.replace(/\/?$/, "/"), location.href));
  const [, before = "/"] =
    /^(.*\/)static\/realtime\/[^/]*$/.exec(new URL(import.meta.url).pathname) || [];
  return new URL(before + PATH, import.meta.url);
}

/** The page's own server answers something else than a token. */
export class TokenError extends Error {}

/** Ask the page's own server for a token; null when nobody is logged in. Raises TokenError. */
export async function askForToken(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if ([401, 403].includes(response.status)) return null;
  const { access } = response.ok ? await response.json() : {};
  if (typeof access === "string") return access;
  throw new TokenError(
    response.ok
      ? 'The token-url must answer {"access": "<token>"}.'
      : `The token-url answered ${response.status}.`,
  );
}

/** Hang the panel from the side of the bell where the page has room for it; never over it. */
export function place({ bell, panel }) {
  panel.classList.remove("turned");
  const { left, right } = panel.getBoundingClientRect();
  panel.classList.toggle("turned", left < 0 || right > document.documentElement.clientWidth);
  const { top, bottom } = bell.getBoundingClientRect();
  const below = innerHeight - bottom;
  const isAbove = below < ROOM_PX && below < top;
  panel.classList.toggle("above", isAbove);
  const edge = Math.max(0, isAbove ? innerHeight - top : bottom); // of the bell, in the window
  panel.style.setProperty("--edge", `${edge + 8}px`);
}
