// Words and figures for people. Money stays the string it is on the wire: no float touches it.

/** Group the digits of a decimal string: "1234567.50" → "1,234,567.50". */
export function money(text) {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(String(text ?? ""));
  if (!match) return String(text ?? "–");
  const isNegative = match[1] && /[1-9]/.test(text); // zero has no sign
  return (isNegative ? "−" : "") + match[2].replace(/\B(?=(\d{3})+$)/g, ",") + (match[3] || "");
}

const DECIMALS = 12; // of the wire, at most

/** Compare two decimal strings: negative, zero or positive. */
export function compare(a, b) {
  const [left, right] = [scaled(a), scaled(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function scaled(text) {
  const [whole, part = ""] = String(text ?? "0").split(".");
  try {
    return BigInt(whole + part.padEnd(DECIMALS, "0").slice(0, DECIMALS));
  } catch {
    return 0n;
  }
}

const pad = (number, width = 2) => String(number).padStart(width, "0");

/** Wall-clock time with milliseconds, as log rows show it. */
export function clock(moment) {
  return `${pad(moment.getHours())}:${pad(moment.getMinutes())}:${pad(moment.getSeconds())}.${pad(moment.getMilliseconds(), 3)}`;
}

/** "just now", "4 min", "14:05", "3 Nov": as short as the distance allows. */
export function ago(text, now = Date.now()) {
  const moment = new Date(text || NaN);
  if (Number.isNaN(+moment)) return "";
  const seconds = (+now - +moment) / 1000;
  if (seconds < 45) return "just now"; // nothing comes from the future: the clock here is behind
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (new Date(now).toDateString() === moment.toDateString())
    return `${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
  return moment.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

/** "14:59", "2 h 05": time that is left. */
export function countdown(seconds) {
  const left = Math.max(0, Math.floor(seconds));
  if (left >= 86400) return `${Math.floor(left / 86400)} d ${Math.floor((left % 86400) / 3600)} h`;
  if (left >= 3600) return `${Math.floor(left / 3600)} h ${pad(Math.floor((left % 3600) / 60))}`;
  return `${Math.floor(left / 60)}:${pad(left % 60)}`;
}

/** "1.2 kB". */
export function bytes(count) {
  if (count < 1000) return `${count} B`;
  return count < 1e6 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

const NAMES = {
  mtn_momo: "MTN MoMo",
  airtel_money: "Airtel Money",
  vodafone_cash: "Vodafone Cash",
  tigo_cash: "Tigo Cash",
  orange_money: "Orange Money",
  mpesa: "M-Pesa",
  ecocash: "EcoCash",
  mtn: "MTN MoMo",
  daraja: "M-Pesa",
  airtel: "Airtel Money",
  pawapay: "pawaPay",
  ach: "ACH",
};

/** Call a provider or a way to pay by its name. */
export const means = (name) => NAMES[name] || words(name);

/** "mobile_money" → "Mobile money". */
export function words(name) {
  const text = String(name ?? "").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const initials = (name) =>
  String(name || "?")
    .split(/[\s._-]+/)
    .slice(0, 2)
    .map((part) => part.charAt(0).toUpperCase())
    .join("");
