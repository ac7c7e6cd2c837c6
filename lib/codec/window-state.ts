import type { PartState } from '#semantics/stream/part-rules.ts';
import type { ReadEvent } from '#semantics/stream/read-event.ts';
import type { Tile } from '#semantics/stream/tiles.ts';
import type { Field, WindowPlan } from '#semantics/stream/window-plan.ts';
import type { WindowState } from '#semantics/stream/window-state.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { StreamView } from '#spec/manifest.ts';
import { hashAt, hashText } from './number-text.ts';
import { type Json, type PartCodec, partCodec, scalarJson, scalarReader } from './window-parts.ts';

/** What one of the two items of an entity in a stream view holds (ADR 11). */
export interface StoredWindows {
  /** Number of the last hand-over of tiles to the second item. */
  readonly handOvers: number;
  /** In the first item: first instant at which the second one does not matter; null: there is none that matters. */
  readonly closedUntilMillis: number | null;
  /** Events until then (inclusive) may be missing; null: none are. */
  readonly lostUntilMillis: number | null;
  readonly state: WindowState;
}

/** What a packed text holds; `unknownLayout` was written under a definition that this deployment does not know. */
export type ReadWindows =
  | ({ readonly kind: 'windows' } & StoredWindows)
  | { readonly kind: 'unknownLayout'; readonly layout: string };

export type WindowReader = (packed: string) => ReadWindows;

const layoutLength = 8;
/** handOvers, closedUntilMillis and lostUntilMillis stand before the tiles or events. */
const headLength = 3;

/**
 * Text of a state: the 8 hex characters of the layout id, then JSON [handOvers, closedUntilMillis|null, lostUntilMillis|null, ...tiles by
 * level], or of an exact view [..., ...events]. A tile is [distance to the end of the one before, in tiles, ...parts that its windows read];
 * what has no contribution is null, or 0 of counts, and left out at the end. An event is [milliseconds after the one before, truths of filters in
 * hex, ...values].
 */
export function packWindows(
  view: Pick<StreamView, 'layout'>,
  plan: WindowPlan,
  { handOvers, closedUntilMillis, lostUntilMillis, state }: StoredWindows,
): string {
  const body = plan.exact
    ? eventsJson(plan, state.events)
    : plan.levelMillis.map((_, level) => levelJson(plan, state.tiles, level));
  return view.layout + JSON.stringify([handOvers, closedUntilMillis, lostUntilMillis, ...body]);
}

/**
 * A reader of the packed texts of a view. `isWanted`: which parts of tiles it reads (by index; the others are as if nothing had contributed to
 * them), for readers that finish some features only. Throws codec.unreadableWindows for a text that packWindows cannot have written.
 */
export function windowReader(
  view: Pick<StreamView, 'layout'>,
  plan: WindowPlan,
  isWanted: (part: number) => boolean = () => true,
): WindowReader {
  const readLevels = plan.levelMillis.map((_, level) => levelReader(plan, level, isWanted));
  const readEvents = eventsReader(plan);
  return (packed) => {
    const layout = packed.slice(0, layoutLength);
    if (layout !== view.layout) return { kind: 'unknownLayout', layout };
    try {
      const [handOvers, closedUntilMillis, lostUntilMillis, ...body] = parsed(packed);
      return {
        kind: 'windows',
        handOvers: Number(handOvers),
        closedUntilMillis: numberOrNull(closedUntilMillis),
        lostUntilMillis: numberOrNull(lostUntilMillis),
        state: plan.exact
          ? { tiles: [], events: readEvents(body) }
          : { tiles: body.flatMap((level, index) => readLevels[index]?.(listOf(level)) ?? []), events: [] },
      };
    } catch {
      // Neither the text nor the parser's error, which quotes it: consumers log what they throw, and it holds values.
      throw new TidemarkError(
        'codec.unreadableWindows',
        `stored windows of layout ${layout} cannot be read: ${packed.length} characters that no writer of ours can have written`,
        { kind: 'failed' },
      );
    }
  };
}

const numberOrNull = (json: Json | undefined): number | null => (typeof json === 'number' ? json : null);

function listOf(json: Json | undefined): readonly Json[] {
  if (!Array.isArray(json)) throw new RangeError('no list');
  return json;
}

function parsed(packed: string): readonly Json[] {
  const list = listOf(JSON.parse(packed.slice(layoutLength)));
  if (list.length < headLength) throw new RangeError(`${list.length} items`);
  return list;
}

/** The parts that tiles of a level hold, with their indexes. */
type LevelCodecs = readonly { readonly index: number; readonly codec: PartCodec }[];
/** By part list and level: plans live as long as their process. */
const readyCodecs = new WeakMap<WindowPlan['parts'], readonly LevelCodecs[]>();

