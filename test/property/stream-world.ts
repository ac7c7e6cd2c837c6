import type { Entity, Manifest, StreamSource, StreamView } from '#spec/manifest.ts';
import { entityOf, manifestOf, streamSourceOf, streamViewOf } from '#test/support/manifests.ts';
import type { Random } from '#test/support/random.ts';
import type { OracleFeature } from '../oracle/aggregates.ts';
import { countedEvents, type OracleRecord, type OracleStream } from '../oracle/stream-view.ts';
import type { OracleValue } from '../oracle/values.ts';
import { entityKeys, featuresOver, schema, sketchesOver, type WindowCase } from './aggregate-cases.ts';

/** Random logs of streams, and the views over them: late, early, repeated and refused events, on edges to the millisecond. */
const minute = 60_000;
const hour = 60 * minute;
/** All logs lie around this instant, which no hop divides. */
export const start = Date.UTC(2026, 0, 10, 0, 7);
export const skewMillis = 2 * minute;
export const withinMillis = 3 * hour;
export const historyUntil = start + hour;
const latencyMillis = 5;

const idColumn = { name: 'id', type: 'string' } as const;
export const streamSchema = [...schema, idColumn];
export const entity: Entity = entityOf('log', [...entityKeys]);
const hashed = ['big', 'word', 'wide', 'flag'];
const shared = { eventTime: 't', allowedSkewMillis: skewMillis, partitionBy: ['part'], entities: ['log'], hashed };

/** A stream that began after its history ended, and one that has none and deduplicates. */
export const sources: Readonly<Record<'seamed' | 'deduplicated', StreamSource>> = {
  seamed: streamSourceOf('seamed', streamSchema, {
    ...shared,
    history: { location: 'seamed/', untilMillis: historyUntil, latencyMillis },
  }),
  deduplicated: streamSourceOf('deduplicated', streamSchema, {
    ...shared,
    eventId: 'id',
    deduplicateBy: { field: 'id', withinMillis },
  }),
};
export type SourceName = keyof typeof sources;

export const oracleStreams: Readonly<Record<SourceName, OracleStream>> = {
  seamed: { allowedSkew: skewMillis, history: { until: historyUntil, latency: latencyMillis } },
  deduplicated: { allowedSkew: skewMillis, within: withinMillis },
};

export interface StreamViewCase {
  readonly view: StreamView;
  readonly source: StreamSource;
  readonly sourceName: SourceName;
  readonly features: readonly OracleFeature[];
  readonly windows: readonly WindowCase[];
  readonly maxEvents?: number;
}

interface Exactness {
  readonly maxEvents?: number;
}

function viewCase(
  sourceName: SourceName,
  windows: readonly WindowCase[],
  { maxEvents }: Exactness = {},
): StreamViewCase {
  const cases = [...featuresOver(windows), ...sketchesOver(windows)];
  const source = sources[sourceName];
  const name = `${sourceName}_${maxEvents === undefined ? 'tiled' : 'exact'}`;
  const view = streamViewOf(
    name,
    cases.map(({ feature }) => feature),
    {
      entity: entity.name,
      source: source.name,
      // a layout of its own, as a compiled view has
      layout: [...name]
        .reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)
        .toString(16)
        .padStart(8, '0'),
      ...(maxEvents === undefined ? {} : { exact: { maxEvents } }),
    },
  );
  const limits = maxEvents === undefined ? {} : { maxEvents };
  return { view, source, sourceName, features: cases.map(({ oracle }) => oracle), windows, ...limits };
}

/** Hops that divide each other, hops that do not, and no hop at all. */
export const streamViewCases: readonly StreamViewCase[] = [
  viewCase('seamed', [
    { windowMillis: hour, hopMillis: minute },
    { windowMillis: 3 * hour, hopMillis: 20 * minute },
    { windowMillis: 8 * hour, hopMillis: hour },
  ]),
  viewCase('deduplicated', [
    { windowMillis: 90 * minute, hopMillis: 9 * minute },
    { windowMillis: 4 * hour, hopMillis: 15 * minute },
  ]),
  viewCase(
    'seamed',
    [
      { windowMillis: 50 * minute, hopMillis: 1 },
      { windowMillis: 2 * hour, hopMillis: 1 },
    ],
    { maxEvents: 2 },
  ),
];

