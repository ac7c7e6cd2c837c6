import { expect, it } from 'vitest';
import { sentence, waiting } from '#cli/commands/backfill.ts';
import type { RunRecord } from '#engine/materialize/run-record.ts';

const run: RunRecord = {
  view: 'rides@1',
  kind: 'stream',
  run: 3,
  state: 'succeeded',
  step: 'finishing',
  execution: 'arn',
  requested: {},
  startedAtMillis: 1000,
  rowsWritten: 1200,
  rowsOlder: 3,
  bytesScanned: 2_000_000,
  seconds: 90,
};

it('a wait for the cut counts its seconds; after it the log is waited for', () => {
  expect(waiting({ startedAtMillis: 1000, cutMillis: 301_000 }, 61_000)).toEqual([
    'waiting for the cut, seconds',
    60,
    300,
  ]);
  expect(waiting({ startedAtMillis: 1000, cutMillis: 301_000 }, 301_000)).toEqual(['waiting for the event log', 0, 0]);
  expect(waiting({ startedAtMillis: 1000, cutMillis: 0 }, 1000)).toEqual(['waiting for the event log', 0, 0]);
});

it('a backfill says how many entities got their history and how many had it', () => {
  expect(sentence(run)).toBe(
    'rides@1: 1,200 entities merged with their history, 3 had it before, 2.0 MB scanned, 1 min 30 s',
  );
  expect(sentence({ ...run, kind: 'table', rowsOlder: 0 })).toMatch(/1,200 entities online, 2.0 MB/);
  expect(sentence({ ...run, state: 'nothingToDo' })).toBe('rides@1: nothing to fill in');
});
