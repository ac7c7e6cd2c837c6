import { expect, it } from 'vitest';
import { sequenceText } from '#semantics/stream/sequence.ts';
import type { EventStream, NewRecord, PutOutcome, StreamRecord } from '#store/event-stream.ts';

export interface StreamUnderTest {
  readonly stream: EventStream;
  /** Closes all open shards in favour of new ones. */
  readonly reshard: () => Promise<void>;
}

const recordOf = (key: string, text: string): NewRecord => ({ partitionKey: key, data: Buffer.from(text) });
const textOf = ({ data }: StreamRecord): string => Buffer.from(data).toString();

/** All records of a shard after a position, page by page. */
export async function readShard(stream: EventStream, shard: string, after?: string): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  for (let position = after; ; position = records.at(-1)?.sequence ?? position) {
    const page = await stream.read(shard, position);
    records.push(...page.records);
    if (page.isAtEnd) return records;
    expect(page.records.length, 'a page before the end holds records').toBeGreaterThan(0);
  }
}

async function readAll(stream: EventStream): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  for (const shard of await stream.shards()) records.push(...(await readShard(stream, shard)));
  return records;
}

const placeOf = (outcome: PutOutcome | undefined): string =>
  outcome?.kind === 'put' ? `${outcome.shard} ${outcome.sequence}` : `failed ${outcome?.reason}`;

/** What every stream does. `create` gives an empty stream of two shards. */
export function eventStreamContract(create: () => Promise<StreamUnderTest>): void {
  it('has shards and no records at first', async () => {
    const { stream } = await create();
    const shards = await stream.shards();
    expect(shards).toHaveLength(2);
    for (const shard of shards) expect(await stream.read(shard)).toEqual({ records: [], isAtEnd: true });
    expect(await stream.put([])).toEqual([]);
  });

  it('gives back what was put, where its outcome says, in the order of each key', async () => {
    const { stream } = await create();
    const startedMillis = Date.now();
    const records = Array.from({ length: 40 }, (_, index) => recordOf(`driver ${index % 8}`, `event ${index}`));
    const outcomes = [...(await stream.put(records.slice(0, 25))), ...(await stream.put(records.slice(25)))];
    const found = await readAll(stream);
    expect(new Map(found.map((record) => [textOf(record), `${record.shard} ${record.sequence}`]))).toEqual(
      new Map(outcomes.map((outcome, index) => [`event ${index}`, placeOf(outcome)])),
    );
    expect(new Set(found.map(({ shard }) => shard)).size).toBe(2);
    for (let driver = 0; driver < 8; driver++) {
      const ofDriver = found.map((record) => Number(textOf(record).slice(6))).filter((index) => index % 8 === driver);
      expect(ofDriver).toEqual([0, 1, 2, 3, 4].map((round) => round * 8 + driver));
    }
    for (const { sequence, arrivalMillis } of found) {
      expect(sequence).toMatch(/^\d{56}$/);
      expect(Math.abs(arrivalMillis - startedMillis)).toBeLessThan(60_000);
    }
  });

  it('reads on after a position, also after the last one', async () => {
    const { stream } = await create();
    await stream.put(Array.from({ length: 12 }, (_, index) => recordOf(`driver ${index}`, `event ${index}`)));
    for (const shard of await stream.shards()) {
      const records = await readShard(stream, shard);
      for (const [index, { sequence }] of records.entries())
        expect(await readShard(stream, shard, sequence)).toEqual(records.slice(index + 1));
      const last = records.at(-1)?.sequence;
      if (last !== undefined) expect(await stream.read(shard, last)).toEqual({ records: [], isAtEnd: true });
    }
  });

  it('reads all that it keeps after a position that is older than that', async () => {
    const { stream } = await create();
    await stream.put(Array.from({ length: 12 }, (_, index) => recordOf(`driver ${index}`, `event ${index}`)));
    for (const shard of await stream.shards())
      expect(await readShard(stream, shard, sequenceText(0n))).toEqual(await readShard(stream, shard));
  });

  it('takes more records and bytes than one request of the stream does', async () => {
    const { stream } = await create();
    const many = Array.from({ length: 1_203 }, (_, index) => recordOf(`driver ${index % 50}`, `event ${index}`));
    const large = Array.from({ length: 7 }, (_, index) =>
      recordOf(`driver ${index}`, `large ${index} `.padEnd(900_000, 'x')),
    );
    const outcomes = await stream.put([...many, ...large]);
    expect(outcomes.filter(({ kind }) => kind === 'put')).toHaveLength(1_210);
    const found = await readAll(stream);
    expect(new Set(found.map(({ shard, sequence }) => `${shard} ${sequence}`)).size).toBe(1_210);
    expect(found.map((record) => textOf(record).slice(0, 10).trim()).sort()).toEqual(
      [...many, ...large].map(({ data }) => Buffer.from(data).toString().slice(0, 10).trim()).sort(),
    );
  });

  it('keeps any bytes', async () => {
    const { stream } = await create();
    const data = Uint8Array.from({ length: 256 }, (_, index) => index);
    await stream.put([{ partitionKey: 'é😀', data }]);
    expect((await readAll(stream)).map((record) => [...record.data])).toEqual([[...data]]);
  });

  it('still reads closed shards, and puts into the new ones', async () => {
    const { stream, reshard } = await create();
    const before = await stream.shards();
    await stream.put(Array.from({ length: 10 }, (_, index) => recordOf(`driver ${index}`, `old ${index}`)));
    await reshard();
    const after = await stream.shards();
    expect(after).toEqual(expect.arrayContaining([...before]));
    expect(after.length).toBeGreaterThan(before.length);
    const outcomes = await stream.put(
      Array.from({ length: 10 }, (_, index) => recordOf(`driver ${index}`, `new ${index}`)),
    );
    for (const outcome of outcomes) expect(outcome.kind === 'put' && before.includes(outcome.shard)).toBe(false);
    expect((await readAll(stream)).length).toBe(20);
  });
}
