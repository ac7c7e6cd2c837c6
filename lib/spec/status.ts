/** Why a served value is what it is. PRESENT covers a stored null too; clients treat an unknown status as not present. */
export const featureStatuses = ['PRESENT', 'MISSING', 'EXPIRED', 'DEFAULT', 'FALLBACK', 'MASKED', 'ERROR'] as const;
export type FeatureStatus = (typeof featureStatuses)[number];

/**
 * Marks of a stored row, one character per feature in manifest order; a row whose marks are all `present` stores none.
 * `empty`: the window held no value and the feature has its default. `error`: null because the result cannot be represented.
 */
export const rowMarks = { present: '.', empty: 'd', error: 'e' } as const;
