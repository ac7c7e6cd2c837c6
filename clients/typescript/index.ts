/** The public door: what `import ... from 'tidemark/client'` offers. Nothing here is imported from elsewhere at run time. */
export type { ServiceDescription, ViewDescription } from './catalog.ts';
export { type Client, createClient } from './client.ts';
export type { DeploymentOf } from './definitions.ts';
export type { FeatureStatus, OnlineColumns, OnlineRows, OnlineVectors } from './online-answer.ts';
export type { OnlineMatrix } from './online-matrix.ts';
export { TidemarkProblem } from './problem.ts';
export type { PushAnswer } from './push.ts';
export type { TrainingSet } from './training-sets.ts';
export type { CallOptions, ClientOptions } from './transport.ts';
export type { Deployment } from './types.ts';
