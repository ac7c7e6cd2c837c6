import { describe, expect, it } from 'vitest';
import { costForecast } from '#engine/materialize/cost-forecast.ts';
import type { RunRecord } from '#engine/materialize/run-record.ts';
import { batchViewOf, tableViewOf } from '#test/support/manifests.ts';

const hour = 3_600_000;
const hourly = batchViewOf('stats', [], { entity: 'user', source: 'orders', scheduleMillis: hour });
const onFiles = tableViewOf('latest', [], { entity: 'user', source: 'orders' });

const record = (run: number, changes: Partial<RunRecord> = {}): RunRecord => ({
  view: 'stats@1',
  kind: 'batch',
  run,
  state: 'succeeded',
  step: 'finishing',
  execution: 'arn',
  requested: {},
  startedAtMillis: Date.UTC(2026, 0, 2),
  bytesScanned: 20_000_000,
  rowsWritten: 1234,
  costEstimate: 0.002,
  ...changes,
});
const backfill = { requested: { fromMillis: 0 }, costEstimate: 5 };

describe('what the runs of a view cost', () => {
  it('is the last run, times the runs of a month of 730 hours', () => {
    const forecast = costForecast(hourly, [record(8), record(7, { costEstimate: 9 })]);
    expect(forecast).toMatchObject({
      usdPerRun: 0.002,
      runsPerMonth: 730,
      run: 8,
      bytesScanned: 2e7,
      rowsWritten: 1234,
    });
    expect(forecast.usdPerMonth).toBeCloseTo(1.46, 10);
    expect(forecast.text).toBe(
      'about 0.002 USD a run (20.0 MB scanned, 1,234 rows written by the last run, of 2026-01-02T00:00:00.000Z); every 1h that is 730 runs and about 1.46 USD a month',
    );
  });

  it('passes over runs that failed, still run, found nothing or were backfills', () => {
    const { costEstimate, ...unfinished } = record(9, { state: 'running' });
    const runs = [unfinished, record(8, { state: 'failed' }), record(7, backfill), record(6)];
    expect(costForecast(hourly, runs)).toMatchObject({ run: 6, usdPerRun: costEstimate });
    expect(costForecast(hourly, [{ ...unfinished, state: 'nothingToDo' }, record(6)]).run).toBe(6);
  });

  it('says so when there was nothing but a backfill', () => {
    const forecast = costForecast(hourly, [record(2, backfill), record(1, backfill)]);
    expect(forecast).toMatchObject({ run: 2, usdPerRun: 5 });
    expect(forecast.text).toContain('by the last run, a backfill, which scans more than a run on schedule');
  });

  it('says what is needed where no run has finished', () => {
    const text = 'unknown: stats@1 has no finished run yet; "tidemark materialize stats@1" makes one';
    expect(costForecast(hourly, [])).toEqual({ text });
    expect(costForecast(hourly, [record(1, { state: 'failed' })])).toEqual({ text });
  });

  it('says nothing of a month where new files alone start the runs, and counts the scheduled ones of a table view', () => {
    const forecast = costForecast(onFiles, [record(1)]);
    expect(forecast.usdPerRun).toBe(0.002);
    expect(forecast).not.toHaveProperty('usdPerMonth');
    expect(forecast.text).toContain('new source files start the runs');
    const scheduled = costForecast({ ...onFiles, scheduleMillis: 24 * hour }, [record(1)]);
    expect(scheduled.runsPerMonth).toBeCloseTo(730 / 24, 10);
    expect(scheduled.text).toMatch(/30\.4 runs and about 0\.061 USD a month, besides the runs/);
  });

  it('counts at most a run a minute', () => {
    expect(costForecast({ ...hourly, scheduleMillis: 5000 }, [record(1)]).runsPerMonth).toBe(730 * 60);
    expect(costForecast({ ...hourly, scheduleMillis: 90_000 }, [record(1)]).runsPerMonth).toBe(730 * 30);
  });
});
