import { viewId } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { StageConfig } from '#spec/stage.ts';

/** Services of serving logs that the definitions do not have, each as a sentence: nothing of them would be logged, and nobody told. */
export const stageProblems = (
  stages: Readonly<Record<string, Pick<StageConfig, 'servingLog'>>>,
  { services }: Pick<Manifest, 'services'>,
): readonly string[] => {
  const known = [...new Set(services.flatMap((service) => [service.name, viewId(service)]))];
  return Object.entries(stages).flatMap(([stage, { servingLog }]) =>
    (servingLog?.services ?? [])
      .filter((name) => !known.includes(name))
      .map(
        (name) =>
          `stages.${stage}.servingLog.services has ${JSON.stringify(name)}; there are ${known.join(', ') || 'none'}`,
      ),
  );
};
