import { beforeAll, describe, expect, it } from 'vitest';
import { historyDecoder } from '#engine/backfill/decode-history.ts';
import { finishWindows } from '#semantics/stream/finish-windows.ts';
import { isTooLate } from '#semantics/stream/interval.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import { addEvents, emptyState } from '#semantics/stream/window-state.ts';
import type { Value } from '#spec/value-type.ts';
import { backfillTilesSql } from '#sql/backfill-tiles-sql.ts';
import { historyEntitiesSql } from '#sql/history-entities-sql.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import { countedEvents, type OracleRecord, streamFeatureAt } from '../oracle/stream-view.ts';
import { putHistory, putLog } from './stream-store.ts';
import {
  entity,
  instantsOf,
  manifest,
  oracleStreams,
  recordsOf,
  type SourceName,
  sources,
  start,
  streamViewCases,
} from './stream-world.ts';
import { acceptedEvents } from './stream-world-events.ts';

const { seed, cases, again } = randomSettings(300);
const hour = 3_600_000;

describe(`history of ${cases} random logs as tiles (${again})`, () => {
  let store: OfflineStore;
  const records: Record<SourceName, OracleRecord[][]> = { seamed: [], deduplicated: [] };

  beforeAll(async () => {
    const random = new Random(seed);
    store = await createOfflineStore(manifest);
    for (const name of ['seamed', 'deduplicated'] as const) {
      records[name] = Array.from({ length: cases }, (_, caseId) => recordsOf(random, caseId, name));
      await putLog(store, sources[name], records[name].flat());
      await putHistory(store, sources[name], records[name].flat());
    }
  });

  const instants = [
    { cut: start + 2 * hour, asOf: start + hour },
    // Asked at once: windows that are about to leave an event read it still.
    { cut: start + 3 * hour + 1, asOf: start + 3 * hour + 1 },
  ];
  for (const one of streamViewCases)
    for (const { cut, asOf } of instants)
      it(`${one.view.name}, cut ${cut}: with what arrives later it finishes as the oracle says, from ${asOf} on`, async () => {
        const plan = planWindows(one.view, one.source);
        const tiles = backfillTilesSql({
          database: store.database,
          manifest,
          view: one.view,
          cutMillis: cut,
          asOfMillis: asOf,
        });
        const columns = await store.select(
          historyEntitiesSql({ view: one.view, source: one.source, entity, plan, tiles }),
        );
        const { columns: wanted, decode } = historyDecoder(one.view, one.source, plan);
        const caseIds = columns.get('case_id') ?? [];
        const states = new Map(
          caseIds.map((caseId, at) => [
            JSON.stringify([Number(caseId), columns.get('part')?.[at]]),
            decode(wanted.map(({ name }): Value => columns.get(name)?.[at] ?? null)),
          ]),
        );
        expect(states.size).toBe(caseIds.length);
        const random = new Random(seed + 1);
        const coverage = new Coverage();
        const limit = one.maxEvents === undefined ? {} : { maxEvents: one.maxEvents };
        const differences = records[one.sourceName].flatMap((own, caseId) => {
          const accepted = acceptedEvents(own, one.source);
          const counted = countedEvents(own, oracleStreams[one.sourceName]);
          return instantsOf(random, own, one).flatMap((t) => {
            const at = Math.max(t, asOf, cut);
            return [...new Set(own.map(({ key }) => key))].flatMap((key) => {
              const later = accepted.filter(
                (event) =>
                  event.key === key &&
                  event.arrivalMillis > cut &&
                  event.arrivalMillis <= at &&
                  !isTooLate(plan, event),
              );
              const history = key === null ? undefined : states.get(key);
              const live = addEvents(plan, emptyState, key === null ? [] : later);
              const { values, marks } = finishWindows(plan, history ? [history, live] : [live], at);
              const events = key === null ? [] : counted.filter((event) => event.key === key);
              const expected = one.features.map((feature) => streamFeatureAt(events, feature, { t: at, ...limit }));
              const expectedMarks = expected.map(({ mark }) => mark).join('');
              coverage.case({
                'history only': history !== undefined && later.length === 0 && /[.e]/.test(expectedMarks),
                'history and later': history !== undefined && later.length > 0,
                'no history': history === undefined,
                present: expectedMarks.includes('.'),
              });
              const isSame =
                (marks ?? '.'.repeat(values.length)) === expectedMarks &&
                JSON.stringify(values, shown) ===
                  JSON.stringify(
                    expected.map(({ value }) => value),
                    shown,
                  );
              return isSame
                ? []
                : [
                    `case ${caseId} ${key} at ${at}: ${values} ${marks}, want ${expected.map(({ value }) => value)} ${expectedMarks}`,
                  ];
            });
          });
        });
        expect(differences.slice(0, 10)).toEqual([]);
        expect(coverage.thin).toEqual([]);
      });
});

/** -0, NaN and bigints as texts of their own. */
const shown = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) || Number.isNaN(value) ? String(value) : value;
