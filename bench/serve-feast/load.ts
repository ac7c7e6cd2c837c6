import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
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

export interface LoadPace {
  readonly connections: number;
  readonly seconds: number;
  /** Requests of all connections together; slower where they are not answered in time. @default - as fast as they are answered */
  readonly perSecond?: number;
}

/** Sends a call over so many kept connections, each waiting for its answer, for so long. */
export async function load(
  server: ServerProcess,
  call: LoadCall,
  { connections, seconds, perSecond = Number.POSITIVE_INFINITY }: LoadPace,
): Promise<LoadFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const millis: number[] = [];
  let errors = 0;
  const startedAt = performance.now();
  const cpuBefore = server.cpuMillis();
  const endsAt = startedAt + seconds * 1000;
  const gapMillis = (connections * 1000) / perSecond;
  const client = async (_: unknown, index: number): Promise<void> => {
    for (let dueAt = startedAt + (gapMillis * index) / connections; performance.now() < endsAt; dueAt += gapMillis) {
      const earlyMillis = dueAt - performance.now();
      if (earlyMillis > 1) await sleep(earlyMillis);
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
