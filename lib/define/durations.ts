/** Durations are plain numbers of milliseconds; these say them in words. Whether one is whole and positive is checked by `compile`. */

export const seconds = (count: number): number => count * 1000;
export const minutes = (count: number): number => seconds(count * 60);
export const hours = (count: number): number => minutes(count * 60);
/** A day is 24 hours: all time is UTC. */
export const days = (count: number): number => hours(count * 24);
