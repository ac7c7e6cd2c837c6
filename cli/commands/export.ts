import { fixedInstant } from '#engine/training-set/fixed-instant.ts';
import { parseInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type Command, type OptionValues, stringOption } from '../command.ts';
import { fileOptions, fileUsage } from '../cut-options.ts';
import type { Choice } from '../explain-spine.ts';
import { choice, createDataset } from './training-set.ts';
import { explainDataset } from './training-set-explain.ts';

const options = {
  entities: { type: 'string' },
  service: { type: 'string' },
  features: { type: 'string', multiple: true },
  'as-of': { type: 'string' },
  ...fileOptions,
} as const;

const usage = [
  '--entities FILE     Parquet or CSV, on this machine or s3://; keys, request fields, whatever else',
  '--service NAME | --features view:feature,...',
  '--as-of INSTANT     what was served then; default: now, once for all rows',
  ...fileUsage,
];

export const exportCommand: Command = {
  name: 'export',
  summary: 'add the features of one instant, as they are served, to a file of entities: bulk inference',
  usage: [
    'tidemark export --entities FILE --service NAME [--out DIR]',
    '',
    ...usage,
    '--out DIR           download the dataset there',
    '--max-cost USD      refuse, before any query is paid for, what would scan for more (see "export explain")',
  ],
  options: { ...options, out: { type: 'string' }, 'max-cost': { type: 'string' }, id: { type: 'string' } },
  run: (context) => createDataset(context, entitiesOf(context.options)),
};

export const exportExplain: Command = {
  name: 'export explain',
  summary: 'check a file of entities and say what an export of it would read and cost; no query runs',
  usage: ['tidemark export explain --entities FILE --service NAME', '', ...usage],
  options,
  run: (context) => explainDataset(context, entitiesOf(context.options)),
};

function entitiesOf(given: OptionValues): { readonly spine: string; readonly chosen: Choice } {
  const entities = stringOption(given, 'entities');
  if (entities === undefined)
    throw new TidemarkError('cli.badArguments', 'name a file of entities with --entities FILE');
  const asOf = stringOption(given, 'as-of') ?? 'now';
  return {
    spine: entities,
    chosen: { ...choice(given), asOf: asOf === 'now' ? asOf : fixedInstant(parseInstant(asOf), Date.now()) },
  };
}
