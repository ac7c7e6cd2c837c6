import type { DynamoReads } from '#store/dynamodb/reads.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';

/**
 * `stopped`: connections are refused. `silent`: nothing answers. `deaf`: nothing answers, and not even being told to stop is heard, as where
 * credentials are fetched. `slow`: answers take 400 ms. `throttling`: refused for load. `half`: keys of a batch that end in an even
 * number are left unprocessed.
 * `expired`: the credentials are refused, and there are no newer ones.
 */
export const tableFaults = ['stopped', 'silent', 'deaf', 'slow', 'throttling', 'half', 'expired'] as const;
export type TableFault = (typeof tableFaults)[number];

type Item = Record<string, { S: string }>;

/** Calls of DynamoDB over rows in memory, which go wrong as long as `fault` says so. Its time is that of the global timers. */
export class FaultyTable implements DynamoReads {
  readonly rows = new MemoryOnlineRows();
  fault: TableFault | undefined;
  calls = 0;

  async getItem({ Key }: Parameters<DynamoReads['getItem']>[0], signal: AbortSignal) {
    await this.#suffer(signal);
    const item = await this.#itemOf(Key as Item);
    return item ? { Item: item } : {};
  }

  async batchGetItem({ RequestItems }: Parameters<DynamoReads['batchGetItem']>[0], signal: AbortSignal) {
    await this.#suffer(signal);
    const [[table, { Keys = [] }] = ['', {}]] = Object.entries(RequestItems ?? {});
    const all = Keys as Item[]; // the online table has keys of texts only
    const isLeft = (key: Item): boolean => this.fault === 'half' && /[02468]\|$/.test(key.pk?.S ?? '');
    const items = await Promise.all(all.filter((key) => !isLeft(key)).map((key) => this.#itemOf(key)));
    return {
      Responses: { [table]: items.filter((item) => item !== undefined) },
      UnprocessedKeys: { [table]: { Keys: all.filter(isLeft) } },
    };
  }

  async query(): Promise<never> {
    throw new Error('these tests read by keys');
  }

  async #itemOf(key: Item): Promise<Item | undefined> {
    const address = { entityKey: key.pk?.S ?? '', viewId: key.sk?.S ?? '' };
    const [outcome] = await this.rows.read([address], { deadlineMillis: 0 });
    return outcome?.kind === 'found' ? { ...key, v: { S: outcome.packed } } : undefined;
  }

  async #suffer(signal: AbortSignal): Promise<void> {
    this.calls++;
    if (this.fault === 'stopped') throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    if (this.fault === 'throttling') throw named('ProvisionedThroughputExceededException');
    if (this.fault === 'expired') throw named('ExpiredTokenException');
    if (this.fault === 'deaf') await new Promise(() => undefined);
    if (this.fault === 'silent') await aborted(signal);
    if (this.fault === 'slow') await Promise.race([aborted(signal), new Promise((done) => setTimeout(done, 400))]);
  }
}

const named = (name: string): Error => Object.assign(new Error(name), { name });

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(named('AbortError'))));
