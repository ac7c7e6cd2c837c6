import { viewId } from '#spec/find.ts';
import type { OnDemandView } from '#spec/manifest.ts';
import type { Transform, TransformInput } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import { checkOutput } from './check-output.ts';
import { guarded } from './transform-guard.ts';

/** What one call gets: inputs by input name, and its instant in epoch milliseconds. */
export interface TransformCall {
  readonly inputs: Readonly<Record<string, TransformInput>>;
  readonly asOf: number;
}

/** All declared outputs by name, or why there are none: every output is then null with status ERROR. */
export type TransformOutcome =
  | { readonly values: Readonly<Record<string, Value>> }
  /** Names the view; for logs and counters, not for clients: a thrown message may quote values. */
  | { readonly error: string };

/**
 * Runs the transform of an on-demand view, the same in serving and in training sets: guarded (no clock, randomness, timers, network,
 * process), its inputs frozen, its outputs checked against the declared types. Never throws; one bad output fails the whole call.
 */
export function runTransform(view: OnDemandView, transform: Transform, call: TransformCall): TransformOutcome {
  freezeInputs(call.inputs);
  let returned: unknown;
  try {
    returned = guarded(() => transform(call.inputs, { asOf: call.asOf }));
  } catch (error) {
    return failure(view, `threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
  }
  if (isThenable(returned)) {
    // its rejection would otherwise end the process
    Promise.resolve(returned).catch(() => undefined);
    return failure(view, 'returned a promise; it must be synchronous');
  }
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned))
    return failure(
      view,
      `returned ${returned === null ? 'null' : typeof returned}; it must return an object of outputs`,
    );
  return checkOutputs(view, returned);
}

function checkOutputs(view: OnDemandView, returned: object): TransformOutcome {
  const outputs = new Map<string, unknown>(Object.entries(returned));
  const values: Record<string, Value> = {};
  for (const { name, type } of view.features) {
    if (!outputs.has(name)) return failure(view, `returned no ${name}; return null where there is no value`);
    const checked = checkOutput(type, outputs.get(name));
    if ('problem' in checked) return failure(view, `output ${name} (${type}) ${checked.problem}`);
    values[name] = checked.value;
    outputs.delete(name);
  }
  const [extra] = outputs.keys();
  return extra === undefined ? { values } : failure(view, `returned ${extra}, which is not a declared output`);
}

const failure = (view: OnDemandView, problem: string): TransformOutcome => ({
  error: `transform of ${viewId(view)} ${problem}`,
});

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** Rows share inputs: a transform that wrote to them would change what the next one sees. Bytes cannot be frozen. */
function freezeInputs(inputs: TransformCall['inputs']): void {
  for (const input of Object.values(inputs)) {
    Object.freeze(input);
    for (const value of Object.values(input)) if (Array.isArray(value)) Object.freeze(value);
  }
  Object.freeze(inputs);
}
