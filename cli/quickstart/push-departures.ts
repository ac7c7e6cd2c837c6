import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { eventJson } from '#codec/event-json.ts';
import type { TypedColumn } from '#codec/parquet-write.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findStreamSource } from '#spec/find.ts';
import type { Manifest, StreamSource } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { callApi } from '../api.ts';
import { shiftedColumns } from '../load/shift-times.ts';
import { pushBatches } from '../push/push-batches.ts';
import { readBatches } from '../push/read-batches.ts';
import type { Target } from '../target.ts';
import { departuresFile } from './flights-data.ts';

type Row = Readonly<Record<string, Value>>;

/** Older ones would be refused: the source knows repetitions of one day. An hour is left for a slow machine. */
const replayedMillis = 23 * 3_600_000;
/** The windows follow within seconds; a machine that is busy with its first functions takes longer. */
const deadlineMillis = 120_000;
const pollMillis = 100;
const airport = 'EWR';
const watched = ['departures_1h', 'departures_24h', 'mean_delay_1h', 'last_delay_24h'] as const;
const dayCount = watched.indexOf('departures_24h');
const lastDelay = watched.indexOf('last_delay_24h');

export interface PushedDepartures {
  /** Departures of the last day that went into the stream before. */
  readonly replayed: number;
  /** The airport's windows once all of those count. */
  readonly before: readonly unknown[];
  readonly after: readonly unknown[];
  readonly names: readonly string[];
  /** From the push of the one departure to the first answer that knows it. */
  readonly seconds: number;
}

/**
 * Pushes the departures of the last day and waits until its airport's windows know them, then one that leaves now, and asks until they know it
 * too. Throws cli.notFresh when they do not within two minutes.
 */
export async function pushDepartures(
  target: Target,
  manifest: Manifest,
  shiftMillis: number,
): Promise<PushedDepartures> {
  const source = findStreamSource(manifest, 'departure_events');
  const columns = await shiftedColumns(readFileSync(departuresFile), source.schema, shiftMillis);
  const recent = departuresSince(columns, Date.now() - replayedMillis);
  await push(target, source, recent);
  // Those of an earlier quickstart count too, so there may be more.
  const ownCount = recent.filter(({ origin }) => origin === airport).length;
  const before = await windowsWhere(target, (values) => Number(values[dayCount]) >= ownCount);
  const nowMillis = Date.now();
  // Another delay than the latest flight has had, so that it is this one that is seen.
  const delay = before[lastDelay] === 90 ? 91 : 90;
  const startedAt = performance.now();
  await push(target, source, [lateDeparture(nowMillis, delay)]);
  const after = await windowsWhere(target, (values) => values[lastDelay] === delay);
  const seconds = (performance.now() - startedAt) / 1000;
  return { replayed: recent.length, before, after, names: watched, seconds };
}

/** The airport's windows, asked for until they are as wanted. Throws cli.notFresh. */
async function windowsWhere(
  target: Target,
  isWanted: (values: readonly unknown[]) => boolean,
): Promise<readonly unknown[]> {
  const startedAt = performance.now();
  for (;;) {
    const values = await windowsOf(target);
    if (isWanted(values)) return values;
    if (performance.now() - startedAt > deadlineMillis)
      throw new TidemarkError(
        'cli.notFresh',
        `departures that were pushed ${deadlineMillis / 1000} s ago are not in the windows of ${airport}; the log of aggregate-departure-events says why`,
        { kind: 'failed' },
      );
    await wait(pollMillis);
  }
}

/** Rows whose event time is after an instant (exclusive) and not in the future, in their order. */
export function departuresSince(columns: readonly TypedColumn[], sinceMillis: number, nowMillis = Date.now()): Row[] {
  const times = columns.find(({ name }) => name === 'event_timestamp')?.values ?? [];
  return times.flatMap((time, at): Row[] =>
    typeof time === 'number' && time > sinceMillis && time <= nowMillis
      ? [Object.fromEntries(columns.map(({ name, values }) => [name, values[at] ?? null]))]
      : [],
  );
}

const lateDeparture = (nowMillis: number, delay: number): Row => ({
  flight_id: BigInt(nowMillis),
  carrier: 'UA',
  flight_number: 1,
  tailnum: 'N14228',
  origin: airport,
  dest: 'IAH',
  distance: 1400,
  scheduled_departure: nowMillis - delay * 60_000,
  event_timestamp: nowMillis,
  created_timestamp: nowMillis,
  dep_delay: delay,
  cancelled: false,
});

async function push(target: Target, source: StreamSource, rows: readonly Row[]): Promise<void> {
  const lines = async function* (): AsyncGenerator<string> {
    for (const row of rows) yield eventJson(source, row);
  };
  const { accepted, problems } = await pushBatches(readBatches(lines()), {
    send: (body) => callApi(target, `/v1/push/${source.name}`, body),
  });
  const [problem] = problems;
  if (accepted < rows.length)
    throw new TidemarkError(
      'cli.pushFailed',
      `${rows.length - accepted} of ${rows.length} departures were not accepted: ${problem?.message ?? 'for no reason that was said'}`,
      { kind: 'failed' },
    );
}

async function windowsOf(target: Target): Promise<readonly unknown[]> {
  const answer = (await callApi(
    target,
    '/v1/online-features',
    JSON.stringify({
      features: watched.map((name) => `origin_departures_live:${name}`),
      entities: [{ origin: airport }],
    }),
  )) as { rows: { values: unknown[] }[] }; // the API's documented shape
  return answer.rows[0]?.values ?? [];
}
