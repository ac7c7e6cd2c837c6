import { randomBytes } from 'node:crypto';
import { entityAt, entityHistory, type HistoryRow, type InstantRow } from '#engine/entity-history.ts';
import { formatInstant, parseInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findEntity, findEntityView, viewId } from '#spec/find.ts';
import { type Command, listOption, type OptionValues, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { parseEntityKeys } from '../entity-keys.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../report/table.ts';
import { valueText } from '../report/value-text.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';

const maximumInstants = 1_000;

export const history: Command = {
  name: 'history',
  summary: 'show the feature rows of one entity and when serving had them, from the offline store',
  usage: [
    'tidemark history <key=value[,key=value]> --view <view[@version]> [--from INSTANT] [--to INSTANT]',
    'tidemark history <key=value[,key=value]> --view <view[@version]> --at INSTANT[,INSTANT ...]',
    '',
    '--from, --to   event times of a batch or table view, both inclusive: every row, those computed again or corrected too',
    '--at           what serving had at these instants, of any view: the windows of a stream view, the row of another',
    'instants are ISO 8601 with an offset, as 2026-11-21T10:00:00Z',
  ],
  options: {
    view: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    at: { type: 'string', multiple: true },
  },
  run: async ({ positionals, options, output }) => {
    const [entityText] = positionals;
    const viewName = stringOption(options, 'view');
    if (entityText === undefined || viewName === undefined)
      throw new TidemarkError(
        'cli.badArguments',
        'name an entity and a view, as in "tidemark history driver_id=1001 --view driver_stats"',
      );
    const target = readTarget(stringOption(options, 'target'));
    const manifest = await loadManifest(repositoryFolder(undefined, target));
    const view = findEntityView(manifest, viewName);
    const keys = parseEntityKeys(findEntity(manifest, view.entity), entityText);
    const instants = instantsOf(options);
    if (view.kind === 'stream' && instants.length === 0)
      throw new TidemarkError(
        'cli.badArguments',
        `${viewId(view)} is a stream view, which has windows at any instant but no rows: name instants with --at`,
      );
    const { objects, sql } = connect(target);
    const ports = { manifest, database: target.database, objects, sql };
    const id = randomBytes(4).toString('hex');
    if (view.kind === 'stream' || instants.length > 0) {
      const rows = await entityAt(ports, { view, keys, id }, instants);
      output.data({ view: viewId(view), entity: keys, instants: rows.map(instantForMachines) }, instantTable(rows));
      return exitCodes.ok;
    }
    const rows = await entityHistory(ports, { view, keys, id }, bounds(options));
    output.data({ view: viewId(view), entity: keys, rows: rows.map(rowForMachines) }, rowTable(rows));
    return rows.length > 0 ? exitCodes.ok : exitCodes.notFound;
  },
};

function instantsOf(options: OptionValues): number[] {
  const instants = listOption(options, 'at', { isList: true }).map(parseInstant);
  if (instants.length > 0 && (options.from !== undefined || options.to !== undefined))
    throw new TidemarkError('cli.badArguments', '--at and --from or --to exclude each other');
  if (instants.length > maximumInstants)
    throw new TidemarkError('cli.badArguments', `at most ${maximumInstants} instants, got ${instants.length}`);
  return instants;
}

function bounds(options: OptionValues): { minEventMillis?: number; maxEventMillis?: number } {
  const [from, to] = [stringOption(options, 'from'), stringOption(options, 'to')];
  return {
    ...(from === undefined ? {} : { minEventMillis: parseInstant(from) }),
    ...(to === undefined ? {} : { maxEventMillis: parseInstant(to) }),
  };
}

const instantText = (millis: number | null): string => (millis === null ? 'always' : formatInstant(millis));

const instantForMachines = ({ atMillis, ...row }: InstantRow): object => ({ at: formatInstant(atMillis), ...row });

const rowForMachines = ({ eventMillis, availableMillis, createdMillis, ...row }: HistoryRow): object => ({
  eventTime: eventMillis === null ? null : formatInstant(eventMillis),
  availableAt: availableMillis === null ? null : formatInstant(availableMillis),
  createdTime: createdMillis === null ? null : formatInstant(createdMillis),
  ...row,
});

function instantTable(rows: readonly InstantRow[]): string {
  const features = Object.keys(rows[0]?.values ?? {});
  return table(
    ['at', 'state', ...features],
    rows.map(({ atMillis, state, values }) => [
      formatInstant(atMillis),
      state,
      ...features.map((name) => valueText(values[name] ?? null)),
    ]),
  );
}

function rowTable(rows: readonly HistoryRow[]): string {
  if (rows.length === 0) return 'no rows of this entity';
  const features = Object.keys(rows[0]?.values ?? {});
  return table(
    ['event time', 'available', 'created', 'run', 'deleted', ...features],
    rows.map(({ eventMillis, availableMillis, createdMillis, run, deleted, values }) => [
      instantText(eventMillis),
      instantText(availableMillis),
      instantText(createdMillis),
      run,
      deleted ? 'yes' : '',
      ...features.map((name) => valueText(values[name] ?? null)),
    ]),
  );
}
