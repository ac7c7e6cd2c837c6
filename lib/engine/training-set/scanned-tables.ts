import { openParquet } from '#codec/parquet-read.ts';
import { readPublished } from '#engine/materialize/published.ts';
import { objectSource } from '#engine/object-source.ts';
import { sourceFolder } from '#engine/source-folder.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findRowSource } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import type { EntityView, Manifest } from '#spec/manifest.ts';
import type { TableScan } from '#sql/training-set-scans.ts';
import type { ObjectInfo, Objects } from '#store/objects.ts';

/** What lies in a table, by date of its partition (empty: files of no date, or a table without dates). */
export interface StoredTable {
  readonly byDate: ReadonlyMap<string, { readonly files: number; readonly bytes: number }>;
  /** Compressed bytes of each column in the largest file; empty where that cannot be read. */
  readonly columnBytes: ReadonlyMap<string, number>;
}

export interface ScanPorts {
  /** The deployment's bucket. */
  readonly objects: Objects;
  /** Any other bucket that a source lies in. */
  readonly openBucket: (bucket: string) => Objects;
}

interface Listing {
  readonly objects: Objects;
  readonly prefixes: readonly string[];
  readonly dateColumn?: string | undefined;
  readonly counts?: (key: string) => boolean;
}

/** Lists what a table of a view holds now, and reads one footer for the shares of columns. */
export async function storedTable(
  ports: ScanPorts,
  of: { readonly manifest: Manifest; readonly view: EntityView; readonly scan: TableScan },
): Promise<StoredTable> {
  const listing = await listingOf(ports, of);
  const found = newest(await filesOf(listing), listing);
  const byDate = new Map<string, { files: number; bytes: number }>();
  let largest: ObjectInfo | undefined;
  for (const file of found) {
    const date = dateOf(file.key, listing.dateColumn);
    const known = byDate.get(date) ?? { files: 0, bytes: 0 };
    byDate.set(date, { files: known.files + 1, bytes: known.bytes + file.sizeBytes });
    if (file.sizeBytes > (largest?.sizeBytes ?? 0)) largest = file;
  }
  return { byDate, columnBytes: largest ? await columnBytes(listing.objects, largest) : new Map() };
}

async function listingOf(
  ports: ScanPorts,
  { manifest, view, scan }: Parameters<typeof storedTable>[1],
): Promise<Listing> {
  const { objects } = ports;
  const dateColumn = scan.partition?.column;
  if (view.kind === 'batch') {
    if (scan.of === 'published') return { objects, prefixes: [objectKeys.published(view)] };
    const { partitions } = await readPublished(objects, view);
    const published = new Set(partitions.map(({ dt, run }) => `${run}/${dt}`));
    const counts = (key: string): boolean =>
      published.has(`${/\/run=(\d+)\//.exec(key)?.[1]}/${dateOf(key, dateColumn)}`);
    return { objects, prefixes: [objectKeys.rows(view)], dateColumn, counts };
  }
  const source = findRowSource(manifest, view.source);
  if (scan.of === 'events')
    return { objects, prefixes: [objectKeys.events(source), objectKeys.eventsCompacted(source)], dateColumn };
  const location = source.kind === 'parquet' ? source.location : (source.history?.location ?? '');
  const folder = sourceFolder(ports, location);
  return { objects: folder.objects, prefixes: [folder.prefix], dateColumn };
}

/** Athena leaves out hidden files and folder markers. */
const isHidden = ({ key, sizeBytes }: ObjectInfo): boolean => sizeBytes === 0 || /(?:^|\/)[_.][^/]*$/.test(key);

async function filesOf({ objects, prefixes, counts }: Listing): Promise<ObjectInfo[]> {
  const files: ObjectInfo[] = [];
  for (const prefix of prefixes)
    for await (const file of objects.list(prefix))
      if (!isHidden(file) && !file.key.endsWith('.json') && (counts?.(file.key) ?? true)) files.push(file);
  return files;
}

/** Of a day of an event log that has been compacted only the newest generation is read. */
function newest(files: readonly ObjectInfo[], { dateColumn }: Listing): readonly ObjectInfo[] {
  const generations = new Map<string, number>();
  for (const { key } of files) {
    const date = dateOf(key, dateColumn);
    generations.set(date, Math.max(generations.get(date) ?? 0, generationOf(key)));
  }
  return files.filter(({ key }) => generationOf(key) === generations.get(dateOf(key, dateColumn)));
}

const generationOf = (key: string): number => Number(/\/generation=(\d+)\//.exec(key)?.[1] ?? 0);

function dateOf(key: string, column: string | undefined): string {
  if (column === undefined) return '';
  const [, date = ''] = /^(\d{4}-\d{2}-\d{2})\//.exec(key.split(`/${column}=`)[1] ?? '') ?? [];
  return date;
}

async function columnBytes(objects: Objects, { key }: ObjectInfo): Promise<Map<string, number>> {
  const bytes = new Map<string, number>();
  try {
    const { metadata } = await openParquet(await objectSource(objects, key));
    for (const { columns } of metadata.row_groups)
      for (const { meta_data: column } of columns) {
        const name = column?.path_in_schema[0] ?? '';
        bytes.set(name, (bytes.get(name) ?? 0) + Number(column?.total_compressed_size ?? 0));
      }
  } catch (error) {
    // A file that is no Parquet fails the join with Athena's words; here it only means that no share is known.
    if (!(error instanceof TidemarkError)) throw error;
  }
  return bytes;
}
