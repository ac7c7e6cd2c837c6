/** Durations are plain numbers of milliseconds; these say them in words. Whether one is whole and positive is checked by `compile`. */

/** @__NO_SIDE_EFFECTS__ */
export const seconds = (count: number): number => count * 1000;
/** @__NO_SIDE_EFFECTS__ */
export const minutes = (count: number): number => seconds(count * 60);
/** @__NO_SIDE_EFFECTS__ */
export const hours = (count: number): number => minutes(count * 60);
/** A day is 24 hours: all time is UTC. @__NO_SIDE_EFFECTS__ */
export const days = (count: number): number => hours(count * 24);
