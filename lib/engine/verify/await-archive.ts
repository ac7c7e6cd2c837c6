import { setTimeout as wait } from 'node:timers/promises';
import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Clock } from '#store/clock.ts';

export interface ArchivePorts {
  /** Whether every record of the source that arrived by then (epoch milliseconds, inclusive) is in its event log. */
  readonly archivedThrough: (source: StreamSource, arrivalMillis: number) => Promise<boolean>;
  readonly clock: Clock;
  /** Told what is waited for, at each look. */
  readonly progress: (step: string) => void;
}

export interface ArchiveWait {
  readonly sources: readonly StreamSource[];
  /** Epoch milliseconds. */
  readonly arrivalMillis: number;
  readonly maximumMillis: number;
}

const pollMillis = 500;

/**
 * Waits until every record of the sources that arrived by an instant is in the event log. Throws verify.archiveBehind (kind unavailable)
 * when that takes longer than `maximumMillis`.
 */
export async function awaitArchive(
  ports: ArchivePorts,
  { sources, arrivalMillis, maximumMillis }: ArchiveWait,
): Promise<void> {
  const giveUpMillis = ports.clock() + maximumMillis;
  for (const source of sources)
    while (!(await ports.archivedThrough(source, arrivalMillis))) {
      if (ports.clock() >= giveUpMillis)
        throw new TidemarkError(
          'verify.archiveBehind',
          `the event log of ${source.name} has not come to ${formatInstant(arrivalMillis)}, the instant of the answers, within ${maximumMillis / 1000} s; look at its archive-events function, or wait longer with --wait`,
          { kind: 'unavailable', details: { source: source.name, arrivalMillis, maximumMillis } },
        );
      ports.progress(`the event log of ${source.name}`);
      await wait(pollMillis);
    }
}
