import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { rowsAsOf } from '#engine/as-of.ts';
import { formatInstant, parseInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findEntityView, viewId } from '#spec/find.ts';
import { asOfSql } from '#sql/as-of-sql.ts';
import { type Command, countOption, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { exitCodes } from '../exit-codes.ts';
import { grouped, table } from '../report/table.ts';
import { valueText } from '../report/value-text.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';

const defaultLimit = 20;

export const asOf: Command = {
  name: 'as-of',
  summary: 'show or export the rows of a view that serving had at an instant',
  usage: [
    'tidemark as-of <view[@version]> --at INSTANT [--out FILE.parquet | --sql] [--limit N]',
    '',
    '--at      ISO 8601 with an offset, as 2026-11-21T10:00:00Z',
    '--out     write all rows to this Parquet file',
    '--sql     print the Athena statement instead, to paste, or to put behind CREATE TABLE ... AS',
    `--limit   show at most N rows (default ${defaultLimit}); with --json too`,
  ],
  options: {
    at: { type: 'string' },
    out: { type: 'string' },
    sql: { type: 'boolean' },
    limit: { type: 'string' },
  },
  run: async ({ positionals, options, output }) => {
    const [reference] = positionals;
    const instant = stringOption(options, 'at');
    const out = stringOption(options, 'out');
    if (reference === undefined || instant === undefined)
      throw new TidemarkError(
        'cli.badArguments',
        'name a view and an instant, as in "tidemark as-of driver_stats --at 2026-11-21T10:00:00Z"',
      );
    if (options.sql === true && out !== undefined)
      throw new TidemarkError('cli.badArguments', '--sql and --out exclude each other');
    const limit = countOption(options, 'limit') ?? defaultLimit;
    const atMillis = parseInstant(instant);
    const target = readTarget(stringOption(options, 'target'));
    const manifest = await loadManifest(repositoryFolder(undefined, target));
    const view = findEntityView(manifest, reference);
    if (options.sql === true) {
      const { sql } = asOfSql({ database: target.database, manifest, view, atMillis });
      output.data({ sql }, sql);
      return exitCodes.ok;
    }
    const { objects, sql } = connect(target);
    const id = randomBytes(4).toString('hex');
    const columns = await rowsAsOf({ manifest, database: target.database, objects, sql }, { view, atMillis, id });
    const count = columns[0]?.values.length ?? 0;
    if (out !== undefined) writeFileSync(out, writeParquet(columns));
    const shown = Math.min(count, limit);
    const lines = [
      ...(out === undefined ? [rowTable(columns, shown), ''] : []),
      `${viewId(view)} at ${formatInstant(atMillis)}: ${grouped(count)} rows${out === undefined ? (shown < count ? `, ${shown} shown` : '') : ` in ${out}`}`,
    ];
    const report = { view: viewId(view), at: formatInstant(atMillis), count };
    output.data(out === undefined ? { ...report, rows: rowsOf(columns, shown) } : { ...report, out }, lines.join('\n'));
    return exitCodes.ok;
  },
};

const rowsOf = (columns: readonly TypedColumn[], count: number): object[] =>
  Array.from({ length: count }, (_, at) =>
    Object.fromEntries(columns.map(({ name, values }) => [name, values[at] ?? null])),
  );

function rowTable(columns: readonly TypedColumn[], count: number): string {
  const cell = ({ type, values }: TypedColumn, at: number): string => {
    const value = values[at] ?? null;
    return type === 'timestamp' && typeof value === 'number' ? formatInstant(value) : valueText(value);
  };
  return table(
    columns.map(({ name }) => name),
    Array.from({ length: count }, (_, at) => columns.map((column) => cell(column, at))),
  );
}
