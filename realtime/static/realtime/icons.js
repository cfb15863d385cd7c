// Line icons, drawn as SVG: the bell, and one for each type of notification.

export const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  bell: "M6 9a6 6 0 1 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7m4 10a2 2 0 0 0 4 0",
  read: "M5 12l5 5L19 7",
  pin: "M12 16v5M8 4h8l-1 6 3 4v2H6v-2l3-4z",
  archive: "M4 5h16v4H4zm1 4v10h14V9m-9 4h4",
  settings:
    "M4 7h9m4 0h3M4 12h3m4 0h9M4 17h11m4 0h1M15 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4M9 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4M17 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4",
  transaction: "M4 8h13l-3-3m6 11H7l3 3",
  payment: "M3 7h18v11H3zm0 4h18M7 15h4",
  security: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zm-3 9l2 2 4-4",
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8m-7 8c1-4 4-5 7-5s6 1 7 5",
  savings: "M4 10h16M6 10v8m4-8v8m4-8v8m4-8v8M3 20h18M12 3l8 4H4z",
  kyc: "M4 5h16v14H4zm3 10c1-2 5-2 6 0m-3-4a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3m6-2h3m-3 4h3",
  system: "M5 6h14v10H5zm4 14h6m-3-4v4",
  marketing: "M4 10v4h3l7 4V6l-7 4zm13-1c1 2 1 4 0 6",
  reminder: "M12 7v5l3 2m-3 6a8 8 0 1 0 0-16 8 8 0 0 0 0 16",
};

/** Draw a line icon from its path. */
export function drawn(d) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
}

/** Draw the icon of a name; of a name without one, `system`. */
export const icon = (name) => drawn(ICONS[name] || ICONS.system);
