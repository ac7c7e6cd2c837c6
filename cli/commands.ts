import type { Command } from './command.ts';
import { access } from './commands/access.ts';
import { asOf } from './commands/as-of.ts';
import { backfill } from './commands/backfill.ts';
import { checkLeakage } from './commands/check-leakage.ts';
import { codegen } from './commands/codegen.ts';
import { costEstimate } from './commands/cost-estimate.ts';
import { deploy } from './commands/deploy.ts';
import { docsApi } from './commands/docs-api.ts';
import { explain } from './commands/explain.ts';
import { exportCommand, exportExplain } from './commands/export.ts';
import { history } from './commands/history.ts';
import { load } from './commands/load.ts';
import { localDown, localStatus, localUp } from './commands/local.ts';
import { materialize } from './commands/materialize.ts';
import { onlineGet } from './commands/online-get.ts';
import { plan } from './commands/plan.ts';
import { push } from './commands/push.ts';
import { quarantineList, quarantineReplay } from './commands/quarantine.ts';
import { runs } from './commands/runs.ts';
import { serve } from './commands/serve.ts';
import { tokenCreate, tokenList, tokenRevoke } from './commands/token.ts';
import { trainingSetCreate, trainingSetList, trainingSetSqlCommand } from './commands/training-set.ts';
import { trainingSetDelete } from './commands/training-set-delete.ts';
import { trainingSetDiff } from './commands/training-set-diff.ts';
import { trainingSetExplain } from './commands/training-set-explain.ts';
import { trainingSetShow } from './commands/training-set-show.ts';
import { usage } from './commands/usage.ts';
import { verify } from './commands/verify.ts';

/** Every command, in the order of help. */
export const commands: readonly Command[] = [
  plan,
  explain,
  costEstimate,
  codegen,
  docsApi,
  deploy,
  load,
  materialize,
  backfill,
  runs,
  usage,
  push,
  onlineGet,
  serve,
  history,
  asOf,
  verify,
  checkLeakage,
  quarantineList,
  quarantineReplay,
  exportCommand,
  exportExplain,
  trainingSetCreate,
  trainingSetDelete,
  trainingSetDiff,
  trainingSetExplain,
  trainingSetList,
  trainingSetShow,
  trainingSetSqlCommand,
  access,
  tokenCreate,
  tokenList,
  tokenRevoke,
  localUp,
  localDown,
  localStatus,
];
