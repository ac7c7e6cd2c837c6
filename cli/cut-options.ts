import { type Cut, datasetFormats } from '#engine/training-set/dataset-options.ts';
import { readSplit } from '#engine/training-set/read-split.ts';
import type { TrainingSetInput } from '#engine/training-set/request.ts';
import { TidemarkError } from '#spec/errors.ts';
import { countOption, type OptionValues, stringOption } from './command.ts';

/** Options of the files of a dataset. */
export const fileOptions = { 'file-rows': { type: 'string' }, format: { type: 'string' } } as const;
export const fileUsage = [
  '--file-rows N       rows of every file (1,000 to 1,000,000; default: at most 100,000)',
  '--format csv        CSV instead of Parquet',
];

/** Options of which rows a dataset has, and in which of its splits. */
export const rowOptions = {
  split: { type: 'string' },
  'split-by': { type: 'string' },
  'split-seed': { type: 'string' },
  sample: { type: 'string' },
  'sample-by': { type: 'string' },
  'sample-seed': { type: 'string' },
} as const;
export const rowUsage = [
  '--split time=T1[,T2]        train before T1, (validation before T2,) test from the last on',
  '--split hash=0.8,0.1,0.1 --split-by ENTITY [--split-seed N]   all labels of an entity in one split',
  '--sample 0.1 [--sample-by ENTITY] [--sample-seed N]   only a share of the labels, drawn before anything is paid for',
];

type CutInput = Pick<TrainingSetInput, keyof Cut>;

/** What the options say of how a dataset is cut. Throws cli.badArguments, trainingSet.badSplit, semantics.invalidInstant. */
export function cutOptions(options: OptionValues): CutInput {
  const fileRows = countOption(options, 'file-rows');
  return { ...split(options), ...sample(options), ...(fileRows === undefined ? {} : { fileRows }), ...format(options) };
}

function format(options: OptionValues): CutInput {
  const given = stringOption(options, 'format');
  if (given === undefined) return {};
  const found = datasetFormats.find((one) => one === given);
  if (found) return { format: found };
  throw new TidemarkError('cli.badArguments', `--format is ${datasetFormats.join(' or ')}, got ${given}`);
}

function split(options: OptionValues): CutInput {
  const text = stringOption(options, 'split');
  const draw = drawOptions(options, 'split', '--split hash=0.8,0.1,0.1');
  if (text === undefined) return {};
  const [kind, list = ''] = text.split(/=(.*)/s);
  const values = list.split(',').map((value) => value.trim());
  if (kind === 'time') return { split: readSplit({ time: values, ...draw }) };
  if (kind === 'hash') return { split: readSplit({ hash: values.map((value) => share('split', value)), ...draw }) };
  throw new TidemarkError(
    'cli.badArguments',
    `--split is time=2013-10-01T00:00:00Z or hash=0.8,0.2, got ${JSON.stringify(text)}`,
  );
}

function sample(options: OptionValues): CutInput {
  const text = stringOption(options, 'sample');
  const draw = drawOptions(options, 'sample', '--sample 0.1');
  return text === undefined ? {} : { sample: { share: share('sample', text), ...draw } };
}

/** By what and with which seed a split or a sample is drawn; both mean nothing without it. */
function drawOptions(
  options: OptionValues,
  of: 'split' | 'sample',
  example: string,
): { readonly by?: string; readonly seed?: number } {
  const [by, seed] = [stringOption(options, `${of}-by`), seedOption(options, `${of}-seed`)];
  if (stringOption(options, of) === undefined && (by !== undefined || seed !== undefined))
    throw new TidemarkError('cli.badArguments', `--${of}-by and --${of}-seed need ${example}`);
  return { ...(by === undefined ? {} : { by }), ...(seed === undefined ? {} : { seed }) };
}

function share(option: string, text: string): number {
  if (/^0?\.\d{1,15}$/.test(text)) return Number(text);
  throw new TidemarkError(
    'cli.badArguments',
    `a share of --${option} is a number between 0 and 1, as 0.1, got ${JSON.stringify(text)}`,
  );
}

function seedOption(options: OptionValues, name: string): number | undefined {
  const text = stringOption(options, name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new TidemarkError(
    'cli.badArguments',
    `--${name} must be a whole number of at most 15 digits, got ${JSON.stringify(text)}`,
  );
}
