import { expect, it } from 'vitest';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { historyDecoder } from '#engine/backfill/decode-history.ts';
import { planWindows, type WindowPlan } from '#semantics/stream/window-plan.ts';
import { addEvents, compactState, emptyState, type WindowState } from '#semantics/stream/window-state.ts';
import type { Value } from '#spec/value-type.ts';
import { type HistoryRow, historyFile } from '#test/support/history-file.ts';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import { entity, recordsOf, start, streamViewCases } from '../../property/stream-world.ts';
import { acceptedEvents } from '../../property/stream-world-events.ts';

const { seed, cases, again } = randomSettings(200);

/** A tile may leave out parts at its end to which nothing contributed. */
const whole = (plan: WindowPlan, { tiles, events }: WindowState): WindowState => ({
  tiles: tiles.map((tile) => ({ ...tile, parts: plan.parts.map((_, index) => tile.parts[index]) })),
  events,
});

it.each(streamViewCases)(
  `$view.name: a row of a Parquet file is the state that it was written from (${again})`,
  async (one) => {
    const { view, source } = one;
    const plan = planWindows(view, source);
    const random = new Random(seed);
    const coverage = new Coverage();
    const rows = Array.from({ length: cases }, (_, caseId): HistoryRow => {
      const events = acceptedEvents(recordsOf(random, caseId, one.sourceName), source);
      const state = addEvents(plan, emptyState, events);
      const compacted = plan.exact ? state : compactState(plan, state, start + random.integer(-1, 5) * 3_600_000);
      const levels = compacted.tiles.map(({ level }) => level);
      coverage.case({
        'several tiles': levels.length > 1 || plan.exact !== undefined,
        'a coarse tile': levels.some((level) => level > 0) || plan.exact !== undefined,
        events: events.length > 1,
      });
      return { keys: [BigInt(caseId), 'x'], state: compacted, events };
    });
    const file = await openParquet(bytesSource(historyFile({ view, source, entity }, rows)));
    const { columns, decode } = historyDecoder(view, source, plan);
    const read = await readColumns(file, columns);
    const decoded = rows.map((_, index) => decode(read.map((column): Value => column[index] ?? null)));
    expect(decoded.map((state) => whole(plan, state))).toEqual(rows.map(({ state }) => whole(plan, state)));
    expect(coverage.thin).toEqual([]);
  },
);
