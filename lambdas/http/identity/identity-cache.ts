import type { Principal } from '#engine/access/grants.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Clock } from '#store/clock.ts';
import type { Identity } from './identity.ts';

/** How long what a credential stands for is believed without asking again: the longest that a revocation takes. */
export const believedMillis = 60_000;
/** How long a refusal is: a caller that goes on with a bad credential costs nothing meanwhile. */
const refusedMillis = 10_000;
const capacity = 1000;

interface Entry {
  readonly answer: Promise<Principal>;
  readonly untilMillis: number;
}

/** Principals by hash of their credential; the longest unused give way. Checks of one credential at one time are one check. */
export class IdentityCache {
  readonly #clock: Clock;
  readonly #toPrincipal: (identity: Identity) => Principal;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, toPrincipal: (identity: Identity) => Principal) {
    this.#clock = clock;
    this.#toPrincipal = toPrincipal;
  }

  /** Rejects with what `check` rejects with. What is not the credential's fault is not kept. */
  get(digest: string, check: () => Promise<Identity>): Promise<Principal> {
    const known = this.#entries.get(digest);
    if (known && this.#clock() < known.untilMillis) {
      this.#entries.delete(digest);
      this.#entries.set(digest, known); // now the last to go
      return known.answer;
    }
    return this.#ask(digest, check);
  }

  #ask(digest: string, check: () => Promise<Identity>): Promise<Principal> {
    const startedAt = this.#clock();
    const checked = check();
    const answer = checked.then(this.#toPrincipal);
    this.#keep(digest, { answer, untilMillis: startedAt + believedMillis });
    checked.then(
      ({ untilMillis }) =>
        this.#keep(digest, { answer, untilMillis: Math.min(untilMillis, startedAt + believedMillis) }),
      (error: unknown) => {
        const isRefused = error instanceof TidemarkError && error.kind === 'unauthorized';
        if (isRefused) this.#keep(digest, { answer, untilMillis: startedAt + refusedMillis });
        else this.#entries.delete(digest);
      },
    );
    return answer;
  }

  #keep(digest: string, entry: Entry): void {
    this.#entries.delete(digest);
    this.#entries.set(digest, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > capacity && oldest !== undefined) this.#entries.delete(oldest);
  }
}
