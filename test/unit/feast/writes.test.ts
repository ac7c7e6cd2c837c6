import { beforeEach, describe, expect, it } from 'vitest';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { packedRowReader } from '#codec/packed-row.ts';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { encodeRow } from '#engine/materialize/encode-row.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findEntity, findStoredView } from '#spec/find.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import type { OnlineRow } from '#store/online-rows.ts';
import { parquetRows } from '#test/support/parquet-rows.ts';
import { errorJson, recordedAnswers } from './feast-shop.ts';
import { errorOf, lanesManifest, manifest, nowMillis, writeApi } from './write-api.ts';

const push = '/push';
const write = '/write-to-online-store';
const iso = (millis: number): string => new Date(millis).toISOString();

let api: ReturnType<typeof writeApi>;
beforeEach(() => {
  api = writeApi();
});

/** A frame of rows of the source `profiles`. */
const profiles = (changes: Readonly<Record<string, unknown[]>> = {}) => ({
  shopper_id: [7],
  at: [iso(nowMillis - 1000)],
  city: ['Kyoto'],
  score: [0.1],
  since: [1_735_787_045],
  ...changes,
});
const stored = async (view: string, shopper: bigint) => {
  const found = findStoredView(manifest, view);
  const entityKey = encodeEntityKey(findEntity(manifest, 'shopper'), [shopper]);
  const [outcome] = await api.online.read([{ entityKey, viewId: `${view}@1` }], { deadlineMillis: nowMillis });
  if (outcome?.kind !== 'found') return undefined;
  const unpacked = packedRowReader([found])(outcome.packed);
  return unpacked.kind === 'row' ? unpacked.row : undefined;
};
const onlyFile = async (): Promise<Uint8Array> => {
  const [key = ''] = await api.keys();
  return (await api.objects.get(key))?.body ?? new Uint8Array();
};
const answered = async (path: string, body: unknown) => {
  const { statusCode, body: text } = await api.call(path, body);
  return { status: statusCode, body: text };
};

