import { expect, it } from 'vitest';
import { tableSelectionSql } from '#sql/table-selection-sql.ts';
import { instant } from '#sql/text.ts';
import { entityOf, sourceOf, tableViewOf } from '../../support/manifests.ts';

it('a table view takes over 0 for -0, in lists too: max_by of a ROW keeps the sign on some engines only', () => {
  const features = [
    { name: 'wide', type: 'float64' },
    { name: 'narrow', type: 'float32' },
    { name: 'marks', type: 'list<float64>' },
    { name: 'big', type: 'int64' },
  ] as const;
  const select = tableSelectionSql({
    database: 'd',
    view: tableViewOf('latest', features, { entity: 'thing', source: 'things' }),
    source: sourceOf('things', [{ name: 'id', type: 'int64' }, { name: 't', type: 'timestamp' }, ...features], {
      eventTime: 't',
    }),
    entity: entityOf('thing', [{ name: 'id', type: 'int64' }]),
    newObjects: 'all',
    visibleAfterMillis: null,
    nowMillis: 0,
  });
  for (const column of [
    'CASE WHEN "wide" = 0 THEN CAST(0 AS double) ELSE "wide" END AS "wide"',
    'CASE WHEN "narrow" = 0 THEN CAST(0 AS real) ELSE "narrow" END AS "narrow"',
    'transform("marks", x -> CASE WHEN x = 0 THEN CAST(0 AS double) ELSE x END) AS "marks"',
    '"big" AS "big"',
  ])
    expect(select).toContain(column);
});

it('an instant is a literal, and what lies beyond years 0001 to 9999 the nearest that there is', () => {
  expect(instant(1_772_348_400_001)).toBe("TIMESTAMP '2026-03-01 07:00:00.001'");
  expect(instant(-1)).toBe("TIMESTAMP '1969-12-31 23:59:59.999'");
  expect(instant(-1e14)).toBe("TIMESTAMP '0001-01-01 00:00:00.000'");
  expect(instant(1e15)).toBe("TIMESTAMP '9999-12-31 23:59:59.999'");
});
