import { jsonValueReader } from '#codec/json-value.ts';
import { compareValues } from '#semantics/value.ts';
import { rowOutcome } from '#semantics/visibility.ts';
import type { StoredView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import type { Leak, LeakExample, LeakKind } from './leak.ts';
import type { LabelSample } from './sample-labels.ts';
import type { ViewRead } from './views-read.ts';

/** A feature row that a label sees; values in the order of the read's own features. */
export interface SeenRow {
  /** Null: a static row. */
  readonly eventMillis: number | null;
  readonly createdMillis: number;
  readonly run: number;
  readonly deleted: boolean;
  readonly values: readonly Value[];
}
/** By position in the sample; labels that see no row are missing. */
export type SeenRows = ReadonlyMap<number, SeenRow>;

export interface RowsToJudge {
  readonly read: ViewRead & { readonly view: StoredView };
  readonly sample: LabelSample;
  readonly lagMillis: number;
  /** What the dataset's own mode sees. */
  readonly seen: SeenRows;
  /** What serving would have seen, where the dataset was joined by event time alone. */
  readonly served?: SeenRows | undefined;
  /** What was known by created times, where a row was created after its label. */
  readonly known?: SeenRows | undefined;
  /** Labels at whose very instant their entity has an event in a batch view's source. */
  readonly ownEvents: ReadonlySet<number>;
}

const shownRows = 5;

/** Labels that see a row created after them (less the lag): what of them was known otherwise is worth asking. */
export const createdAfter = ({
  sample,
  lagMillis,
  seen,
}: Pick<RowsToJudge, 'sample' | 'lagMillis' | 'seen'>): number[] =>
  [...seen].flatMap(([at, row]) =>
    row.eventMillis !== null && row.createdMillis > (sample.eventMillis[at] ?? 0) - lagMillis ? [at] : [],
  );

/** The leaks of one stored view's rows. Static rows have no time: only their values are compared. */
export function judgeRows(judged: RowsToJudge): Leak[] {
  const { read, sample, seen, served, known, ownEvents } = judged;
  const leaks: Leak[] = [];
  const add = (kind: LeakKind, features: readonly string[], examples: readonly LeakExample[]): void => {
    if (examples.length > 0)
      leaks.push({
        kind,
        features,
        rows: examples.length,
        ofRows: sample.rows.length,
        examples: examples.slice(0, shownRows),
      });
  };
  const example = (at: number): LeakExample => exampleOf(judged, at);
  const visible = [...seen].filter(([at, row]) => isPresent(judged, at, row)).map(([at]) => at);
  const isOwn = (at: number): boolean =>
    seen.get(at)?.eventMillis === sample.eventMillis[at] && (read.view.kind === 'table' || ownEvents.has(at));
  add('ownEvent', read.names, visible.filter(isOwn).map(example));
  if (served)
    add('notYetAvailable', read.names, visible.filter((at) => !isSameRow(seen.get(at), served.get(at))).map(example));
  const late = known ? createdAfter(judged).filter((at) => isPresent(judged, at, seen.get(at))) : [];
  for (const [position, { name }] of read.own.entries()) {
    const isOther = (at: number): boolean =>
      compareValues(featureValue(judged, seen, { at, position }), featureValue(judged, known, { at, position })) !== 0;
    add(
      'createdAfterLabel',
      [name],
      late.filter(isOther).map((at) => ({
        ...example(at),
        feature: name,
        value: featureValue(judged, seen, { at, position }),
        expected: featureValue(judged, known, { at, position }),
      })),
    );
    const given = sample.values.get(name) ?? [];
    const changed = sample.rows.flatMap((_, at): LeakExample[] => {
      const [value, expected] = [given[at] ?? null, featureValue(judged, seen, { at, position })];
      return compareValues(value, expected) === 0 ? [] : [{ ...example(at), feature: name, value, expected }];
    });
    add('notAsJoined', [name], changed);
  }
  return leaks;
}

function exampleOf({ read, sample, seen }: RowsToJudge, at: number): LeakExample {
  const row = seen.get(at);
  return {
    ...labelExample(sample, read.entity.name, at),
    ...(row && row.eventMillis !== null ? { eventMillis: row.eventMillis, createdMillis: row.createdMillis } : {}),
  };
}

/** Row, time and keys of a label. */
export const labelExample = (sample: LabelSample, entity: string, at: number): LeakExample => ({
  row: sample.rows[at] ?? 0,
  labelMillis: sample.eventMillis[at] ?? 0,
  entity: Object.fromEntries(
    sample.keys.filter((key) => key.entity === entity).map(({ key, values }) => [key, values[at] ?? null]),
  ),
});

const isSameRow = (a: SeenRow | undefined, b: SeenRow | undefined): boolean =>
  a?.eventMillis === b?.eventMillis && a?.createdMillis === b?.createdMillis && a?.run === b?.run;

function isPresent({ read, sample, lagMillis }: RowsToJudge, at: number, row: SeenRow | undefined): boolean {
  const times = row && { eventTimeMillis: row.eventMillis, deleted: row.deleted };
  return rowOutcome(times, read.view.ttlMillis, (sample.eventMillis[at] ?? 0) - lagMillis) === 'present';
}

/** The feature's value at a label: the row's, or its default. */
function featureValue(
  judged: RowsToJudge,
  rows: SeenRows | undefined,
  { at, position }: { readonly at: number; readonly position: number },
): Value {
  const row = rows?.get(at);
  if (row && isPresent(judged, at, row)) return row.values[position] ?? null;
  const feature = judged.read.own[position]?.feature;
  return feature?.default === undefined ? null : jsonValueReader(feature.type)(feature.default);
}
