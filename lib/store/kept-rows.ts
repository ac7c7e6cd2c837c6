import { type Clock, systemClock } from './clock.ts';
import type {
  KeptRule,
  OnlineRow,
  OnlineRows,
  ReadOptions,
  ReadOutcome,
  RowAddress,
  WriteCounts,
} from './online-rows.ts';
import { type KnownOutcome, RowMemory, type RowMemoryLimits } from './row-memory.ts';

/** A read of the store that has not ended; it ends by its deadline. */
interface Flight {
  readonly startedAtMillis: number;
  readonly deadlineMillis: number;
  readonly outcomes: Promise<ReadonlyMap<string, ReadOutcome>>;
}

export interface KeptRowsOptions extends RowMemoryLimits {
  /** @default - the system's */
  readonly clock?: Clock;
}

/**
 * A store that answers from what this process has read, as far as the rule of a read (`options.kept`) allows; without a rule it reads.
 * Equal reads at once are made once, and what cannot be read has its last known outcome. Memory is bounded (RowMemory).
 */
export class KeptRows implements OnlineRows {
  readonly #rows: OnlineRows;
  readonly #clock: Clock;
  readonly #memory: RowMemory;
  readonly #flights = new Map<string, Flight>();

  constructor(rows: OnlineRows, { clock = systemClock, ...limits }: KeptRowsOptions = {}) {
    this.#rows = rows;
    this.#clock = clock;
    this.#memory = new RowMemory(limits);
  }

  async read(addresses: readonly RowAddress[], options: ReadOptions): Promise<readonly ReadOutcome[]> {
    const { kept: rule } = options;
    if (!rule) return this.#rows.read(addresses, options);
    const askedAtMillis = this.#clock();
    const answers = new Map<string, ReadOutcome>();
    const joined = new Map<string, Flight>();
    const mine: RowAddress[] = [];
    for (const address of addresses) {
      const text = addressText(address);
      const known = options.consistent === true ? undefined : this.#fresh(text, rule, askedAtMillis);
      const flight = options.consistent === true ? undefined : this.#joinable(text, options, rule);
      if (known) answers.set(text, { ...known, from: 'cache' });
      else if (flight) joined.set(text, flight);
      else mine.push(address);
    }
    const join = async ([text, { startedAtMillis, outcomes }]: [string, Flight]): Promise<void> => {
      const outcome = (await outcomes).get(text);
      if (outcome && isFresh(outcome, askedAtMillis - startedAtMillis, rule))
        answers.set(text, { ...outcome, from: 'cache' });
    };
    await Promise.all([this.#readInto(answers, mine, options), ...[...joined].map(join)]);
    // What another request's shorter deadline has cut off is still read within this one's.
    const left = addresses.filter((address) => !answers.has(addressText(address)));
    await this.#readInto(answers, left, options);
    return addresses.map((address) => this.#orLastKnown(address, answers.get(addressText(address)), rule));
  }

  async #readInto(
    answers: Map<string, ReadOutcome>,
    addresses: readonly RowAddress[],
    options: ReadOptions,
  ): Promise<void> {
    if (addresses.length === 0) return;
    for (const [text, outcome] of await this.#readStore(addresses, options).outcomes) answers.set(text, outcome);
  }

  #fresh(text: string, rule: KeptRule, nowMillis: number) {
    const kept = this.#memory.get(text);
    return kept && isFresh(kept.outcome, nowMillis - kept.readAtMillis, rule) ? kept.outcome : undefined;
  }

  /** A read of the address that is under way, young enough for the rule, and ends before this one must. */
  #joinable(text: string, { deadlineMillis }: ReadOptions, { foundMillis }: KeptRule): Flight | undefined {
    const flight = this.#flights.get(text);
    const isJoinable =
      flight !== undefined &&
      flight.deadlineMillis <= deadlineMillis &&
      foundMillis > 0 &&
      this.#clock() - flight.startedAtMillis <= foundMillis;
    return isJoinable ? flight : undefined;
  }

  /** Begins a read that others may join; what it gives is kept. */
  #readStore(addresses: readonly RowAddress[], options: ReadOptions): Flight {
    const startedAtMillis = this.#clock();
    const texts = addresses.map(addressText);
    const read = async (): Promise<ReadonlyMap<string, ReadOutcome>> => {
      try {
        const outcomes = await this.#rows.read(addresses, options);
        outcomes.forEach((outcome, index) => {
          if (outcome.kind !== 'failed')
            this.#memory.put(texts[index] ?? '', { outcome, readAtMillis: startedAtMillis });
        });
        return new Map(outcomes.map((outcome, index) => [texts[index] ?? '', outcome]));
      } finally {
        for (const text of texts) if (this.#flights.get(text) === flight) this.#flights.delete(text);
      }
    };
    const flight: Flight = { startedAtMillis, deadlineMillis: options.deadlineMillis, outcomes: read() };
    for (const text of texts) this.#flights.set(text, flight);
    return flight;
  }

  #orLastKnown(address: RowAddress, outcome: ReadOutcome | undefined, { lastKnownMillis }: KeptRule): ReadOutcome {
    if (outcome && outcome.kind !== 'failed') return outcome;
    const kept = this.#memory.get(addressText(address));
    if (kept && this.#clock() - kept.readAtMillis <= lastKnownMillis) return { ...kept.outcome, from: 'lastKnown' };
    return outcome ?? { kind: 'failed', reason: 'not read' };
  }

  writeNewer(rows: readonly OnlineRow[]): Promise<WriteCounts> {
    return this.#rows.writeNewer(rows);
  }
}

/** Whether an outcome may be answered so long after its read began. */
function isFresh(
  outcome: ReadOutcome,
  ageMillis: number,
  { foundMillis, absentMillis }: KeptRule,
): outcome is KnownOutcome {
  if (outcome.kind === 'failed') return false;
  const bound = outcome.kind === 'found' ? foundMillis : absentMillis;
  return bound > 0 && ageMillis <= bound;
}

const addressText = ({ viewId, entityKey }: RowAddress): string => `${viewId} ${entityKey}`; // a view id holds no space
