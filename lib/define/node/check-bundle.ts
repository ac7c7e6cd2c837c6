import { TidemarkError } from '#spec/errors.ts';
import type { Manifest } from '#spec/manifest.ts';
import { inputTypes } from '../compile/input-types.ts';
import { compareTransforms } from '../determinism.ts';
import type { TransformExport } from './transform-exports.ts';

/**
 * Runs every transform of a bundle beside the one of the user's files, on the same generated inputs. Throws define.bundleDiffers where the
 * bundle cannot be loaded or a result differs: what is deployed would not be what was checked.
 */
export async function checkBundle(
  text: string,
  { manifest, transforms }: { readonly manifest: Manifest; readonly transforms: readonly TransformExport[] },
): Promise<void> {
  const bundled = await importText(text);
  for (const { viewId, view } of transforms) {
    const compiled = manifest.views.find(({ name, version }) => name === view.name && version === view.version);
    const types = compiled?.kind === 'onDemand' ? inputTypes(compiled, manifest) : undefined;
    if (types && !compareTransforms({ view, types }, bundled[viewId]))
      throw new TidemarkError(
        'define.bundleDiffers',
        `the bundled transform of ${viewId} gives other results than the definition; it may use nothing of a definition (a name, a version, a list of features) at run time`,
        { details: { view: viewId } },
      );
  }
}

async function importText(text: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const module = await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
    return module.repository.transforms;
  } catch (error) {
    throw new TidemarkError(
      'define.bundleDiffers',
      `the bundled transforms cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
