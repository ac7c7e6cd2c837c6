import { compareTexts } from '#semantics/value.ts';
import { parseRecordBody } from '../record-body.ts';
import type { JobRecord, Records } from '../records.ts';

/** Records of one process. For tests. */
export class MemoryRecords implements Records {
  /** By group, then sort; bodies as JSON text, as the real store keeps them. */
  readonly #groups = new Map<string, Map<string, string>>();

  async put(record: JobRecord): Promise<void> {
    const group = this.#groups.get(record.group) ?? new Map<string, string>();
    this.#groups.set(record.group, group.set(record.sort, JSON.stringify(record.body)));
  }

  async get(group: string, sort: string): Promise<JobRecord | undefined> {
    const body = this.#groups.get(group)?.get(sort);
    return body === undefined ? undefined : { group, sort, body: parseRecordBody(body) };
  }

  async list(group: string, limit: number): Promise<readonly JobRecord[]> {
    const records = [...(this.#groups.get(group) ?? [])].sort(([a], [b]) => compareTexts(b, a));
    return records.slice(0, limit).map(([sort, body]) => ({ group, sort, body: parseRecordBody(body) }));
  }
}
