/** The public door: what `import ... from 'tidemark'` offers to those who write definitions. */
export {
  approxQuantile,
  count,
  distinct,
  first,
  last,
  lastN,
  max,
  mean,
  min,
  ratio,
  stddev,
  sum,
  variance,
} from './aggregates.ts';
export { batchView } from './batch-view.ts';
export {
  bool,
  bytes,
  date,
  decimal,
  float32,
  float64,
  int32,
  int64,
  list,
  string,
  timestamp,
} from './column-types.ts';
export { type Config, defineConfig } from './config.ts';
export type { DefinitionError } from './definition-error.ts';
export { days, hours, minutes, seconds } from './durations.ts';
export { entity } from './entity.ts';
export { feature } from './feature.ts';
export { alias, featureService } from './feature-service.ts';
export { and, eq, ge, gt, isNotNull, isNull, le, lt, ne, not, oneOf, or } from './filters.ts';
export { onDemandView, type TransformContext } from './on-demand-view.ts';
export { parquetSource } from './parquet-source.ts';
export { pick } from './pick.ts';
export { requestSource } from './request-source.ts';
export { streamSource } from './stream-source.ts';
export { streamView } from './stream-view.ts';
export { tableView } from './table-view.ts';
export type { InputValues, OutputValues, ValuesOf } from './transform-types.ts';
