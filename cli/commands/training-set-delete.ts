import { deleteTrainingSet } from '#engine/training-set/delete-training-set.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type Command, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { exitCodes } from '../exit-codes.ts';
import { grouped } from '../report/table.ts';
import { readTarget } from '../target.ts';

export const trainingSetDelete: Command = {
  name: 'training-set delete',
  summary: 'delete a training set and what its build has left',
  usage: [
    'tidemark training-set delete <id> --yes',
    '',
    'Refused while another training set has it as its spine. Needs s3:ListBucket, s3:GetObject and s3:DeleteObject on',
    'datasets/ and training-sets/ of the bucket, and the jobs table. Old versions stay as long as the bucket keeps them.',
  ],
  options: {},
  run: async ({ positionals, options, output }) => {
    const [id] = positionals;
    if (id === undefined)
      throw new TidemarkError('cli.badArguments', 'name a training set; "tidemark training-set list" lists them');
    if (options.yes !== true)
      throw new TidemarkError('cli.notConfirmed', `this deletes training set ${id} for everybody; confirm with --yes`);
    const { objects, records } = connect(readTarget(stringOption(options, 'target')));
    const deleted = await deleteTrainingSet({ objects, records, clock: Date.now }, id);
    output.data({ id, deletedObjects: deleted }, `training set ${id} is deleted: ${grouped(deleted)} objects`);
    return exitCodes.ok;
  },
};
