import { Aws } from 'aws-cdk-lib';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { Construct } from 'constructs';
import { analystsViews } from '#infra/analysts-views.ts';
import { catalogTables } from '#infra/catalog-tables.ts';
import { databaseName } from '#spec/layout.ts';
import type { Manifest } from '#spec/manifest.ts';

export interface CatalogProps {
  readonly manifest: Manifest;
  readonly stageName: string;
  readonly bucketName: string;
}

/** The Glue database of a deployment with every table and view that its manifest implies. */
export class Catalog extends Construct {
  readonly databaseName: string;

  constructor(scope: Construct, id: string, { manifest, stageName, bucketName }: CatalogProps) {
    super(scope, id);
    this.databaseName = databaseName(manifest.project, stageName);
    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: {
        name: this.databaseName,
        description: `feature store ${manifest.project}, stage ${stageName}: sources, feature rows, views for analysts`,
      },
    });
    for (const tableInput of [...catalogTables(manifest, bucketName), ...analystsViews(manifest, this.databaseName)]) {
      const table = new CfnTable(this, tableInput.name, {
        catalogId: Aws.ACCOUNT_ID,
        databaseName: this.databaseName,
        tableInput,
      });
      table.addResourceDependency(database);
    }
  }
}
