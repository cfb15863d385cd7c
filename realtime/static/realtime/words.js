// What <hoardrun-bell> says, in the languages that it speaks.

const WORDS = {
  en: {
    title: "Notifications",
    unread: (count) => (count ? `${count} unread` : "none unread"),
    all: "All",
    onlyUnread: "Unread",
    readAll: "Mark all read",
    read: "Mark as read",
    archive: "Archive",
    more: "Show more",
    empty: "Nothing here yet.",
    allRead: "All read.",
    loading: "Loading…",
    away: "Reconnecting…",
    off: "Not connected.",
    failed: (why) => `That did not work. ${sentence(why)}`,
    urgent: "Urgent",
    high: "Important",
    now: "just now",
  },
  sw: {
    title: "Arifa",
    unread: (count) => (count ? `${count} hazijasomwa` : "zote zimesomwa"),
    all: "Zote",
    onlyUnread: "Hazijasomwa",
    readAll: "Weka zote zimesomwa",
    read: "Weka imesomwa",
    archive: "Weka kumbukumbuni",
    more: "Onyesha zaidi",
    empty: "Bado hakuna kitu hapa.",
    allRead: "Zote zimesomwa.",
    loading: "Inapakia…",
    away: "Inaunganisha tena…",
    off: "Haijaunganishwa.",
    failed: (why) => `Imeshindikana. ${sentence(why)}`,
    urgent: "Dharura",
    high: "Muhimu",
    now: "sasa hivi",
  },
};

/** Write a reason as a sentence: "nobody is logged in" → "Nobody is logged in." */
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : ".");

/** The words of a language tag such as "sw-TZ", English where there are none. */
export const wordsOf = (lang) => WORDS[String(lang).toLowerCase().split("-")[0]] || WORDS.en;

function isTag(lang) {
  try {
    return Boolean(Intl.getCanonicalLocales(lang).length);
  } catch {
    return false;
  }
}

const STEPS = [[60, "minute"], [3600, "hour"], [86_400, "day"]];

/** "4 minutes ago", "3 Nov": as a language says it. */
export function ago(moment, lang, now = Date.now()) {
  const seconds = (now - new Date(moment)) / 1000;
  if (!(seconds >= 0)) return "";
  if (seconds < 45) return wordsOf(lang).now;
  [lang] = Intl.DateTimeFormat.supportedLocalesOf(isTag(lang) ? lang : "en").concat("en");
  if (seconds > 7 * 86_400) return new Date(moment).toLocaleDateString(lang, { day: "numeric", month: "short" });
  const [length, unit] = STEPS.findLast(([length]) => seconds >= length * 0.75) || STEPS[0];
  return new Intl.RelativeTimeFormat(lang, { numeric: "auto" }).format(-Math.max(1, Math.round(seconds / length)), unit);
}
