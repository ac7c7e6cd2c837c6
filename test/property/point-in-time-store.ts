import { encodePublished } from '#codec/published-file.ts';
import { objectKeys, spineKeyColumn, systemColumns, tableNames } from '#spec/layout.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';
import { columnsOf, countView, type Label, manifest, type World } from './point-in-time-world.ts';

/** Rows of a part of the staged spine. */
export const partRows = 700;
export const dataset = 'property';

/** An offline store that holds a world: source rows, published runs, and the labels as a staged spine. */
export async function storeOf(world: World): Promise<{ store: OfflineStore; parts: number }> {
  const store = await createOfflineStore(manifest);
  await putTables(store, world);
  return { store, parts: await putSpine(store, world.labels) };
}

/** Source rows and published runs of a world. */
export async function putTables(store: OfflineStore, world: World): Promise<void> {
  for (const name of ['readings', 'shops'] as const) {
    const source = manifest.sources.find((candidate) => candidate.name === name);
    if (source) await store.putRows(`sources/${name}/all.parquet`, columnsOf(source.schema, world[name]));
  }
  await putCounts(store, world);
}

async function putSpine(store: OfflineStore, labels: readonly Label[]): Promise<number> {
  for (let part = 0; part * partRows < labels.length; part++) {
    const own = labels.slice(part * partRows, (part + 1) * partRows);
    await store.putRows(`${objectKeys.spineParts(dataset)}part=${part}/spine.parquet`, [
      { name: 'row_id', type: 'int64', values: own.map((_, at) => BigInt(part * partRows + at)) },
      { name: 'event_time_ms', type: 'int64', values: own.map(({ eventTime }) => BigInt(eventTime)) },
      {
        name: spineKeyColumn('trip', 'case_id'),
        type: 'int64',
        values: own.map(({ caseId }) => (caseId === null ? null : BigInt(caseId))),
      },
      { name: spineKeyColumn('trip', 'zone'), type: 'string', values: own.map(({ zone }) => zone) },
      { name: spineKeyColumn('shop', 'shop_id'), type: 'string', values: own.map(({ shopId }) => shopId) },
    ]);
  }
  return Math.ceil(labels.length / partRows);
}

/** Row files of both runs, one folder a day and run, registered as a publication would. */
async function putCounts(store: OfflineStore, world: World): Promise<void> {
  const dates = new Map<string, typeof world.counts>();
  for (const row of world.counts) {
    const id = `${new Date(row.tick).toISOString().slice(0, 10)} ${row.run}`;
    dates.set(id, [...(dates.get(id) ?? []), row]);
  }
  for (const [id, rows] of dates) {
    const [dt = '', run = ''] = id.split(' ');
    const folder = `${objectKeys.chunkRows(countView, Number(run), 'a1')}dt=${dt}/`;
    await store.putRows(`${folder}rows.parquet`, [
      { name: 'case_id', type: 'int64', values: rows.map(({ caseId }) => BigInt(caseId)) },
      { name: 'zone', type: 'string', values: rows.map(({ zone }) => zone) },
      { name: 'n', type: 'int64', values: rows.map(({ n }) => n) },
      { name: systemColumns.eventTime, type: 'timestamp', values: rows.map(({ tick }) => tick) },
      { name: systemColumns.replaces, type: 'bool', values: rows.map(({ replaces }) => replaces) },
      { name: systemColumns.marks, type: 'string', values: rows.map(() => null) },
    ]);
    await store.partitions.register(tableNames.rows(countView), [
      { values: [dt, run], location: store.objects.uri(folder) },
    ]);
  }
  const partitions = [...dates.keys()].map((id) => {
    const [dt = '', run = ''] = id.split(' ');
    const publishedAtMillis = run === '2' ? world.publishedAt : world.publishedAt - 1_000_000;
    return { dt, run: Number(run), publishedAtMillis };
  });
  await store.objects.put(objectKeys.published(countView), encodePublished({ fence: 2, last: undefined, partitions }));
}
