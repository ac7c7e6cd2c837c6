import { type Command, type CommandContext, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { fileOptions, fileUsage, rowOptions, rowUsage } from '../cut-options.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Choice, explainSpine } from '../explain-spine.ts';
import { trainingSetPlanText } from '../report/training-set-plan.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';
import { choice, labelUsage, selectionOptions, selectionUsage, spineOf, spineOption } from './training-set.ts';

export const trainingSetExplain: Command = {
  name: 'training-set explain',
  summary: 'check a spine and say what a training set of it would read and cost; nothing is uploaded, no query runs',
  usage: [
    'tidemark training-set explain --spine FILE --service NAME',
    '',
    '--spine FILE        Parquet or CSV, on this machine or s3://; keys, event time, labels',
    ...selectionUsage,
    '--event-time-column NAME   default: event_timestamp, else event_time',
    labelUsage,
    ...rowUsage,
    ...fileUsage,
  ],
  options: {
    ...selectionOptions,
    spine: { type: 'string' },
    'event-time-column': { type: 'string' },
    label: { type: 'string' },
    ...rowOptions,
    ...fileOptions,
  },
  run: (context) => explainDataset(context, { spine: spineOption(context.options), chosen: choice(context.options) }),
};

/** Says what a dataset of a spine would read and cost. */
export async function explainDataset(
  { options, output }: Pick<CommandContext, 'options' | 'output'>,
  { spine, chosen }: { readonly spine: string; readonly chosen: Choice },
): Promise<ExitCode> {
  const target = readTarget(stringOption(options, 'target'));
  const manifest = await loadManifest(repositoryFolder(undefined, target));
  const plan = await explainSpine(connect(target), {
    manifest,
    spine: spineOf(spine, target.bucket),
    choice: chosen,
  });
  output.data(plan, trainingSetPlanText(plan));
  return exitCodes.ok;
}
