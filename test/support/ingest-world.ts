import { recordAcceptor } from '#engine/ingest/accept-record.ts';
import { type AggregatePorts, aggregateBatch, type BatchResult } from '#engine/ingest/aggregate-batch.ts';
import { createCutReader } from '#engine/ingest/cuts.ts';
import { viewsOfSource, type WindowedView } from '#engine/ingest/source-views.ts';
import { finishWindows } from '#semantics/stream/finish-windows.ts';
import type { KnownState } from '#semantics/stream/fold-windows.ts';
import type { Manifest, StreamSource } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import { MemoryWindowItems } from '#store/memory/window-items.ts';
import type { WindowItems } from '#store/window-items.ts';
import { type CallHook, MortalPorts, neverKilled } from '../kill/mortal-ports.ts';

export interface IngestOptions {
  readonly handOverBytes?: number;
  readonly retentionMillis?: number;
}

/** What a reader makes of an entity's items: a value and a mark per feature, or the advice to read again. */
export type Reading =
  | { readonly kind: 'values'; readonly values: readonly Value[]; readonly marks: string }
  | { readonly kind: 'readAgain' };

/** A deployment's stores in memory, and consumers of one stream source that come and go. */
export class IngestWorld {
  nowMillis = 0;
  readonly objects = new MemoryObjects();
  readonly items = new MemoryWindowItems();
  readonly online = new MemoryOnlineRows();
  readonly manifest: Manifest;
  readonly source: StreamSource;
  readonly options: IngestOptions;

  constructor(manifest: Manifest, source: StreamSource, options: IngestOptions = {}) {
    this.manifest = manifest;
    this.source = source;
    this.options = options;
  }

  view(name: string): WindowedView {
    const found = viewsOfSource(this.manifest, this.source).windowed.find(({ view }) => view.name === name);
    if (!found) throw new RangeError(`no view ${name}`);
    return found;
  }

  /** The ports of a new process. `items` in place of the world's own where the store misbehaves. */
  ports(process = new MortalPorts(neverKilled), items: WindowItems = this.items): AggregatePorts {
    const views = viewsOfSource(this.manifest, this.source);
    const clock = (): number => this.nowMillis;
    const objects = {
      get: (key: string) => process.at('objects.get', () => this.objects.get(key)),
      put: (...parameters: Parameters<MemoryObjects['put']>) =>
        process.at('objects.put', () => this.objects.put(...parameters)),
    };
    return {
      items: {
        read: (addresses) => process.at('items.read', () => items.read(addresses)),
        write: (item) => process.at('items.write', () => items.write(item)),
        writeBoth: (both) => process.at('items.writeBoth', () => items.writeBoth(both)),
      },
      online: {
        read: (addresses, options) => process.at('online.read', () => this.online.read(addresses, options)),
        writeNewer: (rows) => process.at('online.writeNewer', () => this.online.writeNewer(rows)),
      },
      cuts: createCutReader(
        { objects, clock },
        this.source,
        views.windowed.map(({ id }) => id),
      ),
      clock,
      views,
      rules: {
        source: this.source,
        retentionMillis: this.options.retentionMillis ?? 7 * 86_400_000,
        handOver: { fromBytes: this.options.handOverBytes ?? 2048, effort: 0 },
      },
      accept: recordAcceptor(this.manifest, this.source),
    };
  }

  /** A batch in a new process, with a hook at each of its calls, over a store that may misbehave: its result, or 'killed'. */
  async consume(
    records: readonly StreamRecord[],
    how: { readonly hook?: CallHook; readonly items?: WindowItems } = {},
  ): Promise<{ readonly result: BatchResult | 'killed'; readonly process: MortalPorts }> {
    const process = new MortalPorts(how.hook ?? neverKilled);
    const result = await aggregateBatch(this.ports(process, how.items), {
      records,
      deadlineMillis: Number.POSITIVE_INFINITY,
    });
    // A process that has died reports nothing, whatever its last lines made of it.
    return { result: process.dead ? 'killed' : result, process };
  }

  /** What a reader finds now, both items at one moment. */
  async reading(target: WindowedView, entityKey: string, atMillis: number): Promise<Reading> {
    const addresses = [target.headKey, target.closedKey].map((viewId) => ({ entityKey, viewId }));
    const [head, closed] = await this.items.read(addresses);
    return readPair(target, { head: head?.packed, closed: closed?.packed }, atMillis);
  }
}

/** The rule by which serving joins the two items of an entity, as texts. */
export function readPair(
  target: WindowedView,
  texts: { readonly head: string | undefined; readonly closed: string | undefined },
  atMillis: number,
): Reading {
  const [head, closed] = [texts.head, texts.closed].map((text) =>
    text === undefined ? undefined : open(target, text),
  );
  if (!head) return finish(target, [], atMillis);
  if (head.closedUntilMillis === null || atMillis >= head.closedUntilMillis) return finish(target, [head], atMillis);
  if (closed?.handOvers !== head.handOvers) return { kind: 'readAgain' };
  return finish(target, [head, closed], atMillis);
}

interface OpenItem extends KnownState {
  readonly handOvers: number;
  readonly closedUntilMillis: number | null;
}

function open(target: WindowedView, text: string): OpenItem {
  const read = target.read(text);
  if (read.kind !== 'windows') throw new RangeError('unknown layout');
  return { ...read.state, ...read };
}

function finish(target: WindowedView, states: readonly KnownState[], atMillis: number): Reading {
  const { values, marks } = finishWindows(target.plan, states, atMillis);
  return { kind: 'values', values, marks: marks ?? '.'.repeat(values.length) };
}
