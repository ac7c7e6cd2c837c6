import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import type { Secrets } from '#store/secrets.ts';
import { secretsManagerSecrets } from '#store/secrets-manager/secrets.ts';
import { createIdentify, type Identify } from './identify.ts';
import { createTokenCheck } from './token-check.ts';

/** What a function that answers requests has in its environment to tell callers by. */
interface IdentifyEnvironment {
  readonly API_TOKEN_SECRET_ARN: string;
  readonly JOBS_TABLE_NAME: string;
  readonly STAGE_NAME: string;
}

/**
 * Tells the callers of a deployment: its own token out of Secrets Manager (or whatever `secrets` are given), API tokens out of the jobs
 * table, the access out of the bundle.
 */
export function deployedIdentify(
  { access }: Repository,
  environment: IdentifyEnvironment,
  secrets: Secrets = secretsManagerSecrets(new SecretsManagerClient({})),
): Identify {
  return createIdentify({
    access,
    checkToken: createTokenCheck({ secrets, secretId: environment.API_TOKEN_SECRET_ARN, clock: systemClock }),
    records: new DynamoRecords(createDynamoClient(), environment.JOBS_TABLE_NAME),
    clock: systemClock,
    stage: environment.STAGE_NAME,
  });
}

/** Begins to read the deployment's token while the function starts; a failure is the first request's to report. */
export const warmIdentify = (identify: Identify): void =>
  void identify({ httpMethod: 'GET', path: '/', headers: { authorization: 'Bearer warm-up' } }).catch(() => undefined);
