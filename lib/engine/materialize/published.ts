import {
  decodePublished,
  encodePublished,
  type PublishedFile,
  type PublishedPartition,
} from '#codec/published-file.ts';
import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import type { BatchView } from '#spec/manifest.ts';
import type { Objects } from '#store/objects.ts';
import { type Interval, unionOf } from './intervals.ts';
import { superseded } from './run-lock.ts';
import type { BatchState } from './run-state.ts';

/** What is published of a view version; empty before its first run. Throws codec.unreadablePublished. */
export const readPublished = async (objects: Pick<Objects, 'get'>, view: BatchView): Promise<PublishedFile> =>
  (await readWithEtag(objects, view)).file;

async function readWithEtag(
  objects: Pick<Objects, 'get'>,
  view: BatchView,
): Promise<{ readonly file: PublishedFile; readonly etag: string | undefined }> {
  const found = await objects.get(objectKeys.published(view));
  if (!found) return { file: { fence: 0, last: undefined, partitions: [] }, etag: undefined };
  return { file: await decodePublished(found.body), etag: found.etag };
}

interface PublishedChange {
  readonly view: BatchView;
  readonly run: number;
  /** The file after the change, or undefined when it needs none. May be called again after a lost race. */
  readonly change: (file: PublishedFile) => PublishedFile | undefined;
}

/** Replaces the file by one conditional PUT; throws materialize.superseded once a greater run has claimed it. */
async function updatePublished(
  objects: Pick<Objects, 'get' | 'put'>,
  { view, run, change }: PublishedChange,
): Promise<PublishedFile> {
  const key = objectKeys.published(view);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const { file, etag } = await readWithEtag(objects, view);
    if (file.fence > run) throw superseded(view, run);
    const next = change(file);
    if (!next) return file;
    const condition = etag === undefined ? ({ ifAbsent: true } as const) : { ifMatch: etag };
    if ((await objects.put(key, encodePublished(next), condition)) !== undefined) return next;
  }
  throw new TidemarkError('materialize.contended', `${key} was replaced by others 10 times in a row; run again`, {
    kind: 'unavailable',
    details: { key },
  });
}

/**
 * Claims the file for a run: from now on no lesser run can replace it, not even by a PUT that is under way, since every PUT
 * depends on the version that it has read. What is published does not change.
 */
export const claimPublished = (
  objects: Pick<Objects, 'get' | 'put'>,
  view: BatchView,
  run: number,
): Promise<PublishedFile> =>
  updatePublished(objects, {
    view,
    run,
    change: (file) => (file.fence === run ? undefined : { ...file, fence: run }),
  });

export interface PublishRequest {
  readonly view: BatchView;
  readonly run: number;
  /** UTC dates of the run's registered partitions. */
  readonly dates: readonly string[];
  readonly ticks: readonly Interval[];
  readonly nowMillis: number;
}

/** Publishes a run over all its dates by one PUT; a repetition changes nothing. Rows of earlier runs stay published. */
export const addPublication = (
  objects: Pick<Objects, 'get' | 'put'>,
  { view, run, dates, ticks, nowMillis }: PublishRequest,
): Promise<PublishedFile> =>
  updatePublished(objects, {
    view,
    run,
    change: (file) => {
      if (file.last?.run === run) return undefined;
      const added = dates.map((dt): PublishedPartition => ({ dt, run, publishedAtMillis: nowMillis }));
      return { fence: run, last: { run, ticks: [...ticks] }, partitions: [...file.partitions, ...added] };
    },
  });

/**
 * The state with the newest publication counted in: a run that ended between its publication and its next write has published
 * all the same, and its rows have still to go online.
 */
export function withPublication(state: BatchState, { last }: PublishedFile): BatchState {
  if (!last || last.run <= state.publishedRun) return state;
  return {
    ...state,
    publishedRun: last.run,
    covered: unionOf(state.covered, last.ticks),
    onlinePending: unionOf(state.onlinePending, last.ticks),
  };
}
