import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { TidemarkError } from '#spec/errors.ts';
import { deployedTypes } from '../codegen/deployed-types.ts';
import { pythonCode } from '../codegen/python-code.ts';
import { typescriptCode } from '../codegen/typescript-code.ts';
import { type Command, stringOption } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { chosenRepository, loadManifest } from '../repository.ts';

const writers = { typescript: typescriptCode, python: pythonCode };
const isLanguage = (text: string): text is keyof typeof writers => Object.hasOwn(writers, text);

export const codegen: Command = {
  name: 'codegen',
  summary: 'write the types of services, features and entities for repositories that only use them',
  usage: [
    'tidemark codegen --out FILE [--lang typescript|python] [--check] [--repository DIR]',
    '',
    '--out FILE   one file that needs nothing else; equal definitions give equal bytes',
    '--lang       typescript (the default): for createClient<Deployment>; python: TypedDicts',
    '--check      write nothing; exit 3 where the file is missing or stale',
  ],
  options: {
    out: { type: 'string' },
    lang: { type: 'string' },
    check: { type: 'boolean' },
    repository: { type: 'string' },
  },
  run: async ({ options, output }) => {
    const file = stringOption(options, 'out');
    if (file === undefined) throw new TidemarkError('cli.badArguments', 'say where to write, as in --out features.ts');
    const language = stringOption(options, 'lang') ?? 'typescript';
    if (!isLanguage(language))
      throw new TidemarkError(
        'cli.badArguments',
        `--lang must be one of ${Object.keys(writers).join(', ')}, got ${JSON.stringify(language)}`,
      );
    const types = deployedTypes(await loadManifest(chosenRepository(options)));
    const text = writers[language](types);
    const isStale = !existsSync(file) || readFileSync(file, 'utf8') !== text;
    const result = { file, language, isStale, services: types.services.map(({ id }) => id) };
    if (options.check === true) {
      output.data(result, isStale ? `${file} is stale: write it anew without --check` : `${file} is up to date`);
      return isStale ? exitCodes.changesPresent : exitCodes.ok;
    }
    mkdirSync(dirname(file), { recursive: true });
    if (isStale) writeFileSync(file, text);
    output.data(result, isStale ? `${file} written` : `${file} is up to date`);
    return exitCodes.ok;
  },
};
