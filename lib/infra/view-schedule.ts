import { Duration } from 'aws-cdk-lib';
import { Schedule } from 'aws-cdk-lib/aws-events';

const minuteMillis = 60_000;
const hourMinutes = 60;
const dayMinutes = 24 * hourMinutes;
const weekMinutes = 7 * dayMinutes;
/** 1970-01-01, the epoch from which ticks count, was a Thursday. */
const epochWeekday = 4;
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/**
 * When to run a scheduled view: just as a tick becomes available (multiple of `scheduleMillis` from the epoch, UTC, plus `delayMillis`,
 * rounded up to the minute). Schedules that no cron expression can follow run at that rate from deployment on: each tick is then
 * found at most one schedule late.
 */
export function viewSchedule(scheduleMillis: number, delayMillis: number): Schedule {
  const every = scheduleMillis / minuteMillis;
  if (every < 1) return Schedule.rate(Duration.minutes(1));
  if (!Number.isInteger(every)) return Schedule.rate(Duration.minutes(Math.ceil(every)));
  const offset = Math.ceil(delayMillis / minuteMillis) % every;
  const minute = offset % hourMinutes;
  const hour = Math.floor(offset / hourMinutes) % 24;
  if (hourMinutes % every === 0) return Schedule.cron({ minute: times(offset, every, hourMinutes) });
  if (every % hourMinutes === 0 && dayMinutes % every === 0)
    return Schedule.cron({ minute: String(minute), hour: times(hour, every / hourMinutes, 24) });
  if (every === weekMinutes) {
    const weekday = weekdays[(epochWeekday + Math.floor(offset / dayMinutes)) % 7] ?? 'THU';
    return Schedule.cron({ minute: String(minute), hour: String(hour), weekDay: weekday });
  }
  return Schedule.rate(Duration.minutes(every));
}

/** `first,first+step,...` below `end`: a list rather than `first/step`, which not every cron reader takes. */
function times(first: number, step: number, end: number): string {
  if (step === 1) return '*';
  return Array.from({ length: end / step }, (_, index) => first + index * step).join(',');
}
