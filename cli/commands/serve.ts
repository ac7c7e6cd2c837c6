import type * as z from 'zod/mini';
import { loadRepository } from '#define/node/load-repository.ts';
import { startHttpServer } from '#lambdas/http/http-server.ts';
import type { environmentSchema } from '#lambdas/serve-features/environment.ts';
import { createHandler } from '#lambdas/serve-features/handler.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type Command, stringOption } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { repositoryFolder } from '../repository.ts';
import { readTarget, type Target, useTarget } from '../target.ts';

const defaults = { host: '127.0.0.1', port: '8080' } as const;

export const serve: Command = {
  name: 'serve',
  summary: "serve a deployment's features from this process, for containers and local work",
  usage: [
    'tidemark serve [--port 8080] [--host 127.0.0.1] [--repository DIR]',
    '',
    "answers the deployment's serving routes out of its online table, as its own API does, until SIGTERM or SIGINT",
    '--host        address to listen on; 0.0.0.0 for all (default 127.0.0.1: this machine only)',
    '--port        0 for a free one (default 8080)',
    '--repository  definitions, the same that are deployed (default: those that were deployed from this checkout)',
  ],
  options: { port: { type: 'string' }, host: { type: 'string' }, repository: { type: 'string' } },
  run: async ({ options, output }) => {
    const target = readTarget(stringOption(options, 'target'));
    const port = portOf(stringOption(options, 'port') ?? defaults.port);
    const host = stringOption(options, 'host') ?? defaults.host;
    const given = stringOption(options, 'repository');
    const { repository } = await loadRepository(repositoryFolder(given, target));
    useTarget(target);
    const handler = createHandler(repository, {
      environment: environmentOf(target),
      secrets: { get: async () => target.apiToken },
    });
    const server = await startHttpServer(handler, { host, port });
    output.talk(
      `serving ${repository.manifest.project} (${target.stage}) at http://${host}:${server.port}; stop with Ctrl-C`,
    );
    await stopSignal();
    output.talk('stopping: requests that are being answered are let end');
    await server.stop();
    return exitCodes.ok;
  },
};

/** What the serving function is told by its environment. The token comes from the target, so the secret is never asked for. */
const environmentOf = (target: Target): z.infer<typeof environmentSchema> => ({
  ONLINE_TABLE_NAME: target.table,
  JOBS_TABLE_NAME: target.jobsTable,
  API_TOKEN_SECRET_ARN: 'target',
  STAGE_NAME: target.stage,
  SERVING_LOG_RULE: process.env.SERVING_LOG_RULE,
  SERVING_LOG_STREAM: process.env.SERVING_LOG_STREAM,
});

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new TidemarkError(
    'cli.badArguments',
    `--port must be a whole number from 0 to 65535, got ${JSON.stringify(text)}`,
  );
}

const stopSignal = (): Promise<void> =>
  new Promise((done) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => done());
  });
