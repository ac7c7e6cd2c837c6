import { finishPart } from '#engine/training-set/finish-part.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import type { Repository } from '#spec/transform.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';

/** Makes one file of a dataset out of a part's spine rows and joined features. */
export function createHandler(repository: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const { logger } = createTelemetry('finish-part', {
    project: repository.manifest.project,
    stage: environment.STAGE_NAME,
  });
  const ports = { repository, objects: new S3Objects(createS3Client(), environment.BUCKET_NAME) };
  return createStep({
    logger,
    eventSchema,
    // What a part has become lies in the bucket, where the last state counts it.
    work: async (step) => {
      const { counts } = await finishPart(ports, step);
      return { id: step.id, part: step.part, rows: counts.rows, transformErrors: counts.transformErrors };
    },
    facts: ({ id, part, rows, transformErrors }) => ({ trainingSet: id, part, rows, transformErrors }),
  });
}