describe('rows that are pushed to a Parquet source', () => {
  it('are appended to its files, and served by its table views', async () => {
    expect(await answered(push, { push_source_name: 'profiles', df: profiles() })).toEqual({ status: 200, body: '' });
    expect(await api.keys()).toEqual([expect.stringMatching(/^sources\/profiles\/pushed-[0-9a-f]{32}\.parquet$/)]);
    expect(await parquetRows(await onlyFile())).toEqual([
      {
        shopper_id: 7n,
        at: nowMillis - 1000,
        made: null,
        gone: null,
        city: 'Kyoto',
        score: Math.fround(0.1),
        since: 1_735_787_045_000,
        note: null,
      },
    ]);
    expect(await stored('profile', 7n)).toMatchObject({
      eventTimeMillis: nowMillis - 1000,
      values: ['Kyoto', Math.fround(0.1), 1_735_787_045_000],
    });
  });

  it('are the items online that a run would make of the file', async () => {
    const written: OnlineRow[] = [];
    const online = new MemoryOnlineRows();
    const watched = {
      writeNewer: async (rows: readonly OnlineRow[]) => {
        written.push(...rows);
        return online.writeNewer(rows);
      },
    };
    const frame = profiles({
      shopper_id: [7, 8, 9],
      at: [iso(nowMillis - 1), '2026-01-31 09:29:59.123456', nowMillis / 1000 - 2],
      city: ['Kyoto', null, 'Oslo'],
      score: [3, null, -1e-3],
      since: [null, '2020-01-01T00:00:00+02:00', 1],
      made: [iso(nowMillis), null, null],
      gone: [null, false, true],
    });
    expect(
      (await api.call(push, { push_source_name: 'profiles', df: frame }, { online: watched as never })).statusCode,
    ).toBe(200);
    const file = await openParquet(bytesSource(await onlyFile()));
    const [at = [], made = [], gone = [], ids = [], ...features] = await readColumns(
      file,
      [
        { name: 'at', as: 'timestamp' },
        { name: 'made', as: 'timestamp' },
        { name: 'gone', as: 'bool' },
        { name: 'shopper_id', as: 'int64' },
        { name: 'city', as: 'string' },
        { name: 'score', as: 'float32' },
        { name: 'since', as: 'timestamp' },
      ],
      { rowStart: 0, rowEndExclusive: 3 },
    );
    const [view, entity] = [findStoredView(manifest, 'profile'), findEntity(manifest, 'shopper')];
    const ofFile = ids.map((id, row) => {
      const selected = {
        eventTimeMillis: Number(at[row]),
        createdTimeMillis: Number(made[row] ?? at[row]),
        run: 0,
        deleted: gone[row] === true,
        marks: null,
        keys: [id],
        features: features.map((column) => column[row] ?? null),
      };
      return encodeRow(view, entity, selected).row;
    });
    expect(at).toEqual([nowMillis - 1, nowMillis - 876, nowMillis - 2000]); // finer than a millisecond rounds up
    expect(written).toEqual(ofFile);
  });

  it('never replace a newer row, in one push or in several', async () => {
    const two = profiles({
      shopper_id: [7, 7],
      at: [iso(nowMillis), iso(nowMillis - 9)],
      city: ['new', 'old'],
      score: [1, 1],
      since: [1, 1],
    });
    await answered(push, { push_source_name: 'profiles', df: two });
    await answered(push, { push_source_name: 'profiles', df: profiles({ city: ['older'] }) });
    expect((await stored('profile', 7n))?.values[0]).toBe('new');
    expect(await api.keys()).toHaveLength(2);
  });

  it('are one file however often the push is repeated', async () => {
    for (const _ of [1, 2]) await answered(push, { push_source_name: 'profiles', df: profiles() });
    expect(await api.keys()).toHaveLength(1);
  });

  it('are kept offline before they are served', async () => {
    const body = { push_source_name: 'profiles', df: profiles() };
    const unavailable = () => Promise.reject(new TidemarkError('store.down', 'down', { kind: 'unavailable' }));
    const noFiles = { put: unavailable } as never;
    expect((await api.call(push, body, { objects: noFiles })).statusCode).toBe(503);
    expect(await stored('profile', 7n)).toBeUndefined();
    const noRows = { writeNewer: unavailable } as never;
    expect((await api.call(push, body, { online: noRows })).statusCode).toBe(503);
    expect(await api.keys()).toHaveLength(1);
  });

  it('go to files alone where they are pushed to offline', async () => {
    expect((await answered(push, { push_source_name: 'profiles', df: profiles(), to: 'offline' })).status).toBe(200);
    expect(await api.keys()).toHaveLength(1);
    expect(await stored('profile', 7n)).toBeUndefined();
  });

  it('are not served before the delay of the view or the time of the event has passed, and lie in the partition of their date', async () => {
    const at = [iso(nowMillis - 300_000), iso(nowMillis - 299_999), iso(nowMillis + 86_400_000)];
    const df = { shopper_id: [1, 2, 3], at, left: [10, 20, 30] };
    expect((await answered(push, { push_source_name: 'stock', df })).status).toBe(200);
    expect((await stored('stock_levels', 1n))?.values).toEqual([10n]);
    expect(await stored('stock_levels', 2n)).toBeUndefined();
    expect(await stored('stock_levels', 3n)).toBeUndefined();
    const folders = (await api.keys()).map((key) => key.slice(0, key.lastIndexOf('/')));
    expect(folders).toEqual(['sources/stock/dt=2026-01-31', 'sources/stock/dt=2026-02-01']);
  });

  it('of a source that only batch views read are taken offline, and refused online', async () => {
    const df = { shopper_id: [1], at: [iso(nowMillis)] };
    const refused = await answered(push, { push_source_name: 'visits', df });
    expect({ status: refused.status, says: errorOf(refused.body).message }).toEqual({
      status: 422,
      says: 'no table view serves rows of visits: batch views compute them at their ticks; push to offline',
    });
    expect((await answered(push, { push_source_name: 'visits', df, to: 'offline' })).status).toBe(200);
    expect(await api.keys()).toHaveLength(1);
  });

  it.each([
    ['a value of a wrong type', { score: [1, 'high'] }, /row 1: field score must be a number/],
    ['a null key', { shopper_id: [7, null] }, /null key/],
    ['a key with a fraction', { shopper_id: [7, 7.5] }, /row 1: field shopper_id .*7\.5/],
    ['a text that is no Unicode', { city: ['a', '\ud800'] }, /row 1: field city/],
    ['no event time', { at: [iso(nowMillis), null] }, /row 1 has no at/],
    [
      'a time that is none',
      { at: [iso(nowMillis), 'soon'] },
      /at of row 1 must be ISO 8601 or epoch seconds, got "soon"/,
    ],
    ['columns of different lengths', { city: ['Kyoto'] }, /^All arrays must be of the same length$/],
  ])('are refused with %s, all of them', async (_, changes, says) => {
    const df = profiles({
      shopper_id: [7, 8],
      at: [iso(nowMillis), iso(nowMillis)],
      city: ['a', 'b'],
      score: [1, 2],
      since: [1, 2],
      ...changes,
    });
    const { status, body } = await answered(push, { push_source_name: 'profiles', df });
    expect({ status, message: errorOf(body).message }).toEqual({ status: 422, message: expect.stringMatching(says) });
    expect(await api.keys()).toEqual([]);
    expect(await stored('profile', 7n)).toBeUndefined();
  });

  it('are refused beyond 2,000 at once', async () => {
    const df = Object.fromEntries(Object.entries(profiles()).map(([name, [value]]) => [name, Array(2001).fill(value)]));
    const { status, body } = await answered(push, { push_source_name: 'profiles', df });
    expect({ status, message: errorOf(body).message }).toEqual({
      status: 422,
      message: '2001 rows, at most 2000 are taken; send fewer at a time',
    });
  });

  it('are refused without a column that a view reads, for null is a value', async () => {
    const { city: _, ...df } = profiles();
    const { status, body } = await answered(push, { push_source_name: 'profiles', df });
    expect({ status, message: errorOf(body).message }).toMatchObject({ status: 422, message: /missing: city;/ });
  });

  it.each([
    ['shops', { shopper_id: [1], shop: ['x'] }, /has no event time/],
    ['bought', { shopper_id: [1], at: [iso(nowMillis)], brand: ['x'] }, /bucket that is not the deployment's/],
  ])('are refused by the source %s', async (source, df, says) => {
    const { status, body } = await answered(push, { push_source_name: source, df });
    expect({ status, message: errorOf(body).message }).toEqual({ status: 422, message: expect.stringMatching(says) });
  });
});

describe('rows that are written to a view, as the push of the SDK does', () => {
  const df = {
    shopper_id: [7],
    city: ['Kyoto'],
    rating: [0.5],
    since: [-9223372036854775808n],
    event_timestamp: ['2026-01-31T09:29:59'],
    created: [null],
  };
  /** JSON of the least int64, which JSON.stringify has no number for. */
  const text = (frame: object, view = 'profile'): string =>
    JSON.stringify({ feature_view_name: view, df: frame, allow_registry_cache: false }, (_, value) =>
      typeof value === 'bigint' ? `int64 ${value}` : value,
    ).replace(/"int64 (-?\d+)"/g, '$1');

  it('are rows of its source, features by their own names, times in UTC, and the null timestamp of Feast is null', async () => {
    expect(await answered(write, text(df))).toEqual({ status: 200, body: 'null' });
    expect(await parquetRows(await onlyFile())).toMatchObject([
      { at: nowMillis - 1000, made: null, score: 0.5, since: null },
    ]);
    expect(await stored('profile', 7n)).toMatchObject({
      eventTimeMillis: nowMillis - 1000,
      values: ['Kyoto', 0.5, null],
    });
  });

  it('are events of a view over a stream', async () => {
    const click = {
      shopper_id: [7],
      page: ['/cart'],
      click_id: ['c-1'],
      event_timestamp: [iso(nowMillis)],
      created: [null],
    };
    expect(await answered(write, text(click, 'last_click'))).toEqual({ status: 200, body: 'null' });
    const [shard = ''] = await api.stream.shards();
    const { records } = await api.stream.read(shard);
    expect(records.map(({ data }) => JSON.parse(new TextDecoder().decode(data)))).toEqual([
      { shopper_id: 7, page: '/cart', click_id: 'c-1', at: iso(nowMillis) },
    ]);
    const late = { ...click, event_timestamp: ['2036-01-01T00:00:00Z'] };
    const refused = await answered(push, { push_source_name: 'clicks', df: { ...late, at: late.event_timestamp } });
    expect(refused.status).toBe(422);
    expect(errorOf(refused.body).message).toMatch(/^row 0: /);
  });

  it('are all events of the stream or none', async () => {
    const clicks = (pages: unknown[]) => ({
      shopper_id: pages.map((_, index) => index),
      page: pages,
      click_id: pages.map((_, index) => `c-${index}`),
      at: pages.map(() => iso(nowMillis)),
    });
    const mixed = clicks([...Array.from({ length: 600 }, () => '/'), 7]);
    const refused = await answered(push, { push_source_name: 'clicks', df: mixed });
    expect({ status: refused.status, message: errorOf(refused.body).message }).toEqual({
      status: 422,
      message: expect.stringMatching(/^row 600: field page must be/),
    });
    const inStream = async (): Promise<number> => {
      const [shard = ''] = await api.stream.shards();
      return (await api.stream.read(shard)).records.length;
    };
    expect(await inStream()).toBe(0);
    expect((await answered(push, { push_source_name: 'clicks', df: clicks(['/', null]) })).status).toBe(200);
    expect(await inStream()).toBe(2);
    expect(api.reported).toEqual([{ source: 'clicks', rows: 2 }]);
  });

  it.each([
    ['visit_counts', /visit_counts@1 cannot be written to: .* push rows to its source visits/],
    ['click_counts', /click_counts@1 cannot be written to: .* push rows to its source clicks/],
    ['greeting', /greeting@1 cannot be written to: .* nothing of it is stored/],
  ])('are refused by the view %s', async (view, says) => {
    const { status, body } = await answered(write, text(df, view));
    expect({ status, message: errorOf(body).message }).toEqual({ status: 422, message: expect.stringMatching(says) });
  });
});

describe('callers that may push to one source', () => {
  it('write to it and to no other, and start no runs', async () => {
    const only = {
      isAll: false,
      has: (id: string) => id === 'profiles',
      hasName: (name: string) => name === 'profiles',
    };
    api.caller.grants = { ...api.caller.grants, isAdmin: false, push: only };
    expect((await answered(push, { push_source_name: 'profiles', df: profiles() })).status).toBe(200);
    const attempts = [
      [push, { push_source_name: 'stock', df: {} }],
      [push, { push_source_name: 'nothing', df: {} }],
      [write, { feature_view_name: 'last_click', df: {} }],
      [write, { feature_view_name: 'nothing', df: {} }],
      [write, { feature_view_name: 'greeting', df: {} }],
      ['/materialize-incremental', { end_ts: iso(nowMillis) }],
    ] as const;
    for (const [path, body] of attempts) {
      const { status, body: text } = await answered(path, body);
      expect({ path, status, error: errorOf(text).class }).toEqual({
        path,
        status: 403,
        error: 'FeastPermissionError',
      });
    }
    expect(api.started).toEqual([]);
  });
});

describe('materialization', () => {
  const [start_ts, end_ts] = ['2026-01-01T00:00:00', '2026-01-02T00:00:00Z'];
  const [from, to] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)];

  it('runs the ticks of the interval, and what is new of table views, of all views that runs materialize', async () => {
    expect(await answered('/materialize', { start_ts, end_ts, feature_views: null })).toEqual({
      status: 200,
      body: 'null',
    });
    expect(api.started).toEqual(
      expect.arrayContaining([
        { view: 'brands@1' },
        { view: 'home_shop@1' },
        { view: 'profile@1' },
        { view: 'stock_levels@1' },
        { view: 'visit_counts@1', from, to },
      ]),
    );
    expect(api.started).toHaveLength(5);
  });

  it('runs what is missing up to an end in the past, and all that is new up to now', async () => {
    const body = { feature_views: ['visit_counts', 'profile'], version: null };
    await answered('/materialize-incremental', { ...body, end_ts });
    await answered('/materialize-incremental', { ...body, end_ts: iso(nowMillis) });
    await answered('/materialize', { ...body, disable_event_timestamp: true });
    const all = [{ view: 'visit_counts@1' }, { view: 'profile@1' }];
    expect(api.started).toEqual([{ view: 'visit_counts@1', to }, { view: 'profile@1' }, ...all, ...all]);
  });

  it('does not make the client wait where it asks so, or where runs take long', async () => {
    const accepted = { status: 202, body: '{"status":"accepted","feature_views":["profile"]}' };
    const body = { end_ts, feature_views: ['profile'] };
    expect(await answered('/materialize-incremental?async=true&force=true', body)).toEqual(accepted);
    api.done.outcome = 'running';
    expect(await answered('/materialize-incremental', body)).toEqual(accepted);
    api.done.outcome = 'failed';
    expect((await answered('/materialize-incremental', body)).status).toBe(500);
  });

  it('takes the version of the one view that is named', async () => {
    expect(
      (await answered('/materialize-incremental', { end_ts, feature_views: ['profile'], version: 'v1' })).status,
    ).toBe(200);
    expect(api.started).toEqual([{ view: 'profile@1' }]);
    for (const wrong of [
      { version: 'v2', feature_views: ['profile'] },
      { version: 'v1' },
      { version: '1', feature_views: ['profile'] },
    ])
      expect((await answered('/materialize-incremental', { end_ts, ...wrong })).status).toBeGreaterThanOrEqual(404);
    expect(api.started).toHaveLength(1);
  });

  it.each([['last_click'], ['greeting']])('refuses %s, of which there is nothing to run', async (view) => {
    expect((await answered('/materialize-incremental', { end_ts, feature_views: [view] })).status).toBe(422);
    expect(api.started).toEqual([]);
  });
});

