import type { FeaturePlan } from '#engine/feature-plan.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findRequestSource, viewId } from '#spec/find.ts';
import type { Manifest, OnDemandInput, OnDemandView } from '#spec/manifest.ts';
import type { Repository, TransformInput } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import { runTransform } from './run-transform.ts';

/** Values of one row by `view@version`: of the views that are read by entity (defaults applied), to which on-demand views are added. */
export type ViewValues = Record<string, TransformInput>;

/** Computes the on-demand views of a plan for one row. */
export interface OnDemand {
  /**
   * Adds the outputs of every on-demand view to `views`, in dependency order; the outputs of a failed one are null, also for those that
   * read it. `views` must hold every read of the plan and `request` every request field (null where it has none).
   * Returns the failures by `view@version`; empty when all went well.
   */
  addTo(
    views: ViewValues,
    row: { readonly request: TransformInput; readonly asOf: number },
  ): Readonly<Record<string, string>>;
}

/** Prepares the on-demand views of a plan; throws engine.noTransform when the repository's bundle lacks one. */
export function onDemandOf(plan: FeaturePlan, repository: Repository): OnDemand {
  const steps = plan.transforms.map((view) => {
    const id = viewId(view);
    const transform = repository.transforms[id];
    if (!transform)
      throw new TidemarkError('engine.noTransform', `the bundle holds no transform for ${id}; deploy again`, {
        kind: 'failed',
      });
    return { id, view, transform, inputs: view.inputs.map((input) => inputReader(repository.manifest, input)) };
  });
  return {
    addTo(views, { request, asOf }) {
      const failures: Record<string, string> = {};
      for (const step of steps) {
        const inputs: Record<string, TransformInput> = {};
        for (const input of step.inputs) inputs[input.name] = input.read(views, request);
        const outcome = runTransform(step.view, step.transform, { inputs, asOf });
        if ('error' in outcome) failures[step.id] = outcome.error;
        views[step.id] = 'error' in outcome ? nullOutputs(step.view) : outcome.values;
      }
      return failures;
    },
  };
}

interface InputReader {
  readonly name: string;
  readonly read: (views: ViewValues, request: TransformInput) => TransformInput;
}

/** A transform sees exactly the features and fields that it declares, whatever else the row has been read for. */
function inputReader(manifest: Manifest, input: OnDemandInput): InputReader {
  const { name } = input;
  if (input.kind === 'request') {
    const fields = findRequestSource(manifest, input.source).schema.map((field) => field.name);
    return { name, read: (_, request) => pick(request, fields) };
  }
  const id = viewId({ name: input.view, version: input.version });
  return { name, read: (views, _) => pick(views[id], input.features) };
}

function pick(values: TransformInput | undefined, names: readonly string[]): TransformInput {
  const picked: Record<string, Value> = {};
  for (const name of names) {
    const value = values?.[name];
    if (value === undefined) throw new Error(`the caller gave no value for input ${name}`);
    picked[name] = value;
  }
  return picked;
}

const nullOutputs = (view: OnDemandView): TransformInput =>
  Object.fromEntries(view.features.map((feature) => [feature.name, null]));
