import { feature, float32, onDemandView, pick } from 'tidemark';
import { tripRequest } from './sources.ts';
import { userStats } from './stats.ts';

const kmPerDegree = 111;
const farePerKm = 2.5;
const tripsPerMonth = 30;

/** Every step is rounded to float32, as in an array of float32: notebooks that compute these features so get the same digits. */
const float = Math.fround;

/** A division that has no answer (0/0) has no value; x/0 stays infinite. */
const divide = (a: number | null, b: number | null): number | null => {
  if (a === null || b === null) return null;
  const quotient = float(a / b);
  return Number.isNaN(quotient) ? null : quotient;
};
const square = (x: number): number => float(float(x) * float(x));
/** Flat-earth distance: good enough inside one city. */
const distanceKm = (deltaLat: number, deltaLon: number): number =>
  float(float(Math.sqrt(float(square(deltaLat) + square(deltaLon)))) * kmPerDegree);
const monthlyFare = (distance: number): number => float(float(distance * farePerKm) * tripsPerMonth);
const clipped = (share: number | null): number | null => (share === null ? null : Math.min(Math.max(share, 0), 1));

/** The ride that is ordered, against what its user usually does. */
export const tripFeatures = onDemandView('trip_features', {
  inputs: { trip: tripRequest, user: pick(userStats, ['avg_trip_distance_30d', 'total_spend_30d']) },
  outputs: {
    trip_distance_estimate: feature(float32(), { description: 'estimated distance in km' }),
    trip_distance_ratio: feature(float32(), {
      description: "estimate against the user's mean distance; 1 where that is unknown",
    }),
    user_affordability_score: feature(float32(), {
      description: "the user's monthly spend against a month of such trips, 0 to 1",
    }),
  },
  owner: 'ml-platform',
  transform: ({ trip, user }) => {
    const { pickup_lat, pickup_lon, dropoff_lat, dropoff_lon } = trip;
    const isKnown = pickup_lat !== null && pickup_lon !== null && dropoff_lat !== null && dropoff_lon !== null;
    const estimate = isKnown ? distanceKm(dropoff_lat - pickup_lat, dropoff_lon - pickup_lon) : null;
    return {
      trip_distance_estimate: estimate,
      trip_distance_ratio: divide(estimate, user.avg_trip_distance_30d) ?? 1,
      user_affordability_score: clipped(divide(user.total_spend_30d, estimate === null ? null : monthlyFare(estimate))),
    };
  },
});
