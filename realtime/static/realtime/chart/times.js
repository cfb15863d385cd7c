// Times on the axis and in words. Candles are in UTC; people see their own clock.

/** The library's `TickMarkType`, which pages without a chart need not load. */
const YEAR = 0;
const MONTH = 1;
const DAY = 2;
const HALF_A_DAY = 43_200;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const day = { day: "numeric", month: "short" };
const full = { weekday: "short", day: "numeric", month: "short", year: "numeric" };
const ofThisYear = { weekday: "short", day: "numeric", month: "short" };

/** A day begins at midnight of its market, which may be another date elsewhere: its noon is not. */
const utc = (options) => new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
const local = (options) => new Intl.DateTimeFormat("en-GB", options);

const isOfDays = (interval) => /[dwM]$/.test(interval);

/** Name the time of a candle: "Mon, 30 Nov, 14:05", with the year unless it is this one; or its day. */
export function nameOf(at, interval) {
  if (isOfDays(interval)) return utc(full).format(new Date((at + HALF_A_DAY) * 1000));
  const moment = new Date(at * 1000);
  const isOfThisYear = moment.getFullYear() === new Date().getFullYear();
  return `${local(isOfThisYear ? ofThisYear : full).format(moment)}, ${clock.format(moment)}`;
}

/** Label a mark of the time axis. */
export function tickOf(at, kind, interval) {
  const isDay = isOfDays(interval);
  const moment = new Date((isDay ? at + HALF_A_DAY : at) * 1000);
  const written = (options) => (isDay ? utc(options) : local(options)).format(moment);
  if (kind === YEAR) return written({ year: "numeric" });
  if (kind === MONTH) return written({ month: "short" });
  if (kind === DAY) return written(day);
  return clock.format(moment);
}

/** "14:02:05", with the day unless it is today. */
export function timeOf(text) {
  const moment = new Date(text ?? Number.NaN);
  if (Number.isNaN(+moment)) return "";
  const isToday = moment.toDateString() === new Date().toDateString();
  return `${isToday ? "" : `${local(day).format(moment)}, `}${seconds.format(moment)}`;
}
