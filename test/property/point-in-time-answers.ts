import type { StoredView } from '#spec/manifest.ts';
import { type OracleAnswer, type OracleRow, type OracleRules, pointInTime } from '../oracle/point-in-time.ts';
import {
  batchTtlMillis,
  countRows,
  countView,
  delayMillis,
  foreverView,
  keyOf,
  type Label,
  readingRows,
  readingView,
  shopRows,
  shopView,
  ttlMillis,
  type World,
} from './point-in-time-world.ts';

/** What the oracle says of one view at one label; `features` names its values. */
export interface ViewAnswer {
  readonly view: StoredView;
  readonly features: readonly string[];
  readonly answer: OracleAnswer;
}

/** Rows of each view by key, so that the oracle looks at one entity's rows only. */
const rowsByKey = new WeakMap<World, Map<string, Map<string, OracleRow[]>>>();
function rowsOf(world: World): Map<string, Map<string, OracleRow[]>> {
  const known = rowsByKey.get(world);
  if (known) return known;
  const grouped = (rows: readonly OracleRow[]): Map<string, OracleRow[]> => {
    const byKey = new Map<string, OracleRow[]>();
    for (const row of rows) byKey.set(row.key, [...(byKey.get(row.key) ?? []), row]);
    return byKey;
  };
  const made = new Map([
    ['reading', grouped(readingRows(world, ['total', 'rate', 'word', 'marks'], delayMillis))],
    ['forever', grouped(readingRows(world, ['word'], 0))],
    ['counts', grouped(countRows(world))],
    ['shop_facts', grouped(shopRows(world))],
  ]);
  rowsByKey.set(world, made);
  return made;
}

/** What a label of the world sees of each of its views. */
export function answersOf(world: World, label: Label, { mode, lag }: Pick<OracleRules, 'mode' | 'lag'>): ViewAnswer[] {
  const rows = rowsOf(world);
  const answer = (view: StoredView, key: string | null, rules: Pick<OracleRules, 'ttl' | 'defaults'>): OracleAnswer =>
    pointInTime(
      rows.get(view.name)?.get(key ?? '') ?? [],
      { key, eventTime: label.eventTime },
      { mode, lag, ...rules },
    );
  const trip = keyOf(label.caseId, label.zone);
  const shopAnswer = answer(shopView, label.shopId, { ttl: undefined, defaults: [undefined, false] });
  return [
    {
      view: readingView,
      features: ['total', 'rate', 'word', 'marks'],
      answer: answer(readingView, trip, {
        ttl: ttlMillis,
        defaults: [-9007199254740993n, undefined, "it's", undefined],
      }),
    },
    {
      view: foreverView,
      features: ['word'],
      answer: answer(foreverView, trip, { ttl: undefined, defaults: [undefined] }),
    },
    { view: countView, features: ['n'], answer: answer(countView, trip, { ttl: batchTtlMillis, defaults: [0n] }) },
    { view: shopView, features: ['size', 'run'], answer: shopAnswer },
  ];
}
