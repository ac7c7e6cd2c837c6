import { viewId } from '#spec/find.ts';
import type { OnDemandView } from '../on-demand-view.ts';
import type { AnyView } from './collect.ts';
import type { Problems } from './problems.ts';

/** Views that an on-demand view reads. */
function readsOf(view: OnDemandView): readonly AnyView[] {
  return Object.values(view.options.inputs).flatMap((input) => {
    const read = input.kind === 'picked' ? input.view : input;
    return read.kind === 'request' ? [] : [read as AnyView]; // every View is made by one of the constructors
  });
}

/** Reports each cycle of on-demand views once. Returns the views in an order in which inputs come first. */
export function orderByInputs(views: ReadonlySet<AnyView>, problems: Problems): readonly AnyView[] {
  const done = new Set<AnyView>();
  const ordered: AnyView[] = [];
  const visit = (view: AnyView, path: readonly AnyView[]): void => {
    if (done.has(view)) return;
    const start = path.indexOf(view);
    if (start >= 0) {
      const cycle = [...path.slice(start), view].map(viewId).join(' -> ');
      problems.add(view.origin, 'cycle', `on-demand views read each other in a circle: ${cycle}; take one input out`);
      return;
    }
    if (view.kind === 'onDemand') for (const read of readsOf(view)) visit(read, [...path, view]);
    if (!done.has(view)) ordered.push(view);
    done.add(view);
  };
  for (const view of views) visit(view, []);
  return ordered;
}
