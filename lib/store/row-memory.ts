import type { ReadOutcome } from './online-rows.ts';

export type KnownOutcome = Exclude<ReadOutcome, { kind: 'failed' }>;

/** What a read of an address gave. */
interface KeptOutcome {
  readonly outcome: KnownOutcome;
  /** When the read began, epoch milliseconds: it may lack whatever was written later. */
  readonly readAtMillis: number;
}

export interface RowMemoryLimits {
  /** @default 10,000 */
  readonly entries?: number;
  /** UTF-16 units of all texts, one or two bytes each. @default 16 Mi */
  readonly characters?: number;
}

/** Outcomes of reads by address; beyond its limits the longest unused are dropped. */
export class RowMemory {
  readonly #limits: Required<RowMemoryLimits>;
  /** In order of use: the first is the longest unused. */
  readonly #kept = new Map<string, KeptOutcome>();
  #characters = 0;

  constructor({ entries = 10_000, characters = 16 * 1024 * 1024 }: RowMemoryLimits = {}) {
    this.#limits = { entries, characters };
  }

  get(address: string): KeptOutcome | undefined {
    const kept = this.#kept.get(address);
    if (!kept) return undefined;
    this.#kept.delete(address);
    this.#kept.set(address, kept);
    return kept;
  }

  /** Keeps what was read; of two reads at once the later one stays, whichever is done first. */
  put(address: string, kept: KeptOutcome): void {
    const known = this.#kept.get(address);
    if (known && known.readAtMillis > kept.readAtMillis) return;
    if (known) this.#drop(address, known);
    this.#kept.set(address, kept);
    this.#characters += charactersOf(address, kept);
    for (const [oldest, dropped] of this.#kept) {
      if (this.#kept.size <= this.#limits.entries && this.#characters <= this.#limits.characters) return;
      this.#drop(oldest, dropped);
    }
  }

  #drop(address: string, kept: KeptOutcome): void {
    this.#kept.delete(address);
    this.#characters -= charactersOf(address, kept);
  }
}

const charactersOf = (address: string, { outcome }: KeptOutcome): number =>
  address.length + (outcome.kind === 'found' ? outcome.packed.length : 0);
