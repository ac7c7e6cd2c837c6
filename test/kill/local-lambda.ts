import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Lambda's REST API on the local cloud, spoken directly: nothing else here needs its client. */
export class LocalLambda {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.#endpoint}${path}`, {
      method,
      headers: {
        // The local cloud checks no signature, but reads account and service from the credential.
        authorization:
          'AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Mappings of a stream, as they are. */
  async mappingsOf(streamArn: string): Promise<readonly Mapping[]> {
    const { EventSourceMappings: mappings } = (await this.#call(
      'GET',
      `/2015-03-31/event-source-mappings/?EventSourceArn=${encodeURIComponent(streamArn)}`,
    )) as { EventSourceMappings: Mapping[] }; // the API's documented shape
    return mappings;
  }

  /** Deletes a mapping and makes it anew, from the oldest record: the poller learns of new shards, and delivers everything again. */
  async recreate(mapping: Mapping): Promise<void> {
    await this.#call('DELETE', `/2015-03-31/event-source-mappings/${mapping.UUID}`);
    const { UUID, EventSourceArn, BatchSize, MaximumBatchingWindowInSeconds = 0 } = mapping;
    while ((await this.mappingsOf(EventSourceArn)).some((one) => one.UUID === UUID)) await wait(100);
    await this.#call('POST', '/2015-03-31/event-source-mappings/', {
      EventSourceArn,
      FunctionName: functionName(mapping),
      BatchSize,
      StartingPosition: 'TRIM_HORIZON',
      MaximumBatchingWindowInSeconds,
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: -1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  }

  /** Name of the one function whose name holds `part` and whose environment has these members. */
  async nameOf(part: string, environment: Readonly<Record<string, string>>): Promise<string> {
    const found: string[] = [];
    for (let marker = ''; ; ) {
      const page = (await this.#call('GET', `/2015-03-31/functions/?Marker=${encodeURIComponent(marker)}`)) as {
        Functions: { FunctionName: string; Environment?: { Variables?: Record<string, string> } }[];
        NextMarker?: string;
      }; // the API's documented shape
      for (const { FunctionName: name, Environment: own } of page.Functions)
        if (name.includes(part) && Object.entries(environment).every(([key, value]) => own?.Variables?.[key] === value))
          found.push(name);
      marker = page.NextMarker ?? '';
      if (marker === '') break;
    }
    const [name] = found;
    if (name === undefined || found.length > 1) throw new Error(`${found.length} functions are named ...${part}...`);
    return name;
  }

  /** The function's answer. A crash of its process is an answer too. */
  invoke(name: string, event: unknown): Promise<unknown> {
    return this.#call('POST', `/2015-03-31/functions/${name}/invocations`, event);
  }

  /** Refuses every invocation until `release`. */
  async throttle(name: string): Promise<void> {
    await this.#call('PUT', `/2017-10-31/functions/${name}/concurrency`, { ReservedConcurrentExecutions: 0 });
  }

  async release(name: string): Promise<void> {
    await this.#call('DELETE', `/2017-10-31/functions/${name}/concurrency`);
  }
}

export interface Mapping {
  readonly UUID: string;
  readonly State: string;
  readonly EventSourceArn: string;
  readonly FunctionArn: string;
  readonly BatchSize: number;
  readonly MaximumBatchingWindowInSeconds?: number;
}

export const functionName = ({ FunctionArn: arn }: Pick<Mapping, 'FunctionArn'>): string => arn.split(':').at(6) ?? '';

/** Kills the processes that run a function now, each by its own id, as the machine under a Lambda may go away. Returns how many. */
export function killProcessesOf(name: string): number {
  let killed = 0;
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    if (!environmentOf(pid).includes(`AWS_LAMBDA_FUNCTION_NAME=${name}`)) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
      killed++;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error; // it ended by itself
    }
  }
  return killed;
}

function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // it ended, or is another user's
  }
}
