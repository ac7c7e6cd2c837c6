import type { StreamEvent } from '#semantics/stream/event.ts';
import { isTooLate } from '#semantics/stream/interval.ts';
import { entityKeyOf, type WindowedView } from './source-views.ts';

/** An accepted event and where it stands in the stream. */
export interface ArrivedEvent {
  readonly shard: string;
  /** 56 digits. */
  readonly sequence: string;
  readonly event: StreamEvent;
}

/** What a batch holds for one entity of one view, in the order of its shard. */
export interface EntityEvents {
  readonly target: WindowedView;
  readonly entityKey: string;
  readonly events: readonly ArrivedEvent[];
}

export interface GroupedEvents {
  /** In the order of their first events. */
  readonly groups: readonly EntityEvents[];
  /** Events that some view's entity has, and that came too late for every window of all of these. */
  readonly late: number;
}

/** Events of a batch by view and entity, without those that no window of the view ever needs. */
export function groupByEntity(views: readonly WindowedView[], events: readonly ArrivedEvent[]): GroupedEvents {
  const groups = new Map<string, EntityEvents & { readonly events: ArrivedEvent[] }>();
  let late = 0;
  for (const arrived of events) {
    let known = 0;
    let needed = 0;
    for (const target of views) {
      const entityKey = entityKeyOf(target.entity, arrived.event.row);
      if (entityKey === undefined) continue;
      known++;
      if (isTooLate(target.plan, arrived.event)) continue;
      needed++;
      const address = `${target.id} ${entityKey}`; // a view id holds no space
      const group = groups.get(address);
      if (group) group.events.push(arrived);
      else groups.set(address, { target, entityKey, events: [arrived] });
    }
    if (known > 0 && needed === 0) late++;
  }
  return { groups: [...groups.values()], late };
}
