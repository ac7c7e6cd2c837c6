import type { ObjectInfo } from '#store/objects.ts';
import type { TableState } from './run-state.ts';

export interface TableRunRequest {
  readonly state: TableState;
  /** The objects that the source has now. */
  readonly found: readonly ObjectInfo[];
  /** The source has no event time: its rows are visible as soon as they are there. */
  readonly isStatic: boolean;
  /** Read everything again, whatever was read before. */
  readonly readAll: boolean;
}

export interface TableRunPlan {
  /** True when no row can have become visible since the last run. */
  readonly nothingToDo: boolean;
  /** Keys of objects that are new or have other content than when they were read; 'all' on the first run or when asked for. */
  readonly newObjects: readonly string[] | 'all';
  readonly newObjectCount: number;
  /** Rows of known objects that became visible after this instant (epoch milliseconds) are taken too; null: there are none known. */
  readonly visibleAfterMillis: number | null;
  /** Etag by key of every object found. */
  readonly objects: Readonly<Record<string, string>>;
}

/** True for what Athena leaves out as well: hidden files and empty folder markers. */
const isHidden = ({ key, sizeBytes }: ObjectInfo): boolean => {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return sizeBytes === 0 || name.startsWith('_') || name.startsWith('.');
};

/**
 * Which objects of a source a table view's run reads. It goes by objects, not by time, so that rows are never lost however late
 * they arrive; rows that an earlier run saw but that were not visible then are found again by the instant of that run.
 */
export function planTableRun({ state, found, isStatic, readAll }: TableRunRequest): TableRunPlan {
  const readable = found.filter((object) => !isHidden(object));
  const changed = readable.filter(({ key, etag }) => state.objects[key] !== etag).map(({ key }) => key);
  const first = state.visibleMillis === null;
  const all = readAll || first;
  const objects = Object.fromEntries(readable.map(({ key, etag }) => [key, etag]));
  return {
    nothingToDo: readable.length === 0 || (!all && changed.length === 0 && isStatic),
    newObjects: all ? 'all' : changed,
    newObjectCount: all ? readable.length : changed.length,
    visibleAfterMillis: state.visibleMillis,
    objects,
  };
}
