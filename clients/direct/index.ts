import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { loadRepository } from '#define/node/load-repository.ts';
import { handlerFetch } from '#lambdas/http/handler-fetch.ts';
import { createHandler } from '#lambdas/serve-features/handler.ts';

export interface DirectOptions {
  /** Folder of the definitions, the same that are deployed. */
  readonly repository: string;
  readonly stage: string;
  /** Output `OnlineTableName` of the deployment. */
  readonly onlineTable: string;
  /** Output `JobsTableName`. */
  readonly jobsTable: string;
}

/** What `createClient` takes. */
export interface DirectConnection {
  readonly url: string;
  readonly token: string;
  readonly fetch: typeof globalThis.fetch;
}

/**
 * The serving function's own code in this process, for `createClient`: between the model and the table is one request to DynamoDB, with the same
 * values, statuses and checks as over the API. Region and credentials come from the environment, as AWS's SDK finds them; the role needs to
 * read the online table. The connection's token is made here and goes nowhere: whoever has the process may read all that the role may. Reads only:
 * pushes and training sets answer 404 `http.unknownRoute`. Throws what loading the repository throws.
 */
export async function openDirect(options: DirectOptions): Promise<DirectConnection> {
  const { repository } = await loadRepository(resolve(options.repository));
  const token = randomBytes(32).toString('base64url');
  const handler = createHandler(repository, {
    secrets: { get: async () => token },
    environment: {
      ONLINE_TABLE_NAME: options.onlineTable,
      JOBS_TABLE_NAME: options.jobsTable,
      API_TOKEN_SECRET_ARN: 'none: the token is made in this process',
      STAGE_NAME: options.stage,
    },
  });
  return { url: 'http://direct.invalid', token, fetch: handlerFetch(handler) };
}