function codecsOf({ parts, levelMillis }: WindowPlan, level: number): LevelCodecs {
  const known = readyCodecs.get(parts);
  if (known) return known[level] ?? [];
  const all = parts.map((part, index) => ({ index, codec: partCodec(part), lastWindow: part.lastWindow }));
  const ready = levelMillis.map((_, each) => all.filter(({ lastWindow }) => lastWindow >= each));
  readyCodecs.set(parts, ready);
  return ready[level] ?? [];
}

function levelJson(plan: WindowPlan, tiles: readonly Tile[], level: number): Json {
  const codecs = codecsOf(plan, level);
  const lengthMillis = plan.levelMillis[level] ?? 1;
  let before = 0;
  const json: Json[] = [];
  for (const tile of tiles) {
    if (tile.level !== level) continue;
    const parts = partsJson(codecs, tile);
    if (parts.length === 0) continue; // no part took anything of its events
    const end = tile.endMillis / lengthMillis;
    json.push([end - before, ...parts]);
    before = end;
  }
  return json;
}

function partsJson(codecs: LevelCodecs, { parts, endMillis }: Tile): Json[] {
  const json: Json[] = [];
  let length = 0;
  for (const { index, codec } of codecs) {
    const state = parts[index];
    json.push(state === undefined ? codec.nothing : codec.write(state, endMillis));
    if (state !== undefined) length = json.length;
  }
  return json.slice(0, length);
}

/** Serving reads thousands of parts in a request: plain loops over dense lists take half the time of iterators and copies. */
function levelReader(
  plan: WindowPlan,
  level: number,
  isWanted: (part: number) => boolean,
): (json: readonly Json[]) => Tile[] {
  const codecs = codecsOf(plan, level).map((one) => ({ ...one, isWanted: isWanted(one.index) }));
  const lengthMillis = plan.levelMillis[level] ?? 1;
  return (json) => {
    let end = 0;
    return json.map((item) => {
      const stored = listOf(item);
      end += Number(stored[0]);
      const endMillis = end * lengthMillis;
      const parts: PartState[] = [];
      for (let place = 1; place < stored.length; place++) {
        const known = codecs[place - 1];
        if (known === undefined) throw new RangeError(`${stored.length} parts`);
        const { index, codec } = known;
        const value = stored[place] ?? null;
        while (parts.length < index) parts.push(undefined); // of parts that this level does not hold
        parts.push(value === codec.nothing || !known.isWanted ? undefined : codec.read(value, endMillis));
      }
      return { level, endMillis, parts };
    });
  };
}

/** Truths of four filters in each hex digit, the first filter lowest. */
function truthsText(truths: readonly boolean[]): string {
  let text = '';
  for (let start = 0; start < truths.length; start += 4)
    text += [0, 1, 2, 3].reduce((digit, bit) => digit + (truths[start + bit] ? 2 ** bit : 0), 0).toString(16);
  return text;
}

const truthAt = (text: string, filter: number): boolean =>
  ((Number.parseInt(text.charAt(Math.floor(filter / 4)), 16) >> (filter % 4)) & 1) === 1;

const fieldJson = (isHash: boolean, value: ReadEvent['values'][number] | undefined): Json => {
  if (value === null || value === undefined) return null;
  return isHash && typeof value === 'bigint' ? hashText(value) : scalarJson(value);
};

function eventsJson({ fields, filters }: WindowPlan, events: readonly ReadEvent[]): Json[] {
  let before = 0;
  return events.map(({ atMillis, values, truths }) => {
    const after = atMillis - before;
    before = atMillis;
    const read = fields.map(({ isHash }, index) => fieldJson(isHash, values[index]));
    return [after, ...(filters.length === 0 ? [] : [truthsText(truths)]), ...read];
  });
}

function fieldReader({ type, isHash }: Field): (json: Json) => ReadEvent['values'][number] {
  const scalar = scalarReader(type);
  if (isHash) return (json) => (typeof json === 'string' ? hashAt(json, 0) : json === false ? false : null);
  return (json) => (json === null ? null : scalar(json));
}

function eventsReader({ fields, filters }: WindowPlan): (json: readonly Json[]) => ReadEvent[] {
  const readers = fields.map(fieldReader);
  const head = filters.length === 0 ? 1 : 2;
  return (json) => {
    let atMillis = 0;
    return json.map((item) => {
      const stored = listOf(item);
      atMillis += Number(stored[0]);
      if (stored.length !== head + readers.length) throw new RangeError(`${stored.length} values of an event`);
      return {
        atMillis,
        truths: filters.map((_, index) => truthAt(String(stored[1]), index)),
        values: readers.map((read, index) => read(stored[head + index] ?? null)),
      };
    });
  };
}
