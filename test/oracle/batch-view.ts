import { featureOf, type OracleEvent, type OracleFeature } from './aggregates.ts';
import type { OracleValue } from './values.ts';

export interface OracleTickRow {
  readonly key: string;
  readonly tick: number;
  readonly values: readonly OracleValue[];
  /** '.' value, 'd' empty window, 'e' not representable. */
  readonly marks: string;
}

/** Rows of all ticks in (from, to]: every event is looked at for every tick, entity and feature. */
export function batchRows(
  events: readonly OracleEvent[],
  features: readonly OracleFeature[],
  { from, to, schedule }: { readonly from: number; readonly to: number; readonly schedule: number },
): OracleTickRow[] {
  const longest = Math.max(
    ...features.flatMap(({ formula }) =>
      'above' in formula ? [formula.above.window, formula.below.window] : [formula.window],
    ),
  );
  const byKey = new Map<string, OracleEvent[]>();
  for (const event of events) if (event.key !== null) byKey.set(event.key, [...(byKey.get(event.key) ?? []), event]);
  const rows: OracleTickRow[] = [];
  for (const [key, own] of byKey) {
    for (let tick = Math.floor(from / schedule) * schedule + schedule; tick <= to; tick += schedule) {
      if (!own.some(({ at }) => at > tick - longest - schedule && at <= tick)) continue;
      const results = features.map((feature) => featureAt(own, feature, tick));
      rows.push({
        key,
        tick,
        values: results.map(({ value }) => value),
        marks: results.map(({ mark }) => mark).join(''),
      });
    }
  }
  return rows;
}

/** One feature at one tick: looks at every event it is given. */
export const featureAt = (
  events: readonly OracleEvent[],
  feature: OracleFeature,
  tick: number,
): { value: OracleValue; mark: string } =>
  featureOf(feature, ({ window }) => events.filter(({ at }) => at > tick - window && at <= tick));
