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
    snooze: "Snooze",
    snoozed: "Snoozed.",
    pin: "Pin",
    everything: "Everything",
    categories: "Categories",
    snoozes: { hour: "For an hour", tomorrow: "Until tomorrow morning", week: "Until next week" },
    types: {
      transaction: "Money",
      payment: "Payments",
      security: "Security",
      account: "Account",
      savings: "Savings",
      kyc: "Identity",
      system: "Service",
      marketing: "Offers",
      reminder: "Reminders",
    },
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
    snooze: "Ahirisha",
    snoozed: "Imeahirishwa.",
    pin: "Bandika juu",
    everything: "Kila kitu",
    categories: "Makundi",
    snoozes: { hour: "Kwa saa moja", tomorrow: "Hadi kesho asubuhi", week: "Hadi wiki ijayo" },
    types: {
      transaction: "Pesa",
      payment: "Malipo",
      security: "Usalama",
      account: "Akaunti",
      savings: "Akiba",
      kyc: "Utambulisho",
      system: "Huduma",
      marketing: "Ofa",
      reminder: "Vikumbusho",
    },
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
    snooze: "Reporter",
    snoozed: "Reportée.",
    pin: "Épingler",
    everything: "Tout",
    categories: "Catégories",
    snoozes: { hour: "D’une heure", tomorrow: "À demain matin", week: "À la semaine prochaine" },
    types: {
      transaction: "Argent",
      payment: "Paiements",
      security: "Sécurité",
      account: "Compte",
      savings: "Épargne",
      kyc: "Identité",
      system: "Service",
      marketing: "Offres",
      reminder: "Rappels",
    },
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
    snooze: "Yongezaayo",
    snoozed: "Bwongezeddwayo.",
    pin: "Teeka waggulu",
    everything: "Byonna",
    categories: "Ebika",
    snoozes: {
      hour: "Okumala essaawa emu",
      tomorrow: "Okutuusa enkya ku makya",
      week: "Okutuusa wiiki ejja",
    },
    types: {
      transaction: "Ensimbi",
      payment: "Okusasula",
      security: "Obukuumi",
      account: "Akaawunti",
      savings: "Okutereka",
      kyc: "Ebikukwatako",
      system: "Obuweereza",
      marketing: "Ebirango",
      reminder: "Okujjukizibwa",
    },
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

/** Compare categories for a list: as they stand above, and a site's own come last. */
export function byCategory(one, other) {
  const order = Object.keys(WORDS.en.types);
  const place = (name) => order.indexOf(name) + 1 || order.length + 1;
  return place(one) - place(other);
}

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
