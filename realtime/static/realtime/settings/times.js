// Times of the settings page: quiet hours and zones.

/** Whether a mask of days has a weekday; 0 is Monday. */
export const hasDay = (days, day) => Boolean(days & (1 << day));

export const EVERY_DAY = 127;

/** The names of the weekdays in a language, Monday first. */
export function weekdays(lang) {
  const names = (style) => {
    const { format } = new Intl.DateTimeFormat(lang, { weekday: style, timeZone: "UTC" });
    return Array.from({ length: 7 }, (_, day) => format(new Date(Date.UTC(2024, 0, 1 + day))));
  };
  return { long: names("long"), short: names("short") };
}

/** What is wrong with a window of quiet hours, as a key of the words; empty if nothing is. */
export function wrong({ start, end, days }) {
  if (!start || !end) return "time";
  if (start === end) return "end";
  return days ? "" : "days";
}

/** The time zone of this browser. */
export const zoneHere = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "";

/** Time zones by continent, with those that are given. */
export function zones(...more) {
  const found = new Map();
  const all = new Set([...(Intl.supportedValuesOf?.("timeZone") ?? []), "UTC", ...more]);
  for (const name of [...all].filter(Boolean).sort()) {
    const [area] = name.split("/");
    const group = name.includes("/") ? area : "";
    found.set(group, [...(found.get(group) ?? []), name]);
  }
  return [...found];
}

/** A moment as a language writes it, with its day; in figures where browsers do not know it. */
export const written = (moment, lang) =>
  new Date(moment).toLocaleString(known(lang) ?? "en-GB", {
    weekday: known(lang) ? "short" : undefined,
    day: "numeric",
    month: known(lang) ? "short" : "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });

const known = (lang) => Intl.DateTimeFormat.supportedLocalesOf(lang)[0];
