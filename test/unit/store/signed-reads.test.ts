import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { signedReads } from '#store/dynamodb/signed-reads.ts';

/** What the stand-in for DynamoDB answers next; its real behaviour is held by the contract suite. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const server = createServer((request, response) => request.resume().on('end', () => answer(request, response)));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());

const found = (text: string) => (_: IncomingMessage, response: ServerResponse) =>
  void response.end(JSON.stringify({ Item: { v: { S: text } } }));
const refused = (status: number, type: string) => (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(status).end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}` }));

let keyId = 'first';
/** The chain of credentials answers when this does. */
let chain: Promise<void> = Promise.resolve();
function newRows() {
  const { port } = server.address() as AddressInfo; // a TCP server's address
  const client = new DynamoDBClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: async () => {
      await chain;
      return {
        accessKeyId: keyId,
        secretAccessKey: 'secret',
        sessionToken: `session of ${keyId}`,
        expiration: new Date(Date.now() + 3_600_000),
      };
    },
  });
  return new DynamoOnlineRows({ client, tableName: 'rows', reads: signedReads(client), attemptMillis: 200 });
}
const read = async (rows = newRows(), withinMillis = 5000) =>
  (await rows.read([{ entityKey: 'a', viewId: 'b@1' }], { deadlineMillis: Date.now() + withinMillis }))[0];

it('asks the endpoint of the client, signed for its region, with the session token', async () => {
  const seen: IncomingMessage['headers'][] = [];
  answer = (request, response) => {
    seen.push(request.headers);
    found('value')(request, response);
  };
  expect(await read()).toEqual({ kind: 'found', packed: 'value' });
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({
    'x-amz-target': 'DynamoDB_20120810.GetItem',
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-security-token': 'session of first',
    authorization: expect.stringMatching(
      /^AWS4-HMAC-SHA256 Credential=first\/\d{8}\/eu-west-1\/dynamodb\/aws4_request, /,
    ),
  });
});

it('reads on with new credentials when the ones it has are refused, without a failed read', async () => {
  const rows = newRows();
  answer = found('before');
  expect(await read(rows)).toEqual({ kind: 'found', packed: 'before' });
  keyId = 'second';
  answer = (request, response) =>
    request.headers.authorization?.includes('Credential=second/')
      ? found('after')(request, response)
      : refused(400, 'ExpiredTokenException')(request, response);
  expect(await read(rows)).toEqual({ kind: 'found', packed: 'after' });
  answer = refused(400, 'ExpiredTokenException');
  expect(await read(rows)).toEqual({ kind: 'failed', reason: 'ExpiredTokenException' });
});

it('fails inside the deadline while new credentials do not come, and reads on once they do', async () => {
  keyId = 'old';
  const rows = newRows();
  let come: (() => void) | undefined;
  const first = chain;
  answer = found('before');
  expect(await read(rows)).toEqual({ kind: 'found', packed: 'before' });
  chain = new Promise((resolve) => {
    come = resolve;
  });
  answer = (request, response) =>
    request.headers.authorization?.includes('Credential=new/')
      ? found('after')(request, response)
      : refused(400, 'ExpiredTokenException')(request, response);
  expect(await read(rows, 300)).toMatchObject({ kind: 'failed' });
  keyId = 'new';
  come?.();
  chain = first;
  expect(await read(rows)).toEqual({ kind: 'found', packed: 'after' });
});

it.each([
  ['a refusal for load', refused(400, 'ProvisionedThroughputExceededException')],
  ['a fault of the service', refused(500, 'Whatever')],
  ['a page of a proxy', (_: IncomingMessage, response: ServerResponse) => void response.writeHead(503).end('<html>')],
  ['a broken connection', (_: IncomingMessage, response: ServerResponse) => void response.socket?.destroy()],
  [
    'half an answer',
    (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'content-length': 1000 }).write('{"Item"');
      setImmediate(() => response.socket?.destroy());
    },
  ],
  ['no answer in time', () => undefined],
])('reads again after %s', async (_, fault) => {
  let calls = 0;
  answer = (request, response) => (calls++ === 0 ? fault(request, response) : found('value')(request, response));
  expect(await read()).toEqual({ kind: 'found', packed: 'value' });
  expect(calls).toBe(2);
});

it('does not read again after a fault that stays, and names it', async () => {
  let calls = 0;
  answer = (request, response) => {
    calls++;
    refused(400, 'ResourceNotFoundException')(request, response);
  };
  expect(await read()).toEqual({ kind: 'failed', reason: 'ResourceNotFoundException' });
  expect(calls).toBe(1);
});

it('gives up at the deadline while nothing answers', async () => {
  answer = () => undefined;
  const startedAt = performance.now();
  expect(await read(newRows(), 300)).toMatchObject({ kind: 'failed' });
  expect(performance.now() - startedAt).toBeLessThan(3000);
});

it('puts characters together that come in two pieces', async () => {
  const text = Buffer.from(JSON.stringify({ Item: { v: { S: 'é😀' } } }));
  const cut = text.indexOf(0x98); // inside the four bytes of the second character
  answer = (_, response) => {
    response.write(text.subarray(0, cut));
    setTimeout(() => response.end(text.subarray(cut)), 20);
  };
  expect(await read()).toEqual({ kind: 'found', packed: 'é😀' });
});
