import { strings } from "../strings";

const day = 86_400_000;

function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

/** The time for today, the weekday for the last six days, the date before that. */
export function shortTime(iso: string, now = Date.now()): string {
  const time = new Date(iso);
  const days = Math.round((startOfDay(now) - startOfDay(time.getTime())) / day);
  if (now - time.getTime() < 60_000) return strings.now;
  if (days <= 0) return time.toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });
  if (days < 7) return time.toLocaleDateString(undefined, { weekday: "short" });
  return time.toLocaleDateString(undefined, { day: "numeric", month: "short" });
}

export function longTime(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

export function ageGroup(iso: string, now = Date.now()): string {
  const days = Math.round((startOfDay(now) - startOfDay(new Date(iso).getTime())) / day);
  if (days <= 0) return strings.today;
  if (days === 1) return strings.yesterday;
  return days <= 7 ? strings.lastWeek : strings.earlier;
}
