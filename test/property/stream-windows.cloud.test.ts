import { beforeAll, describe, expect, it } from 'vitest';
import type { StreamEvent } from '#semantics/stream/event.ts';
import { finishWindows } from '#semantics/stream/finish-windows.ts';
import { isTooLate } from '#semantics/stream/interval.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import { addEvents, compactState, emptyState } from '#semantics/stream/window-state.ts';
import type { Value } from '#spec/value-type.ts';
import { marksColumn, rowStates, stateColumn, trainingSetSql, valueColumn } from '#sql/training-set-sql.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import { type CountedEvent, countedEvents, type OracleRecord, streamFeatureAt } from '../oracle/stream-view.ts';
import type { OracleValue } from '../oracle/values.ts';
import { dataset, putHistory, putLabels, putLog, type StreamLabel } from './stream-store.ts';
import {
  entity,
  instantsOf,
  kindsOf,
  manifest,
  oracleStreams,
  recordsOf,
  type SourceName,
  type StreamViewCase,
  sources,
  streamViewCases,
} from './stream-world.ts';
import { acceptedEvents } from './stream-world-events.ts';

const { seed, cases, again } = randomSettings(1000);
const sourceNames = ['seamed', 'deduplicated'] as const;

/** Equal to the last bit: NaN equals itself, -0 does not equal 0. */
const same = (a: OracleValue | undefined, b: Value | undefined): boolean =>
  Array.isArray(a) && Array.isArray(b)
    ? a.length === b.length && a.every((item, at) => Object.is(item, b[at]))
    : Object.is(a, b);

/** Ready once: a state's rules are looked up by its plan. */
const plans = new Map(streamViewCases.map((one) => [one, planWindows(one.view, one.source)]));

type Accepted = StreamEvent & { readonly key: string | null };

const byKey = <T extends { readonly key: string | null }>(items: readonly T[]): Map<string | null, T[]> => {
  const groups = new Map<string | null, T[]>();
  for (const item of items) {
    const group = groups.get(item.key) ?? [];
    group.push(item);
    groups.set(item.key, group);
  }
  return groups;
};

const keyOf = ({ caseId, part }: StreamLabel): string | null => (part === null ? null : JSON.stringify([caseId, part]));

