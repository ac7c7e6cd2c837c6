/** Secrets by ARN or name. */
export interface Secrets {
  /** The secret's text. Rejects when there is none or it may not be read. */
  get(id: string): Promise<string>;
}
