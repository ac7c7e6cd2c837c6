import * as z from 'zod/mini';
import { findEntityView, findStoredView } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import type { EntityView, Manifest, StoredView, View } from '#spec/manifest.ts';

/** A lease as steps hand it on; see lib/store/locks.ts. */
export const leaseSchema = z.strictObject({ name: z.string(), owner: z.string(), fence: z.int() });

/** What every step of a run is told: the view as `name@version` and the lease. The lease's fence is the run's number. */
export const runReferenceSchema = z.strictObject({ view: z.string(), lease: leaseSchema });
export type RunReference = z.infer<typeof runReferenceSchema>;

/** What names of a run's lock, files and records are made of. */
export type Versioned = Pick<View, 'name' | 'version'>;

export const lockName = (view: Versioned): string => `materialize#${view.name}@${view.version}`;

/** Held by the one run that waits for the lock on behalf of all that come meanwhile. */
export const waiterName = (view: Versioned): string => `${lockName(view)}#waiter`;

export const viewOfRun = (manifest: Manifest, run: RunReference): StoredView => findStoredView(manifest, run.view);
/** As viewOfRun, for steps that a backfill of a stream view has too. */
export const entityViewOfRun = (manifest: Manifest, run: RunReference): EntityView =>
  findEntityView(manifest, run.view);

/** The name of the statement that selects rows for the online store; those of chunks are `chunk-<number>`. */
export const selectionQuery = 'selection';
export const chunkQuery = (number: number): string => `chunk-${number}`;

/** Keys of the files of one run, under `objectKeys.run`. */
export const runFiles = (view: Versioned, run: number) => {
  const folder = objectKeys.run(view, run);
  return {
    plan: `${folder}plan.json`,
    /** SELECT of a statement, as text. */
    statement: (query: string): string => `${folder}statements/${query}.sql`,
    /** What a statement that succeeded wrote (queryResultSchema). */
    queryResultFolder: `${folder}queries/`,
    queryResult: (query: string): string => `${folder}queries/${query}.json`,
    selectionRows: (attempt: number): string => `${folder}selection/${attempt}/`,
    /** The items of the Distributed Map: a JSON array. */
    items: `${folder}items.json`,
    itemResultFolder: `${folder}results/`,
    itemResult: (item: number): string => `${folder}results/${item}.json`,
    /** Rows and items of the selection (selectionSchema). */
    selection: `${folder}selection.json`,
  };
};
