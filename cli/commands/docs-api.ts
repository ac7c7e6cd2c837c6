import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { openApiDocument } from '#lambdas/serve-features/open-api.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type Command, stringOption } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { apiHtml } from '../report/api-html.ts';
import { chosenRepository, loadManifest } from '../repository.ts';

export const docsApi: Command = {
  name: 'docs api',
  summary: 'write the HTTP API of the definitions as a page that needs nothing else',
  usage: [
    'tidemark docs api --out FILE [--repository DIR]',
    '',
    '--out FILE   an HTML page of what GET /v1/openapi.json says to an administrator, with an example for each service',
    '--json       the document itself',
  ],
  options: { out: { type: 'string' }, repository: { type: 'string' } },
  run: async ({ options, output }) => {
    const file = stringOption(options, 'out');
    if (file === undefined) throw new TidemarkError('cli.badArguments', 'say where to write, as in --out api.html');
    const document = openApiDocument(await loadManifest(chosenRepository(options)));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, apiHtml(document));
    output.data(document, `${file} written`);
    return exitCodes.ok;
  },
};