describe(`windows of streams at labels: ${cases} random logs (${again})`, () => {
  let store: OfflineStore;
  let labels: StreamLabel[];
  let counted: Record<SourceName, Map<string | null, CountedEvent[]>>;
  let accepted: Record<SourceName, Map<string | null, Accepted[]>>;
  const coverage = { seamed: new Coverage(), deduplicated: new Coverage() };

  beforeAll(async () => {
    const random = new Random(seed);
    store = await createOfflineStore(manifest);
    labels = [];
    const records: Record<SourceName, OracleRecord[]> = { seamed: [], deduplicated: [] };
    for (let caseId = 0; caseId < cases; caseId++)
      for (const sourceName of sourceNames) {
        const own = recordsOf(random, caseId, sourceName);
        records[sourceName].push(...own);
        coverage[sourceName].case(kindsOf(own, sourceName));
        const parts = [...new Set(own.map(({ row }) => row.part as string | null)), 'x']; // the world's parts are texts
        for (const one of streamViewCases)
          if (one.sourceName === sourceName)
            for (const t of instantsOf(random, own, one)) labels.push({ caseId, part: random.pick(parts), t });
      }
    counted = {
      seamed: byKey(countedEvents(records.seamed, oracleStreams.seamed)),
      deduplicated: byKey(countedEvents(records.deduplicated, oracleStreams.deduplicated)),
    };
    accepted = {
      seamed: byKey(acceptedEvents(records.seamed, sources.seamed)),
      deduplicated: byKey(acceptedEvents(records.deduplicated, sources.deduplicated)),
    };
    for (const name of sourceNames) {
      await putLog(store, sources[name], records[name]);
      await putHistory(store, sources[name], records[name]);
    }
    await putLabels(store, entity.name, labels);
  });

  it('every kind of record occurs', () => {
    expect([...coverage.seamed.thin, ...coverage.deduplicated.thin]).toEqual([]);
  });

  const variants = [
    { mode: 'asServed', oracleMode: 'asServed', lag: 0 },
    { mode: 'eventTime', oracleMode: 'eventTime', lag: 0 },
    { mode: 'knowledgeTime', oracleMode: 'asServed', lag: 45 * 60_000 },
  ] as const;
  for (const one of streamViewCases)
    for (const { mode, oracleMode, lag } of variants)
      it(`${one.view.name}, ${mode}, lag ${lag} ms: values and marks equal the oracle's to the last bit`, async () => {
        const times = labels.map(({ t }) => t);
        const select = trainingSetSql({
          database: store.database,
          manifest,
          views: [{ view: one.view, features: one.view.features.map(({ name }) => name) }],
          mode,
          lagMillis: lag,
          dataset,
          parts: { first: 0, last: 0 },
          eventTimeRangeMillis: { min: Math.min(...times), max: Math.max(...times) },
          withMarks: true,
        });
        const columns = await store.select(select);
        const rowIds = columns.get('row_id') ?? [];
        expect(rowIds.length).toBe(labels.length);
        const at = new Map(rowIds.map((rowId, position) => [Number(rowId), position]));
        expect(at.size).toBe(labels.length);
        const windows = new Coverage();
        const limit = one.maxEvents === undefined ? {} : { maxEvents: one.maxEvents };
        const differences = labels.flatMap((label, row) => {
          const position = at.get(row) ?? -1;
          const got = {
            state: columns.get(stateColumn(one.view))?.[position],
            marks: columns.get(marksColumn(one.view))?.[position] ?? '.'.repeat(one.features.length),
            values: one.view.features.map(({ name }) => columns.get(valueColumn(one.view, name))?.[position]),
          };
          const events = (keyOf(label) !== null && counted[one.sourceName].get(keyOf(label))) || [];
          const expected = one.features.map((feature) =>
            streamFeatureAt(events, feature, { t: label.t - lag, mode: oracleMode, ...limit }),
          );
          const marks = expected.map(({ mark }) => mark).join('');
          windows.case({
            present: marks.includes('.'),
            'not representable': marks.includes('e'),
            'nothing counts': !/[.e]/.test(marks),
            'null key': label.part === null,
          });
          const found: string[] = [];
          const where = `row ${row} ${JSON.stringify(label)}`;
          if (got.state !== rowStates.present) found.push(`${where}: state ${got.state}`);
          if (got.marks !== marks) found.push(`${where}: marks ${got.marks}, want ${marks}`);
          one.view.features.forEach(({ name }, index) => {
            if (!same(expected[index]?.value, got.values[index]))
              found.push(`${where}: ${name} = ${got.values[index]}, want ${expected[index]?.value}`);
          });
          if (mode === 'asServed') found.push(...stateDifferences(one, label, got));
          return found;
        });
        expect(differences.slice(0, 20)).toEqual([]);
        expect(windows.thin).toEqual([]);
      });

  /** What items of the online store would have given at the label. */
  function stateDifferences(
    one: StreamViewCase,
    label: StreamLabel,
    got: { readonly marks: Value; readonly values: readonly (Value | undefined)[] },
  ): string[] {
    const plan = plans.get(one) ?? planWindows(one.view, one.source);
    const own = (keyOf(label) !== null && accepted[one.sourceName].get(keyOf(label))) || [];
    const events = own.filter((event) => event.arrivalMillis <= label.t && !isTooLate(plan, event));
    const state = compactState(plan, addEvents(plan, emptyState, events), label.t);
    const { values, marks } = finishWindows(plan, [state], label.t);
    const isSame =
      (marks ?? '.'.repeat(values.length)) === got.marks &&
      values.every((value, index) => same(value as OracleValue, got.values[index])); // values of features are the oracle's too
    return isSame ? [] : [`${one.view.name} ${JSON.stringify(label)}: the state gives ${String(values)}, ${marks}`];
  }
});