describe('what Feast 0.67.0 answered to writes', () => {
  /** Deviations: 4xx in Feast's envelope where Feast answers 500. */
  const refusedHere: Readonly<Record<string, RegExp>> = {
    'push to nowhere': /^both is not a supported push format\. Please specify one of these/,
    'push of columns of different lengths': /^All arrays must be of the same length$/,
    'push without a key': /missing: origin;/,
    'push without event time': /missing: at;/,
    'push of a wrong type': /minutes.*"soon"/,
    'write without a feature': /missing: minutes;/,
    'materialize without times': /^start_ts and end_ts are required when disable_event_timestamp is False$/,
    'materialize a time that is none': /^Invalid timestamp format: /,
    'materialize backwards': /^start_ts \(.*\) must be before end_ts/,
  };
  const ofWrites = recordedAnswers.filter(({ path }) => /^\/(push|write|mater)/.test(path));

  it('is a recording of every route', () => {
    expect(new Set(ofWrites.map(({ path }) => path.split('?')[0]))).toEqual(
      new Set([push, write, '/materialize', '/materialize-incremental']),
    );
    expect(ofWrites.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(refusedHere)));
  });

  for (const { name, path, request, status, body } of ofWrites)
    it(`is answered: ${name}`, async () => {
      const lanes = writeApi(lanesManifest);
      const result = await lanes.call(path, request);
      const says = refusedHere[name];
      if (says) {
        expect({ status: result.statusCode, ...errorOf(result.body) }).toMatchObject({
          status: 422,
          message: expect.stringMatching(says),
        });
        return;
      }
      expect(result.statusCode).toBe(status);
      if (body === '') expect(result.body).toBe('');
      else expect(errorJson(result.body)).toEqual(errorJson(body));
    });
});
