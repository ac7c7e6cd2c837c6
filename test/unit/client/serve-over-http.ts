import { serveApi } from '#test/unit/serve/serve-api.ts';
import { localServer } from './local-server.ts';

/** The serving handler behind HTTP, as API Gateway puts it there. */
export async function serveOverHttp() {
  const api = serveApi();
  const server = await localServer(async ({ method, path, headers, body }) => {
    const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const { statusCode, headers: answered, body: text } = await api.call(method, path, { headers: given, body });
    return { status: statusCode, headers: answered, body: text };
  });
  return { ...server, rows: api.rows };
}
