import {
  AthenaClient,
  GetQueryExecutionCommand,
  paginateGetQueryResults,
  type QueryExecutionState,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { hashOf } from '#spec/canonical-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type RetryPlan, withRetry } from '../retry.ts';
import type { QueryState, QueryStatus, SqlEngine } from '../sql-engine.ts';

/** Athena's limit on a statement's text. */
export const maxStatementBytes = 262_144;
/** Athena allows about 20 starts a second, so throttling of parallel chunks is ordinary. */
const retryPlan: RetryPlan = { attempts: 8, baseMillis: 200, capMillis: 8000 };

export const createAthenaClient = (): AthenaClient => new AthenaClient({ maxAttempts: 1 }); // withRetry has its own patience

export interface AthenaSqlEngineOptions {
  readonly client: AthenaClient;
  readonly workgroupName: string;
  readonly databaseName: string;
}

/** SQL through one Athena workgroup; the workgroup decides where results go and how many bytes a statement may read. */
export class AthenaSqlEngine implements SqlEngine {
  readonly #client: AthenaClient;
  readonly #workgroup: string;
  readonly #database: string;

  constructor(options: AthenaSqlEngineOptions) {
    this.#client = options.client;
    this.#workgroup = options.workgroupName;
    this.#database = options.databaseName;
  }

  async start(sql: string, token: string): Promise<string> {
    const bytes = Buffer.byteLength(sql);
    if (bytes > maxStatementBytes)
      throw new TidemarkError(
        'store.statementTooLong',
        `the SQL text takes ${bytes} bytes; Athena allows ${maxStatementBytes}; use fewer features or views at once`,
        { details: { bytes, allowed: maxStatementBytes } },
      );
    const command = new StartQueryExecutionCommand({
      QueryString: sql,
      // Athena wants 32..128 characters; it refuses a token that comes again with another statement.
      ClientRequestToken: hashOf(token),
      WorkGroup: this.#workgroup,
      QueryExecutionContext: { Database: this.#database },
    });
    const { QueryExecutionId } = await withRetry(retryPlan, () => this.#client.send(command));
    if (!QueryExecutionId) throw unreadable('Athena started a query but gave no id');
    return QueryExecutionId;
  }

  async status(queryId: string): Promise<QueryStatus> {
    const command = new GetQueryExecutionCommand({ QueryExecutionId: queryId });
    const { QueryExecution } = await withRetry(retryPlan, () => this.#client.send(command));
    const { Statistics: statistics, Status: status } = QueryExecution ?? {};
    if (!status?.State) throw unreadable(`Athena gave no state for query ${queryId}`);
    const reason = status.StateChangeReason ?? status.AthenaError?.ErrorMessage;
    return {
      state: queryStates[status.State],
      ...(reason === undefined ? {} : { reason }),
      bytesScanned: statistics?.DataScannedInBytes ?? 0,
      millis: statistics?.TotalExecutionTimeInMillis ?? 0,
      ...(statistics?.DataManifestLocation === undefined ? {} : { manifestUri: statistics.DataManifestLocation }),
    };
  }

  async stop(queryId: string): Promise<void> {
    const command = new StopQueryExecutionCommand({ QueryExecutionId: queryId });
    await withRetry(retryPlan, () => this.#client.send(command));
  }

  async *rows(queryId: string): AsyncIterable<readonly (string | null)[]> {
    let header = true; // the first row of the first page, and only there
    const pages = paginateGetQueryResults({ client: this.#client, pageSize: 1000 }, { QueryExecutionId: queryId });
    for await (const { ResultSet } of pages)
      for (const { Data = [] } of ResultSet?.Rows ?? []) {
        if (!header) yield Data.map((cell) => cell.VarCharValue ?? null);
        header = false;
      }
  }
}

const queryStates: Record<QueryExecutionState, QueryState> = {
  QUEUED: 'running',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
};

const unreadable = (message: string): TidemarkError =>
  new TidemarkError('store.athenaUnreadable', message, { kind: 'failed' });
