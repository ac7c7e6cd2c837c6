import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
export interface Answered {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** An HTTP server on this machine for one test; `undefined` as an answer cuts the connection. Knows what it was asked, and by how many connections. */
export async function localServer(answer: (asked: Asked, count: number) => Promise<Answered | undefined>) {
  const asked: Asked[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
      const [last] = asked.slice(-1);
      const result = last && (await answer(last, asked.length));
      if (!result) {
        request.socket.destroy();
        return;
      }
      response.writeHead(result.status ?? 200, { 'content-type': 'application/json', ...result.headers });
      response.end(result.body);
    });
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // it listens
  return { url: `http://127.0.0.1:${port}`, asked, connections: () => connections };
}
