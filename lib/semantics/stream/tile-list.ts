import { copyParts, mergeParts, type PartState } from './part-rules.ts';
import type { Tile } from './tiles.ts';
import type { WindowPlan } from './window-plan.ts';

/** A tile that may be changed. */
interface OwnTile extends Tile {
  readonly parts: PartState[];
}

const compareTiles = (a: Pick<Tile, 'level' | 'endMillis'>, b: Pick<Tile, 'level' | 'endMillis'>): number =>
  a.level - b.level || a.endMillis - b.endMillis;

/** Index of a tile in a sorted list, or where it belongs. */
function placeOf(tiles: readonly Tile[], wanted: Pick<Tile, 'level' | 'endMillis'>): number {
  let [low, high] = [0, tiles.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const tile = tiles[middle];
    if (tile && compareTiles(tile, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const isTile = (tile: Tile | undefined, { level, endMillis }: Pick<Tile, 'level' | 'endMillis'>): tile is Tile =>
  tile !== undefined && tile.level === level && tile.endMillis === endMillis;

/** A sorted list of tiles of which some are changed: each is copied before its first change. */
export class TileList {
  readonly #plan: WindowPlan;
  readonly #tiles: Tile[];
  readonly #own = new Set<Tile>();

  constructor(plan: WindowPlan, tiles: readonly Tile[]) {
    this.#plan = plan;
    this.#tiles = [...tiles];
  }

  get all(): readonly Tile[] {
    return this.#tiles;
  }

  /** The tile of that level and end, to be changed in place; an empty one where there is none. */
  own({ level, endMillis }: Pick<Tile, 'level' | 'endMillis'>): OwnTile {
    const place = placeOf(this.#tiles, { level, endMillis });
    const found = this.#tiles[place];
    const isFound = isTile(found, { level, endMillis });
    if (isFound && this.#own.has(found)) return found as OwnTile; // made here, below
    const tile: OwnTile = { level, endMillis, parts: isFound ? copyParts(this.#plan, found.parts) : [] };
    this.#tiles.splice(place, isFound ? 1 : 0, tile);
    this.#own.add(tile);
    return tile;
  }

  /** Adds what a tile holds. */
  add({ level, endMillis, parts }: Tile): void {
    mergeParts(this.#plan, { into: this.own({ level, endMillis }).parts, from: parts }, level);
  }
}
