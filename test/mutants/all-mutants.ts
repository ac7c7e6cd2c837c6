import { codeMutants } from './code-mutants.ts';
import { datasetMutants } from './dataset-mutants.ts';
import { feastMutants } from './feast-mutants.ts';
import { ingestMutants } from './ingest-mutants.ts';
import type { Mutant } from './mutant.ts';
import { serveFormatMutants } from './serve-format-mutants.ts';
import { servePolicyMutants } from './serve-policy-mutants.ts';
import { servingLogMutants } from './serving-log-mutants.ts';
import { sqlMutants } from './sql-mutants.ts';
import { streamMutants } from './stream-mutants.ts';
import { streamSqlMutants } from './stream-sql-mutants.ts';

/** Every seeded fault. */
export const mutants: readonly Mutant[] = [
  ...codeMutants,
  ...datasetMutants,
  ...streamMutants,
  ...ingestMutants,
  ...feastMutants,
  ...serveFormatMutants,
  ...servePolicyMutants,
  ...servingLogMutants,
  ...sqlMutants,
  ...streamSqlMutants,
];
