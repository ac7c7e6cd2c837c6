import type { RawColumn } from '#codec/parquet-read.ts';
import type { TypedColumn } from '#codec/parquet-write.ts';
import { Random } from '#test/support/random.ts';
import { countedEvents, type OracleRecord } from '../oracle/stream-view.ts';
import type { OracleValue } from '../oracle/values.ts';
import { type Label, randomWorld, type World } from './point-in-time-world.ts';
import { oracleStreams, recordsOf, type SourceName, streamViewCases } from './stream-world.ts';
import { newestView } from './training-set-views.ts';

/** Random labels over the worlds of tables and of streams at once: each has a trip, a shop and a log. */
export interface TrainingLabel extends Label {
  /** With `caseId` the key of the log. */
  readonly part: string | null;
  readonly amount: number | null;
  readonly note: string | null;
}

export interface TrainingWorld {
  readonly tables: World;
  readonly records: Readonly<Record<SourceName, readonly OracleRecord[]>>;
  readonly labels: readonly TrainingLabel[];
}

const sourceNames = ['seamed', 'deduplicated'] as const;
const amounts = [0, -0, 1.5, 7, -2.25, Number.NaN, Number.NEGATIVE_INFINITY, 1e300, 5e-324, null];
const notes = ['', 'a', 'Ω "quoted", \n', '\u{1f600}', null];

export const logKey = (caseId: number | null, part: string | null): string | null =>
  caseId === null || part === null ? null : JSON.stringify([caseId, part]);

/** Instants at which an event of the records begins or ceases to count in some window, or as a row. */
function edgesOf(records: readonly OracleRecord[], name: SourceName): number[] {
  const windows = streamViewCases.filter(({ sourceName }) => sourceName === name).flatMap((one) => one.windows);
  const { delayMillis, ttlMillis = 0 } = newestView;
  return countedEvents(records, oracleStreams[name], 'all').flatMap(({ at, from }) => [
    from,
    from + delayMillis,
    at + ttlMillis,
    ...windows.map(({ windowMillis, hopMillis = 1 }) => Math.ceil(at / hopMillis) * hopMillis + windowMillis),
  ]);
}

export function randomTrainingWorld(seed: number, cases: number): TrainingWorld {
  const tables = randomWorld(seed, cases);
  const random = new Random(seed + 1);
  const records = { seamed: [] as OracleRecord[], deduplicated: [] as OracleRecord[] };
  const edges: number[][] = [];
  const parts: (string | null)[][] = [];
  for (let caseId = 0; caseId < cases; caseId++) {
    const own = sourceNames.map((name) => [name, recordsOf(random, caseId, name)] as const);
    for (const [name, some] of own) records[name].push(...some);
    edges.push(own.flatMap(([name, some]) => edgesOf(some, name)));
    parts.push([...own.flatMap(([, some]) => some.map(({ row }) => row.part as string | null)), 'x']); // parts are texts
  }
  const labels = tables.labels.map((label): TrainingLabel => {
    const near = edges[label.caseId ?? -1] ?? [];
    const isNearEvent = near.length > 0 && random.chance(0.5);
    return {
      ...label,
      eventTime: isNearEvent ? random.pick(near) + random.pick([-1, 0, 0, 1]) : label.eventTime,
      part: random.pick(parts[label.caseId ?? -1] ?? ['x', null]),
      amount: random.pick(amounts),
      note: random.pick(notes),
    };
  });
  return { tables, records, labels };
}

/** Labels as a spine: `lagMillis` later than the instant that they ask about. Some columns mean nothing to the join and must not change. */
export function spineOf(labels: readonly TrainingLabel[], lagMillis: number): (TypedColumn | RawColumn)[] {
  const typed = (
    name: string,
    type: TypedColumn['type'],
    of: (label: TrainingLabel, row: number) => OracleValue,
  ): TypedColumn => ({ name, type, values: labels.map(of) as TypedColumn['values'] }); // the columns' types
  return [
    typed('label', 'bool', (_, row) => (row % 7 === 0 ? null : row % 2 === 0)),
    typed('part', 'string', ({ part }) => part),
    typed('event_time', 'timestamp', ({ eventTime }) => eventTime + lagMillis),
    typed('note', 'string', ({ note }) => note),
    typed('case_id', 'int64', ({ caseId }) => (caseId === null ? null : BigInt(caseId))),
    typed('weight', 'float64', (_, row) => [Number.NaN, -0, 0.1, null][row % 4] ?? null),
    typed('amount', 'float64', ({ amount }) => amount),
    typed('zone', 'string', ({ zone }) => zone),
    typed('row', 'int64', (_, row) => 2n ** 53n + BigInt(row)),
    typed('shop_id', 'string', ({ shopId }) => shopId),
    {
      name: 'price',
      elements: [
        {
          name: 'price',
          repetition_type: 'OPTIONAL',
          type: 'INT64',
          converted_type: 'DECIMAL',
          precision: 18,
          scale: 4,
        },
      ],
      values: labels.map((_, row) => (row % 5 === 0 ? null : 123_456_789_012_345_678n - BigInt(row))),
    },
  ];
}
