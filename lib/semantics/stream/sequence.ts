/** Digits of the longest sequence number that Kinesis gives. */
const sequenceDigits = 56;

/** A sequence number as text whose order is the numbers' order: 56 digits, left-padded with zeros. */
export const sequenceText = (sequence: string | bigint): string => String(sequence).padStart(sequenceDigits, '0');

/** The number as Kinesis gave it, without padding. */
export const sequenceNumber = (text: string): string => text.replace(/^0+(?=\d)/, '');
