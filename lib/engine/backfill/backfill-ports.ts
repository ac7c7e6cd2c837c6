import type { RunPorts } from '#engine/materialize/run-ports.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Checkpoints } from '#store/checkpoints.ts';
import type { EventStream } from '#store/event-stream.ts';
import type { WindowItems } from '#store/window-items.ts';

/** What the steps of a backfill ask of the world; each step takes the part that it needs. */
export interface BackfillPorts
  extends Pick<
    RunPorts,
    'manifest' | 'database' | 'objects' | 'locks' | 'executions' | 'records' | 'sql' | 'online' | 'clock'
  > {
  /** The online items of stream views. */
  readonly items: WindowItems;
  readonly checkpoints: Checkpoints;
  /** The stream of a source. */
  readonly openStream: (source: StreamSource) => EventStream;
  /** How far ahead of its claim the cut of a rebuild lies: longer than any batch of the stream's consumers takes. Milliseconds. */
  readonly cutAheadMillis: number;
}
