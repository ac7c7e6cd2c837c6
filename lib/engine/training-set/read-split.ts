import type * as z from 'zod/mini';
import { parseInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { splitSchema } from './dataset-options.ts';

/** A split as users write it: cuts in time, or shares by the hash of an entity. */
export interface WrittenSplit {
  /** ISO 8601 with an offset, ascending. */
  readonly time?: readonly string[] | undefined;
  readonly hash?: readonly number[] | undefined;
  /** With `hash` only. */
  readonly by?: string | undefined;
  /** With `hash` only. @default 0 */
  readonly seed?: number | undefined;
}

/** Reads a split; parseTrainingSetRequest checks its numbers. Throws trainingSet.badSplit, semantics.invalidInstant. */
export function readSplit({ time, hash, by, seed }: WrittenSplit): z.input<typeof splitSchema> {
  if ((time === undefined) === (hash === undefined))
    throw badSplit(`a split is by time or by hash, got ${time ? 'both' : 'neither'}; name the cuts or the shares`);
  if (time) {
    if (by !== undefined || seed !== undefined)
      throw badSplit('a split by time has neither an entity nor a seed; leave them out, or split by hash');
    return { kind: 'time', cutsMillis: time.map(parseInstant) };
  }
  if (by === undefined)
    throw badSplit('a split by hash needs the entity whose labels stay together; name it, as plane');
  return { kind: 'hash', shares: [...(hash ?? [])], by, ...(seed === undefined ? {} : { seed }) };
}

const badSplit = (problem: string): TidemarkError => new TidemarkError('trainingSet.badSplit', problem);
