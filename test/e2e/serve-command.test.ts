import { once } from 'node:events';
import { beforeAll, expect, it } from 'vitest';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { httpCall } from '../support/http-call.ts';
import { runCli, startCli } from '../support/run-cli.ts';

let flights: DeployedFlights;
beforeAll(async () => {
  flights = await deployedFlights();
});

/** The first match in what a process says. Rejects with all that it said when it ends without. */
const said = (stream: NodeJS.ReadableStream, wanted: RegExp): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const [, found] = wanted.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    stream.on('end', () => reject(new Error(text)));
  });

it('tidemark serve answers as the deployed API does, and ends well on SIGTERM', async () => {
  const server = startCli(['serve', '--port', '0', '--target', flights.targetName]);
  server.stdout.resume();
  const ended = once(server, 'exit');
  try {
    const apiUrl = await said(server.stderr, /at (http:\S+);/);
    const body = {
      service: 'delay_model',
      entities: [
        { carrier: 'UA', origin: 'EWR', tailnum: 'N14228' },
        { carrier: 'ZZ', origin: 'JFK', tailnum: 'none' },
      ],
      request: [{ distance: 1400 }],
      metadata: ['status', 'eventTime'],
    };
    const [deployed, served] = await Promise.all(
      [flights.target, { ...flights.target, apiUrl }].map((target) =>
        httpCall(target, '/v1/online-features', { body: { ...body, consistency: 'strong' } }),
      ),
    );
    expect(served?.status, served?.text).toBe(200);
    expect(served?.text).toContain('"PRESENT"');
    const withoutMeta = (json: unknown) => ({ ...(json as object), meta: undefined }); // the API's documented shape
    expect(withoutMeta(served?.json)).toEqual(withoutMeta(deployed?.json));
    const stranger = await httpCall({ ...flights.target, apiUrl }, '/v1/feature-views', { authorization: 'Bearer no' });
    expect(stranger.status).toBe(401);
    const health = await httpCall({ ...flights.target, apiUrl }, '/v1/health?deep', { authorization: null });
    expect(health.json).toMatchObject({ status: 'ok', store: 'ok', definitionHash: flights.manifest.hash });
  } finally {
    server.kill('SIGTERM');
  }
  expect(await ended).toEqual([0, null]);
});

it('tidemark serve refuses a port that is none', async () => {
  const { exitCode, stderr } = await runCli(['serve', '--port', '99999', '--target', flights.targetName]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--port must be a whole number from 0 to 65535, got "99999"');
});