export const manifest: Manifest = manifestOf({
  entities: [entity],
  sources: Object.values(sources),
  views: streamViewCases.map(({ view }) => view),
});

const words = ['a', 'b', 'é', 'zz', '', '\u{1f600}', '\uffff'];
const bigs = [0n, 1n, -1n, 2n ** 53n + 1n, -(2n ** 53n) - 3n, 2n ** 62n, 9n];
const smalls = [0, 1, -7, 2_147_483_647, -2_147_483_648, 42];
const wides = [0, -0, 0.1, -2.5, 1.0000005, 1e9, 1e11, 3e-7, Number.NaN, Number.POSITIVE_INFINITY, 2e19];
const narrows = [0, 0.1, -1.5, 3.25, 1e7, Number.NaN].map(Math.fround);
const parts = ['', 'x', 'ü:1'];

const orNull = <T>(random: Random, value: T): T | null => (random.chance(0.15) ? null : value);

/** When an event happened: often on an edge of some tile or window of the source's views, to the millisecond. */
function instant(random: Random, sourceName: SourceName, centre: number): number {
  const windows = streamViewCases.filter((one) => one.sourceName === sourceName).flatMap((one) => one.windows);
  const { hopMillis = 1, windowMillis } = random.pick(windows);
  const at = random.chance(0.6) ? centre + random.integer(-hour, hour) : start + random.integer(-6 * hour, 8 * hour);
  if (random.chance(0.4)) return Math.floor(at / hopMillis) * hopMillis + random.pick([-1, 0, 0, 1]);
  if (random.chance(0.2)) return start + random.pick([0, 1, 2, 3]) * hour - windowMillis + random.pick([-1, 0, 1]);
  return at;
}

/** How long after it happened an event arrives; negative: its clock was ahead. */
function delay(random: Random): number {
  const kind = random.next();
  if (kind < 0.4) return random.integer(0, 2000);
  if (kind < 0.5) return 0;
  if (kind < 0.6) return -random.pick([1, skewMillis - 1, skewMillis, skewMillis + 1, hour]);
  if (kind < 0.65) return withinMillis + random.pick([-1, 0, 1]);
  return random.integer(0, random.pick([minute, hour, 6 * hour]));
}

/** The records of one case, in the order in which shards got them: each shard's sequence grows with its arrivals. */
export function recordsOf(random: Random, caseId: number, sourceName: SourceName): OracleRecord[] {
  const stream = oracleStreams[sourceName];
  const usesLargeValues = random.chance(0.4);
  const centre = start + random.integer(-5 * hour, 7 * hour);
  const usual = random.pick(parts);
  const records: Omit<OracleRecord, 'sequence'>[] = [];
  for (let left = random.pick([0, 1, 2, 3, 5, 8, 14]); left > 0; left--) {
    const sentAt = instant(random, sourceName, centre);
    const part = orNull(random, random.chance(0.6) ? usual : random.pick(parts));
    const id = `${caseId}-${left}`;
    const row: Record<string, OracleValue> = {
      case_id: BigInt(caseId),
      part,
      t: sentAt,
      big: orNull(random, usesLargeValues ? random.pick(bigs) : BigInt(random.integer(-50, 50))),
      small: orNull(random, usesLargeValues ? random.pick(smalls) : random.integer(-5, 5)),
      wide: orNull(random, random.pick(usesLargeValues ? wides : wides.slice(0, 6))),
      narrow: orNull(random, random.pick(narrows)),
      word: orNull(random, random.pick(words)),
      flag: orNull(random, random.chance(0.5)),
      at: orNull(random, start + random.integer(-1000, 1000)),
      id,
    };
    const key = part === null ? null : JSON.stringify([caseId, part]);
    const shard = `shardId-00000000000${Math.max(0, parts.indexOf(part ?? ''))}`;
    if (stream.history && random.chance(0.35)) {
      const at = random.chance(0.3) ? historyUntil - latencyMillis + random.pick([-1, 0, 1]) : sentAt;
      records.push({ key, sentAt: at, row: { ...row, t: at } });
      continue;
    }
    const arrival =
      stream.history && random.chance(0.1) ? historyUntil + random.pick([0, 1]) : Math.max(1, sentAt + delay(random));
    records.push({ key, sentAt, arrival, shard, row, id });
    if (random.chance(0.15)) {
      const again = arrival + random.pick([0, 1, 500, hour]);
      records.push({ key, sentAt, arrival: again, shard, row, id }); // a producer's second try
      if (random.chance(0.2)) records.push({ key, sentAt, arrival: again, shard, row: { ...row, small: 3 }, id }); // another payload
    }
  }
  return records
    .sort((a, b) => (a.arrival ?? 0) - (b.arrival ?? 0))
    .map((record, at) => ({ ...record, sequence: sequenceOf(caseId, at) }));
}

