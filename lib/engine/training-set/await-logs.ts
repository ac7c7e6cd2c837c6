import type { FeaturePlan } from '#engine/feature-plan.ts';
import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findRowSource } from '#spec/find.ts';
import type { Manifest, StreamSource } from '#spec/manifest.ts';
import type { TrainingSetPorts } from './ports.ts';
import type { StagingPlan } from './work-files.ts';

/** A log is behind by its batching window and a few seconds; one that is behind for so long is stuck, and its alarm has been raised. */
const patienceMillis = 15 * 60_000;

/** Stream sources that a plan's views read, each once. */
export const streamsOf = (manifest: Manifest, plan: FeaturePlan): StreamSource[] => [
  ...new Set(
    plan.reads.flatMap(({ view }) => {
      const source = findRowSource(manifest, view.source);
      return source.kind === 'stream' ? [source] : [];
    }),
  ),
];

/**
 * Whether the event logs hold all that had arrived by the one instant of an export; true where rows have times of their own. Throws
 * trainingSet.archiveBehind (kind unavailable) when the build has waited for a quarter of an hour.
 */
export async function logsHold(
  {
    repository: { manifest },
    archivedThrough,
    clock,
  }: Pick<TrainingSetPorts, 'repository' | 'archivedThrough' | 'clock'>,
  plan: FeaturePlan,
  { asOfMillis, createdAtMillis }: Pick<StagingPlan, 'asOfMillis' | 'createdAtMillis'>,
): Promise<boolean> {
  if (asOfMillis === undefined) return true;
  for (const source of streamsOf(manifest, plan)) {
    if (await archivedThrough(source, asOfMillis)) continue;
    if (clock() <= createdAtMillis + patienceMillis) return false;
    throw new TidemarkError(
      'trainingSet.archiveBehind',
      `the event log of ${source.name} has not come to ${formatInstant(asOfMillis)}, the instant of the rows, within ${patienceMillis / 60_000} minutes; look at its archive-events function, then ask again`,
      { kind: 'unavailable', details: { source: source.name, asOfMillis } },
    );
  }
  return true;
}
