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
    settings: "Settings",
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
    settings: "Mipangilio",
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
  fr: {
    title: "Notifications",
    unread: (count) => (count ? `${count} non lues` : "tout est lu"),
    all: "Toutes",
    onlyUnread: "Non lues",
    readAll: "Tout marquer comme lu",
    read: "Marquer comme lu",
    archive: "Archiver",
    settings: "Réglages",
    more: "Afficher plus",
    empty: "Rien pour l’instant.",
    allRead: "Tout est lu.",
    loading: "Chargement…",
    away: "Reconnexion…",
    off: "Non connecté.",
    failed: (why) => `Cela n’a pas fonctionné. ${sentence(why)}`,
    urgent: "Urgent",
    high: "Important",
    now: "à l’instant",
  },
  lg: {
    title: "Obubaka",
    unread: (count) => (count ? `${count} tebunnasomebwa` : "bwonna busomeddwa"),
    all: "Bwonna",
    onlyUnread: "Obutasomeddwa",
    readAll: "Bwonna buteeke nga busomeddwa",
    read: "Buteeke nga busomeddwa",
    archive: "Buteeke mu tterekero",
    settings: "Entegeka",
    more: "Laga obulala",
    empty: "Tewannabaawo kintu.",
    allRead: "Bwonna busomeddwa.",
    loading: "Biteekebwawo…",
    away: "Biddamu okuyunga…",
    off: "Tebiyungiddwa.",
    failed: (why) => `Tekisobose. ${sentence(why)}`,
    urgent: "Kya mangu",
    high: "Kikulu",
    now: "kati kyennyini",
  },
};

/** Write a reason as a sentence: "nobody is logged in" → "Nobody is logged in." */
export const sentence = (text) =>
  text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : ".");

/** The words of a language tag such as "sw-TZ", English where there are none. */
export const wordsOf = (lang) => WORDS[String(lang).toLowerCase().split("-")[0]] || WORDS.en;

function isTag(lang) {
  try {
    return Boolean(Intl.getCanonicalLocales(lang).length);
  } catch {
    return false;
  }
}

/** @type {[number, Intl.RelativeTimeFormatUnit][]} */
const STEPS = [
  [60, "minute"],
  [3600, "hour"],
];
const DAY_MS = 86_400_000;

/** Count the midnights here between two moments. */
const midnights = (from, to) =>
  Math.round((new Date(to).setHours(0, 0, 0, 0) - new Date(from).setHours(0, 0, 0, 0)) / DAY_MS);

/** "4 minutes ago", "yesterday", "3 Nov": as a language says it. A day ends at midnight here. */
export function ago(moment, lang, now = Date.now()) {
  const seconds = (+now - +new Date(moment)) / 1000;
  if (Number.isNaN(seconds)) return "";
  if (seconds < 45) return wordsOf(lang).now; // nothing comes from the future: the clock here is behind
  [lang] = Intl.DateTimeFormat.supportedLocalesOf(isTag(lang) ? lang : "en").concat("en");
  const days = midnights(moment, now);
  if (days > 7)
    return new Date(moment).toLocaleDateString(lang, {
      day: "numeric",
      month: "short",
      ...(new Date(moment).getFullYear() === new Date(now).getFullYear()
        ? {}
        : { year: "numeric" }),
    });
  const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
  if (days >= 1 && seconds >= 0.75 * 3600) return relative.format(-days, "day");
  const [length, unit] = STEPS.findLast(([length]) => seconds >= length * 0.75) || STEPS[0];
  return relative.format(-Math.max(1, Math.round(seconds / length)), unit);
}
