import { setTimeout as wait } from 'node:timers/promises';
import { utf8Bytes } from '#codec/utf8.ts';
import { partitionKeys } from '#engine/ingest/partition-key.ts';
import { findStreamSource } from '#spec/find.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { PutOutcome } from '#store/event-stream.ts';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';
import type { DeployedFlights } from './deployed-flights.ts';
import { type HttpAnswer, httpCall } from './http-call.ts';

/** An event of departure_events as its producer writes it. */
export type Departure = Readonly<Record<string, unknown>>;

/** By feature. */
export interface LiveWindows {
  readonly values: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, string>>;
}

/** As long as a machine that is busy with other things may take; what is usual is measured by bench/freshness.bench.ts. */
const deadlineMillis = 90_000;
const pollMillis = 100;

/** The stream of the deployed flights, from both of its ends: events in, windows of a carrier out. Carriers are of this instance alone. */
export class LiveDepartures {
  readonly source: StreamSource;
  readonly #flights: DeployedFlights;
  readonly #stream: KinesisEventStream;
  readonly #run = Date.now().toString(36).toUpperCase();
  #carriers = 0;
  #flightId = Date.now() * 1000;

  constructor(flights: DeployedFlights) {
    this.#flights = flights;
    this.source = findStreamSource(flights.manifest, 'departure_events');
    const streamName = flights.target.streams.departure_events ?? '';
    this.#stream = new KinesisEventStream({ client: createKinesisClient(), streamName });
  }

  /** The name of a carrier that no event has had before. */
  newCarrier(): string {
    return `T${this.#run}-${this.#carriers++}`;
  }

  /** A flight that leaves now, 12 minutes late, and that is like no other. */
  departure(carrier: string, changes: Departure = {}): Departure {
    const now = new Date().toISOString();
    const flight = { flight_id: this.#flightId++, carrier, flight_number: 7, tailnum: null, origin: null, dest: 'IAH' };
    const times = { scheduled_departure: now, event_timestamp: now, created_timestamp: now };
    return { ...flight, ...times, distance: 1400, dep_delay: 12, cancelled: false, ...changes };
  }

  push(events: readonly unknown[]): Promise<HttpAnswer> {
    return httpCall(this.#flights.target, '/v1/push/departure_events', { body: { events } });
  }

  /** Puts records into Kinesis as they are, in this order, into the shard of the carrier. */
  put(carrier: string, texts: readonly string[]): Promise<readonly PutOutcome[]> {
    const partitionKey = this.partitionKey(carrier);
    return this.#stream.put(texts.map((text) => ({ partitionKey, data: utf8Bytes(text) })));
  }

  partitionKey(carrier: string): string {
    return partitionKeys(this.source)({ carrier });
  }

  /** All that carrier_departures_live serves of a carrier now. */
  async windows(carrier: string): Promise<LiveWindows> {
    const view = this.#flights.manifest.views.find(({ name }) => name === 'carrier_departures_live');
    const names = (view?.features ?? []).map(({ name }) => name);
    const body = { features: names.map((name) => `carrier_departures_live:${name}`), entities: [{ carrier }] };
    const answer = await httpCall(this.#flights.target, '/v1/online-features', { body });
    if (answer.status !== 200) throw new Error(`serving answered ${answer.status}: ${answer.text}`);
    const { rows } = answer.json as { rows: { values: unknown[]; status: string[] }[] }; // the API's documented shape
    const [row] = rows;
    return {
      values: Object.fromEntries(names.map((name, at) => [name, row?.values[at]])),
      status: Object.fromEntries(names.map((name, at) => [name, row?.status[at] ?? 'none'])),
    };
  }

  /** The first windows in which this many departures count, or more. Throws when that takes too long. */
  async windowsOnceCounted(carrier: string, departures: number): Promise<LiveWindows> {
    const startedAt = Date.now();
    for (;;) {
      const windows = await this.windows(carrier);
      if (Number(windows.values.departures_1h) >= departures) return windows;
      if (Date.now() - startedAt > deadlineMillis)
        throw new Error(`${carrier} has ${windows.values.departures_1h} departures, not ${departures}`);
      await wait(pollMillis);
    }
  }
}
