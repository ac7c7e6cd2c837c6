import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkout } from '#localstack/paths.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { Objects } from '#store/objects.ts';
import { loadFile } from '../commands/load.ts';
import { findFileSource } from '../load/file-source.ts';
import { greatestInstant, shiftedFile } from '../load/shift-times.ts';

export const flightsFolder = join(checkout.root, 'examples', 'flights');
const data = join(flightsFolder, 'data');
const files = {
  departures: 'departures.parquet',
  weather_observations: 'weather.parquet',
  plane_registry: 'planes.parquet',
} as const;
export const departuresFile = join(data, files.departures);
const minuteMillis = 60_000;

export interface LoadedFlights {
  /** What was added to every time of 2013. */
  readonly shiftMillis: number;
  readonly rows: Readonly<Record<string, number>>;
  /** The labelled flights, moved by the same constant. */
  readonly spineFile: string;
  /** The instant before which the year of departures begins. */
  readonly startMillis: number;
  readonly isNew: boolean;
}

/** Where the shift of what is loaded is kept, so that a rerun finds the same data. */
const loadedKey = 'sources/.flights-loaded.json';
const yearStart2013 = Date.UTC(2013, 0, 1);

/**
 * Loads the flights of 2013 as if they were of the last twelve months: one constant, whole minutes, moves the last departure to just before
 * now. The history of the stream is loaded as it was. What an earlier run loaded is kept.
 */
export async function loadFlights(objects: Objects, manifest: Manifest, folder: string): Promise<LoadedFlights> {
  const spineFile = join(folder, 'spine.parquet');
  const known = await objects.get(loadedKey);
  const earlier = known
    ? (JSON.parse(new TextDecoder().decode(known.body)) as Omit<LoadedFlights, 'spineFile' | 'isNew'>)
    : undefined; // written below
  if (earlier && existsSync(spineFile)) return { ...earlier, spineFile, isNew: false };

  const last = await greatestInstant(readFileSync(departuresFile), 'event_timestamp');
  const shiftMillis =
    earlier?.shiftMillis ?? Math.floor((Date.now() - minuteMillis - last) / minuteMillis) * minuteMillis;
  // The history of the stream stays where it was: it ends at an instant that its definition says.
  const history = findFileSource(manifest, 'departure_events');
  const { rows: events } = await loadFile(objects, {
    source: history,
    file: departuresFile,
    shiftMillis: 0,
  });
  const rows: Record<string, number> = { departure_events: events };
  for (const [name, file] of Object.entries(files)) {
    const source = findFileSource(manifest, name);
    rows[name] = (await loadFile(objects, { source, file: join(data, file), shiftMillis })).rows;
  }
  mkdirSync(dirname(spineFile), { recursive: true });
  writeFileSync(spineFile, await shiftedFile(readFileSync(join(data, 'spine.parquet')), shiftMillis));
  const loaded = { shiftMillis, rows, startMillis: yearStart2013 + shiftMillis };
  await objects.put(loadedKey, JSON.stringify(loaded));
  return { ...loaded, spineFile, isNew: true };
}
