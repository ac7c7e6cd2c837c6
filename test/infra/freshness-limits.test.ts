import { describe, expect, it } from 'vitest';
import { freshnessLimits } from '#infra/freshness-limits.ts';
import type { BatchView, Manifest } from '#spec/manifest.ts';
import { manifest } from './fixture.ts';

const hour = 3_600_000;
const withSchedule = (scheduleMillis: number, delayMillis: number): Manifest => ({
  ...manifest,
  views: manifest.views
    .filter((view): view is BatchView => view.kind === 'batch')
    .map((view) => ({ ...view, scheduleMillis, delayMillis })),
});

describe('freshness limits', () => {
  it('allow one late run: twice the schedule and the delay', () => {
    const [limit] = freshnessLimits(withSchedule(hour, hour / 6));
    expect(limit).toMatchObject({ maxAgeSeconds: 8400, silentHours: 4 });
  });

  it('watch scheduled views only', () => {
    expect(freshnessLimits(manifest).map(({ view }) => view.name)).toEqual(['driver_stats', 'last_trip']);
  });

  it('watch no view whose rows have no time', () => {
    const scheduled = manifest.views.map((view) => (view.kind === 'table' ? { ...view, scheduleMillis: hour } : view));
    const watched = freshnessLimits({ ...manifest, views: scheduled }).map(({ view }) => view.name);
    expect(watched).toEqual(['driver_stats', 'last_trip']);
  });

  it('watch nothing for longer than CloudWatch can look back', () => {
    expect(freshnessLimits(withSchedule(83 * hour, 0))).toHaveLength(1);
    expect(freshnessLimits(withSchedule(84 * hour, 0))).toHaveLength(0);
  });
});
