import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { order, pushApi, recordsOf, textOf } from '#test/unit/push/shop.ts';
import { push } from '../../../cli/commands/push.ts';
import { pushBatches } from '../../../cli/push/push-batches.ts';
import { type Batch, readBatches } from '../../../cli/push/read-batches.ts';

async function* linesOf(...lines: string[]): AsyncGenerator<string> {
  yield* lines;
}
async function batchesOf(...lines: string[]): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of readBatches(linesOf(...lines))) batches.push(batch);
  return batches;
}

describe('reading events line by line', () => {
  it('cuts batches at 500 events', async () => {
    const batches = await batchesOf(...Array.from({ length: 1001 }, (_, index) => `{"id":${index}}`));
    expect(batches.map(({ events }) => events.length)).toEqual([500, 500, 1]);
    expect(batches[2]?.events).toEqual([{ line: 1001, text: '{"id":1000}' }]);
  });

  it('cuts batches at 2 MiB of text', async () => {
    const event = JSON.stringify({ city: 'x'.repeat(1_000_000) });
    const batches = await batchesOf(event, event, event);
    expect(batches.map(({ events }) => events.length)).toEqual([2, 1]);
  });

  it('passes over empty lines and a byte order mark, and counts them', async () => {
    const [batch] = await batchesOf('\ufeff{"id":1}', '', '  ', '{"id":2}');
    expect(batch?.events).toEqual([
      { line: 1, text: '{"id":1}' },
      { line: 4, text: '{"id":2}' },
    ]);
  });

  it('refuses lines that are no event, by their number, and keeps their neighbours', async () => {
    const [batch] = await batchesOf('{"id":1}', '{"id":', '[1]', `{"city":"${'x'.repeat(1024 * 1024)}"}`, '{"id":2}');
    expect(batch?.events.map(({ line }) => line)).toEqual([1, 5]);
    expect(batch?.refused.map(({ line, code }) => [line, code])).toEqual([
      [2, 'push.notJson'],
      [3, 'push.notObject'],
      [4, 'push.eventTooLarge'],
    ]);
  });
});

describe('pushing batches', () => {
  const accepted = (count: number) => ({
    results: Array.from({ length: count }, () => ({ status: 'accepted' })),
    delivery: 'exactlyOnce',
  });
  const failed = { status: 'failed', error: { code: 'push.notTaken', message: 'later' } };

  it('tries again what the stream did not take, and only that', async () => {
    const bodies: string[] = [];
    const answers = [{ results: [{ status: 'accepted' }, failed], delivery: 'exactlyOnce' }, accepted(1)];
    const report = await pushBatches(readBatches(linesOf('{"id":1}', '{"id":2}')), {
      send: async (body) => {
        bodies.push(body);
        return answers.shift();
      },
      pausesMillis: [0],
    });
    expect(bodies).toEqual(['{"events":[{"id":1},{"id":2}]}', '{"events":[{"id":2}]}']);
    expect(report).toMatchObject({ accepted: 2, rejected: 0, failed: 0, problems: [] });
  });

  it('gives up after its tries, and says which lines', async () => {
    const report = await pushBatches(readBatches(linesOf('{"id":1}')), {
      send: async () => ({ results: [failed], delivery: 'atLeastOnce' }),
      pausesMillis: [0, 0],
    });
    expect(report).toMatchObject({ accepted: 0, failed: 1, problems: [{ line: 1, status: 'failed' }] });
  });

  it('says how far it came when the API stops answering', async () => {
    const lines = Array.from({ length: 501 }, (_, index) => `{"id":${index}}`);
    let calls = 0;
    const pushed = pushBatches(readBatches(linesOf(...lines)), {
      send: async () => {
        if (++calls > 1) throw new Error('connection reset');
        return accepted(500);
      },
    });
    await expect(pushed).rejects.toMatchObject({ code: 'cli.pushStopped', details: { line: 501, accepted: 500 } });
  });
});

describe('tidemark push', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-push-'));
  const target = join(folder, 'target.json');
  const api = pushApi();
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readText(request);
      const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
      const answer = await api.call(request.url ?? '', body, token);
      response.writeHead(answer.statusCode, answer.headers).end(answer.body);
    })();
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const names = ['bucket', 'workgroup', 'database', 'table', 'jobsTable', 'repository', 'stage', 'region'];
    const { port } = server.address() as AddressInfo; // it listens on TCP
    writeFileSync(
      target,
      JSON.stringify({
        ...Object.fromEntries(names.map((name) => [name, name])),
        materializeStateMachine: 'm',
        trainingSetStateMachine: 't',
        apiUrl: `http://127.0.0.1:${port}`,
        apiToken: 'right',
        streams: {},
      }),
    );
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  async function pushed(source: string, ...lines: string[]) {
    const file = join(folder, 'events.jsonl');
    writeFileSync(file, lines.join('\n'));
    const shown: { value?: unknown; text?: string } = {};
    const exitCode = await push.run({
      positionals: [source],
      options: { file, target },
      output: { isJson: false, data: (value, text) => Object.assign(shown, { value, text }), talk: () => undefined },
    });
    return { exitCode, ...shown };
  }

  it('pushes a file as it stands and says what an event that comes twice does', async () => {
    const event = JSON.stringify(order({ order_id: 'o-9' })).replace('"user_id":7', '"user_id":9223372036854775807');
    const { exitCode, text } = await pushed('orders', event);
    expect(exitCode).toBe(0);
    expect(text).toMatch(/^orders: 1 accepted in \d+\.\d s; each counts once, even if pushed again$/);
    expect((await recordsOf(api.stream)).map(textOf).join()).toContain('9223372036854775807');
  });

  it('ends with 8 and the numbers of the lines that were not accepted', async () => {
    const { exitCode, text, value } = await pushed('orders', 'no', JSON.stringify(order()), '{"itms":1}');
    expect(exitCode).toBe(8);
    expect(text).toMatch(/1 accepted, 2 rejected.*\nline 1: is not JSON.*\nline 3: field itms is not in source/s);
    expect(value).toMatchObject({ accepted: 1, rejected: 2, problems: [{ line: 1 }, { line: 3 }] });
  });

  it('ends with 2 when no line could be accepted', async () => {
    expect((await pushed('orders', 'no')).exitCode).toBe(2);
  });

  it('fails for a source, a file or arguments that are not there', async () => {
    const context = { output: { isJson: false, data: () => undefined, talk: () => undefined } };
    await expect(pushed('ordres', '{}')).rejects.toMatchObject({ code: 'spec.unknownName', kind: 'notFound' });
    await expect(
      push.run({ ...context, positionals: ['orders'], options: { file: folder, target } }),
    ).rejects.toMatchObject({ code: 'cli.noSuchFile' });
    await expect(push.run({ ...context, positionals: ['orders'], options: { target } })).rejects.toMatchObject({
      code: 'cli.badArguments',
    });
  });
});
