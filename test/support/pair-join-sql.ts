import { spineKeyColumn, tableNames } from '#spec/layout.ts';
import { bigint, quoted, table, text, toMillis } from '#sql/text.ts';

/** A source's rows and a staged spine, to be joined as others do it: what ours is compared with. */
export interface PairJoin {
  readonly database: string;
  readonly dataset: string;
  /** Parts of the staged spine: 0 to `parts` - 1. */
  readonly parts: number;
  readonly entity: string;
  readonly keys: readonly string[];
  readonly source: string;
  readonly eventTime: string;
  readonly createdTime?: string;
  readonly features: readonly string[];
}

const listed = (names: readonly string[]): string => names.map(quoted).join(', ');

function labels({ database, dataset, parts, entity, keys }: PairJoin): string {
  const columns = keys.map((key) => `${quoted(spineKeyColumn(entity, key))} AS ${quoted(key)}`);
  return `SELECT row_id, event_time_ms AS t, ${columns.join(', ')} FROM ${table(database, tableNames.spines)} WHERE "dataset" = ${text(dataset)} AND "part" BETWEEN 0 AND ${parts - 1}`;
}

const rows = ({ database, source, keys, eventTime, createdTime, features }: PairJoin): string =>
  [
    `SELECT ${listed(keys)}, ${toMillis(quoted(eventTime))} AS _at, ${createdTime === undefined ? bigint(0) : toMillis(quoted(createdTime))} AS _created, ${listed(features)}`,
    `FROM ${table(database, tableNames.source({ name: source }))}`,
  ].join('\n');

const onKeys = ({ keys }: PairJoin, a: string, b: string): string =>
  keys.map((key) => `${a}.${quoted(key)} = ${b}.${quoted(key)}`).join(' AND ');

/** Every label with every earlier row of its entity, numbered from the newest: what one writes first. `row_id` and the features. */
export const numberedPairsSql = (join: PairJoin): string =>
  [
    `WITH labels AS (${labels(join)}), source AS (${rows(join)})`,
    `SELECT row_id, ${listed(join.features)} FROM (`,
    `SELECT l.row_id, ${join.features.map((name) => `r.${quoted(name)}`).join(', ')}, row_number() OVER (PARTITION BY l.row_id ORDER BY r._at DESC, r._created DESC) AS _place`,
    `FROM labels l LEFT JOIN source r ON ${onKeys(join, 'l', 'r')} AND r._at <= l.t`,
    ') placed WHERE _place = 1',
  ].join('\n');

/**
 * The steps of a widespread template: a text made of the keys and the time stands for a label, labels are reduced to those texts, paired with every
 * earlier row, the newest creation and the newest event are found among the pairs, and the pairs are joined with both to get at the features. `row_id` and the
 * features; rows may be doubled or crossed.
 */
export function textIdSql(join: PairJoin): string {
  const { keys, features } = join;
  const id = [...keys.map((key) => `CAST(${quoted(key)} AS varchar)`), 'CAST(t AS varchar)'].join(' || ');
  return [
    `WITH labels AS (SELECT row_id, t, ${listed(keys)}, ${id} AS _id FROM (${labels(join)}) staged),`,
    `wanted AS (SELECT ${listed(keys)}, t, _id FROM labels GROUP BY ${listed(keys)}, t, _id),`,
    `source AS (SELECT * FROM (${rows(join)}) found WHERE _at <= (SELECT max(t) FROM labels)),`,
    `pairs AS (SELECT r.*, w.t, w._id FROM source r JOIN wanted w ON ${onKeys(join, 'r', 'w')} AND r._at <= w.t),`,
    'created AS (SELECT _id, _at, max(_created) AS _created FROM pairs GROUP BY _id, _at),',
    'latest AS (SELECT _id, _at, _created FROM (SELECT p._id, p._at, p._created, row_number() OVER (PARTITION BY p._id ORDER BY p._at DESC, p._created DESC) AS _place',
    'FROM pairs p JOIN created c ON c._id = p._id AND c._at = p._at AND c._created = p._created) placed WHERE _place = 1),',
    `cleaned AS (SELECT p.* FROM pairs p JOIN latest n ON n._id = p._id AND n._at = p._at AND n._created = p._created)`,
    `SELECT l.row_id, ${features.map((name) => `c.${quoted(name)}`).join(', ')} FROM labels l LEFT JOIN cleaned c ON c._id = l._id`,
  ].join('\n');
}
