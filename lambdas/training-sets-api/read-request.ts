import type { Grants } from '#engine/access/grants.ts';
import { planTraining } from '#engine/access/reach-features.ts';
import { fixedInstant } from '#engine/training-set/fixed-instant.ts';
import { readSplit } from '#engine/training-set/read-split.ts';
import { parseTrainingSetRequest, selectionOf, type TrainingSetRequest } from '#engine/training-set/request.ts';
import { checkPlacement } from '#engine/training-set/row-placement.ts';
import { fieldErrorsOf, invalidRequest } from '#lambdas/http/field-errors.ts';
import { checkBody, jsonBody } from '#lambdas/http/json-body.ts';
import { parseDuration } from '#semantics/duration.ts';
import { parseInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { Clock } from '#store/clock.ts';
import { trainingSetBodySchema } from './event.ts';

const code = 'trainingSet.invalidRequest';

export interface RequestContext {
  readonly manifest: Manifest;
  /** `s3://bucket/` of the deployment. */
  readonly bucketUri: string;
  readonly clock: Clock;
  /** Id where the body names none; `ex` for exports. */
  readonly newId: (prefix: 'ts' | 'ex') => string;
  /** Of who asks. */
  readonly grants: Grants;
}

/**
 * Top folders that a spine may lie in; the others hold what Tidemark itself writes. A spine's columns are handed out as they are, so other
 * people's datasets need the right to train on every view, and sources, with columns of no view, an administrator.
 */
const spineFolders = ({ isAdmin, train }: Grants): readonly string[] => [
  'training-sets/',
  ...(train.views.isAll ? ['datasets/'] : []),
  ...(isAdmin ? ['sources/'] : []),
];

/**
 * Reads and checks a body; throws trainingSet.invalidRequest with JSON pointers, http.badJson, and for unknown names what planTraining
 * throws, so that most mistakes are told at once and not by a failed build.
 */
export function readRequest(body: string, context: RequestContext): TrainingSetRequest {
  const parsed = checkBody(trainingSetBodySchema, jsonBody(body));
  if (!parsed.success)
    throw invalidRequest(code, fieldErrorsOf(parsed.error.issues, Object.keys(trainingSetBodySchema.shape)));
  const { lag, spine, id, asOf, split, ...rest } = parsed.data;
  const request = parseTrainingSetRequest({
    ...rest,
    id: id ?? context.newId(asOf === undefined ? 'ts' : 'ex'),
    ...(asOf === undefined ? {} : { asOf: fixedInstant(asOf === 'now' ? asOf : parseInstant(asOf), context.clock()) }),
    ...(split === undefined ? {} : { split: writtenAt('/split', () => readSplit(split)) }),
    spine: spineKey(spine, context),
    ...(lag === undefined ? {} : { lagMillis: typeof lag === 'number' ? lag : parseDuration(lag) }),
  });
  const { entities } = planTraining(context.manifest, selectionOf(request), context.grants);
  checkPlacement({ ...request, entities });
  return request;
}

/** What a member says; its fault is told at its pointer. */
function writtenAt<T>(pointer: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TidemarkError) throw invalidRequest(code, [{ pointer, message: error.message }]);
    throw error;
  }
}

function spineKey(spine: string, { bucketUri, grants }: RequestContext): string {
  const folders = spineFolders(grants);
  if (spine.startsWith('s3://') && !spine.startsWith(bucketUri))
    throw invalidRequest(code, [
      { pointer: '/spine', message: `must lie in the deployment's bucket ${bucketUri}; copy it there` },
    ]);
  const key = spine.startsWith(bucketUri) ? spine.slice(bucketUri.length) : spine;
  if (folders.some((folder) => key.startsWith(folder))) return key;
  throw invalidRequest(code, [
    {
      pointer: '/spine',
      message: `must lie under ${folders.join(', ')} of the bucket; copy it to training-sets/`,
    },
  ]);
}

/** Thrown for an id that an earlier request has taken. */
export const idTaken = (id: string): TidemarkError =>
  new TidemarkError('trainingSet.idTaken', `training set ${id} exists already; choose another id or leave it out`, {
    kind: 'conflict',
  });
