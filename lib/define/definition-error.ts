/**
 * What a wrong definition is compared with, so that the compiler's message carries a sentence:
 * `... is not assignable to type 'DefinitionError<"column \"fair\" is not in source \"trips\"; it has fare, status">'`.
 */
export interface DefinitionError<TSentence extends string> {
  readonly problem: { readonly sentence: TSentence };
}

/** `unknown` where there is no sentence, so that it vanishes in an intersection; the error otherwise. */
export type Refuse<TSentence extends string> = [TSentence] extends [never] ? unknown : DefinitionError<TSentence>;

/** The members of a union of names as `a, b, c`. Only evaluated for a definition that is wrong. */
export type Names<TUnion> = JoinNames<TUnion & string>;

type JoinNames<TUnion extends string, TText extends string = ''> = [TUnion] extends [never]
  ? TText
  : LastOf<TUnion> extends infer TLast extends string
    ? JoinNames<Exclude<TUnion, TLast>, TText extends '' ? TLast : `${TLast}, ${TText}`>
    : never;

/** Some last member of a union; the compiler keeps literals in alphabetical order. */
type LastOf<TUnion> = (TUnion extends unknown ? (member: () => TUnion) => void : never) extends (
  last: infer TIntersection,
) => void
  ? TIntersection extends () => infer TLast
    ? TLast
    : never
  : never;
