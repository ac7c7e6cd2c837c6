import type { Feature, OnDemandInput, OnDemandView } from '#spec/manifest.ts';
import { isFeatureType } from '#spec/value-type.ts';
import type { Input, OnDemandView as OnDemandDefinition } from '../on-demand-view.ts';
import type { View } from '../view.ts';
import { checkName, checkVersion, documented } from './documented.ts';
import { named, type Problems, shown } from './problems.ts';
import { maxFeatures, type Unhashed } from './view-base.ts';

export function compileOnDemandView(
  definition: OnDemandDefinition,
  problems: Problems,
): Omit<Unhashed<OnDemandView>, 'transformHash'> {
  const { name, version, origin, options, documentation } = definition;
  checkName(definition, 'a view', { name, problems });
  checkVersion(definition, problems);
  const outputs = Object.entries(options.outputs);
  if (outputs.length === 0) problems.add(origin, 'noFeatures', `view "${name}" has no outputs; give at least one`);
  if (outputs.length > maxFeatures)
    problems.add(
      origin,
      'tooManyFeatures',
      `view "${name}" has ${outputs.length} outputs, at most ${maxFeatures} are allowed; split it`,
    );
  return {
    kind: 'onDemand',
    name,
    version,
    inputs: Object.entries(options.inputs).map(([input, of]) => {
      checkName(definition, `an input of view "${name}"`, { name: input, problems });
      return inputOf(definition, { input, of }, problems);
    }),
    features: outputs.map(([feature, output]) => outputOf(definition, { feature, output }, problems)),
    ...documented(documentation),
  };
}

function inputOf(
  { name, origin }: OnDemandDefinition,
  { input, of }: { input: string; of: Input },
  problems: Problems,
): OnDemandInput {
  if (of.kind === 'request') return { kind: 'request', name: input, source: of.name };
  const view: View = of.kind === 'picked' ? of.view : of;
  const known = Object.keys(view.features);
  const features = of.kind === 'picked' ? [...new Set(of.names)] : known;
  if (features.length === 0)
    problems.add(
      origin,
      'noFeatures',
      `input "${input}" of view "${name}" picks no feature of view "${view.name}"; it has ${named(known)}`,
    );
  for (const feature of features)
    if (!known.includes(feature))
      problems.add(
        origin,
        'unknownFeature',
        `input "${input}" of view "${name}" picks feature "${feature}", which is not in view "${view.name}"; it has ${named(known)}`,
      );
  return { kind: 'view', name: input, view: view.name, version: view.version, features };
}

function outputOf(
  definition: OnDemandDefinition,
  { feature, output }: { feature: string; output: OnDemandDefinition['options']['outputs'][string] },
  problems: Problems,
): Feature {
  const { name, origin, documentation } = definition;
  checkName(definition, `an output of view "${name}"`, { name: feature, problems });
  const details = 'documentation' in output ? output : undefined;
  const compiled = {
    name: feature,
    type: output.type,
    ...documented(details?.documentation ?? {}, documentation.owner),
  };
  if (compiled.owner === undefined)
    problems.add(
      origin,
      'noOwner',
      `output "${feature}" of view "${name}" has no owner; give one to the output or the view`,
    );
  if (!isFeatureType(output.type))
    problems.add(
      origin,
      'wrongType',
      `output "${feature}" of view "${name}" is ${shown(output.type)}, which is a type of source columns only`,
    );
  return compiled;
}
