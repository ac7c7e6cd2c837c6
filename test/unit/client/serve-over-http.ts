import type { Repository } from '#spec/transform.ts';
import { serveApi } from '#test/unit/serve/serve-api.ts';
import { localServer } from './local-server.ts';

/** The serving handler behind HTTP, as API Gateway puts it there. @default - of the shop */
export async function serveOverHttp(repository?: Repository) {
  const api = serveApi(repository);
  const server = await localServer(async ({ method, path, headers, body }) => {
    const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const result = await api.call(method, path, { headers: { ...given, Accept: given.accept ?? '*/*' }, body });
    const bytes = Buffer.from(result.body, result.isBase64Encoded === true ? 'base64' : 'utf8');
    return { status: result.statusCode, headers: result.headers, body: bytes };
  });
  return { ...server, rows: api.rows };
}
