import { describe, expect, it } from 'vitest';
import { viewSchedule } from '#infra/view-schedule.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe('schedule of a view', () => {
  it.each([
    ['hourly, available at once', hour, 0, 'cron(0 * * * ? *)'],
    ['hourly, ten minutes late', hour, 10 * minute, 'cron(10 * * * ? *)'],
    ['a delay beyond one schedule wraps', hour, 130 * minute, 'cron(10 * * * ? *)'],
    ['part of a minute is rounded up', hour, 1, 'cron(1 * * * ? *)'],
    ['every minute', minute, 0, 'cron(* * * * ? *)'],
    ['every quarter', 15 * minute, 5 * minute, 'cron(5,20,35,50 * * * ? *)'],
    ['every six hours', 6 * hour, 90 * minute, 'cron(30 1,7,13,19 * * ? *)'],
    ['daily', day, 2 * hour, 'cron(0 2 * * ? *)'],
    ['weekly ticks fall on the weekday of the epoch', 7 * day, 0, 'cron(0 0 ? * THU *)'],
    ['weekly, two days late', 7 * day, 2 * day + hour, 'cron(0 1 ? * SAT *)'],
    ['no divisor of a day', 7 * hour, 0, 'rate(7 hours)'],
    ['every two days', 2 * day, 0, 'rate(2 days)'],
    ['below a minute', 10_000, 0, 'rate(1 minute)'],
    ['a minute and a half', 90_000, 0, 'rate(2 minutes)'],
  ])('%s', (...[, scheduleMillis, delayMillis, expected]) => {
    expect(viewSchedule(scheduleMillis, delayMillis).expressionString).toBe(expected);
  });
});
