import type { TableInput } from '#infra/catalog-tables.ts';
import { findEntity, findRowSource, viewId } from '#spec/find.ts';
import { tableNames } from '#spec/layout.ts';
import type { Manifest, StoredView } from '#spec/manifest.ts';
import { analystsViewSql } from '#sql/analysts-view-sql.ts';
import { glueType, sqlType } from '#sql/types.ts';

/**
 * Athena views of the visible rows of batch and table views, those over streams too, for people who write SQL:
 * `SELECT * FROM <view>_v<version> WHERE dt = ...`. Stream views have no rows: `tidemark as-of --sql` gives their windows at an instant.
 */
export function analystsViews(manifest: Manifest, database: string): readonly TableInput[] {
  return manifest.views.flatMap((view) =>
    view.kind === 'batch' || view.kind === 'table' ? [analystsView({ manifest, database, view })] : [],
  );
}

interface ViewToPublish {
  readonly manifest: Manifest;
  readonly database: string;
  readonly view: StoredView;
}

/** A view as Athena itself stores one in Glue: its text and Trino's column types as base64 JSON, Hive's types beside it. */
function analystsView({ manifest, database, view }: ViewToPublish): TableInput {
  const { sql, columns } = analystsViewSql({
    database,
    view,
    source: findRowSource(manifest, view.source),
    entity: findEntity(manifest, view.entity),
  });
  const definition = {
    originalSql: sql,
    catalog: 'awsdatacatalog',
    schema: database,
    columns: columns.map(({ name, type }) => ({ name, type: sqlType(type) })),
  };
  return {
    name: tableNames.analysts(view),
    description: `visible rows of ${viewId(view)}`,
    tableType: 'VIRTUAL_VIEW',
    parameters: { presto_view: 'true', comment: 'Presto View' },
    viewOriginalText: `/* Presto View: ${Buffer.from(JSON.stringify(definition)).toString('base64')} */`,
    viewExpandedText: '/* Presto View */',
    partitionKeys: [],
    storageDescriptor: {
      columns: columns.map(({ name, type }) => ({ name, type: glueType(type) })),
      location: '',
      serdeInfo: {},
    },
  };
}