/** Grows with the case and within it; 56 digits. */
const sequenceOf = (caseId: number, at: number): string => String((caseId + 1) * 1000 + at).padStart(56, '0');

/** Instants worth asking at: those at which some event begins or ceases to count, a millisecond beside, and any. */
export function instantsOf(random: Random, records: readonly OracleRecord[], one: StreamViewCase): number[] {
  const edges = countedEvents(records, oracleStreams[one.sourceName]).flatMap(({ at, from }) => [
    from,
    ...one.windows.map(({ windowMillis, hopMillis = 1 }) => Math.ceil(at / hopMillis) * hopMillis + windowMillis),
  ]);
  const near = edges.map((edge) => edge + random.pick([-1, 0, 1]));
  const any = [start + random.integer(-2 * hour, 12 * hour), start + random.integer(0, 4) * hour];
  return [...near, ...any].filter(() => random.chance(0.5)).slice(0, 8);
}

/** What the record's producer sends. */
export function payloadOf({ row }: OracleRecord): Uint8Array {
  const members = Object.entries(row).map(([name, value]) => [name, sent(value, name === 't' || name === 'at')]);
  return new TextEncoder().encode(JSON.stringify(Object.fromEntries(members)));
}

function sent(value: OracleValue, isInstant: boolean): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'number') return value;
  if (isInstant) return new Date(value).toISOString();
  return Number.isFinite(value) ? value : String(value);
}

/** Kinds of cases that a generator must reach; for Coverage. */
export function kindsOf(records: readonly OracleRecord[], sourceName: SourceName): Record<string, boolean> {
  const { allowedSkew, within } = oracleStreams[sourceName];
  const arrived = records.flatMap(({ arrival, sentAt }) => (arrival === undefined ? [] : [{ arrival, sentAt }]));
  const counted = countedEvents(records, oracleStreams[sourceName]);
  const windows = streamViewCases.filter((one) => one.sourceName === sourceName).flatMap((one) => one.windows);
  const isOnEdge = (offset: number) =>
    counted.some(({ at }) => windows.some(({ hopMillis = 1 }) => hopMillis > 1 && (at + offset) % hopMillis === 0));
  return {
    'no record': records.length === 0,
    'null key': records.some(({ key }) => key === null),
    'on a tile edge': isOnEdge(0),
    'a millisecond after a tile edge': isOnEdge(-1),
    'a millisecond before a tile edge': isOnEdge(1),
    'ahead within the skew': arrived.some(({ arrival, sentAt }) => sentAt > arrival && sentAt - arrival <= allowedSkew),
    'ahead by just the skew': arrived.some(({ arrival, sentAt }) => sentAt - arrival === allowedSkew),
    'too far ahead': arrived.some(({ arrival, sentAt }) => sentAt - arrival > allowedSkew),
    'late by hours': arrived.some(({ arrival, sentAt }) => arrival - sentAt > hour),
    'same instant twice': new Set(counted.map(({ at }) => at)).size < counted.length,
    ...(within === undefined
      ? {
          'history at the seam': records.some(
            ({ arrival, sentAt }) => arrival === undefined && sentAt === historyUntil - latencyMillis,
          ),
          'history beyond the seam': records.some(
            ({ arrival, sentAt }) => arrival === undefined && sentAt > historyUntil - latencyMillis,
          ),
          'arrival at the seam': arrived.some(({ arrival }) => arrival === historyUntil),
        }
      : {
          duplicate:
            counted.length <
            arrived.filter(({ arrival, sentAt }) => sentAt - arrival <= allowedSkew && arrival - sentAt <= within)
              .length,
          'refused as too old': arrived.some(({ arrival, sentAt }) => arrival - sentAt > within),
          'just within': arrived.some(({ arrival, sentAt }) => arrival - sentAt === within),
        }),
  };
}
