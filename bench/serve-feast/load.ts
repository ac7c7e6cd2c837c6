import { Agent, request } from 'node:http';
import { percentile } from '../bench.ts';
import type { ServerProcess } from './server-process.ts';

/** One request, sent again and again. */
export interface LoadCall {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LoadFigures {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
  /** Of the server, for one request. */
  readonly cpuMillis: number;
  /** Answers other than 200, and requests without an answer. */
  readonly errors: number;
}

/** Sends a call over so many kept connections, each as fast as it is answered, for so long. */
export async function load(
  server: ServerProcess,
  call: LoadCall,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<LoadFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const millis: number[] = [];
  let errors = 0;
  const startedAt = performance.now();
  const cpuBefore = server.cpuMillis();
  const endsAt = startedAt + seconds * 1000;
  const client = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      const sentAt = performance.now();
      const status = await send(server.url, call, agent).catch(() => 0);
      millis.push(performance.now() - sentAt);
      if (status !== 200) errors++;
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  agent.destroy();
  return {
    requests: millis.length,
    perSecond: millis.length / elapsedSeconds,
    p50Millis: percentile(millis, 0.5),
    p99Millis: percentile(millis, 0.99),
    cpuMillis: (server.cpuMillis() - cpuBefore) / millis.length,
    errors,
  };
}

const send = (url: string, { path, body, headers }: LoadCall, agent: Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(url + path, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    sent.on('error', reject).end(body);
  });
