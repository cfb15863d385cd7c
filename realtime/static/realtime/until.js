// Until when something waits: a snooze of the bell, a mute of the settings page.

const HOUR_MS = 3_600_000;
const MORNING = 8; // o'clock, here

/** The end of "hour", of "tomorrow" (in the morning) and of "week" (in a morning, too). */
export function until(choice, now = new Date()) {
  if (choice === "hour") return new Date(+now + HOUR_MS);
  const moment = new Date(now);
  moment.setDate(moment.getDate() + (choice === "week" ? 7 : 1));
  moment.setHours(MORNING, 0, 0, 0);
  return moment;
}
