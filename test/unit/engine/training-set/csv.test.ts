import { describe, expect, it } from 'vitest';
import { type CsvRecord, csvBlocks } from '#engine/training-set/csv-records.ts';
import { addCell, type CsvType, cellValue, inferType, noFacts } from '#engine/training-set/csv-types.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function records(text: string | Uint8Array, chunkBytes = 1_000_000): Promise<CsvRecord[]> {
  const all = typeof text === 'string' ? bytes(text) : text;
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < all.length; start += chunkBytes) chunks.push(all.subarray(start, start + chunkBytes));
  const found: CsvRecord[] = [];
  for await (const block of csvBlocks(chunks)) found.push(...block.records);
  return found;
}

describe('CSV records', () => {
  it.each<[string, string, CsvRecord[]]>([
    [
      'lines with LF',
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'lines with CRLF',
      'a,b\r\n1,2\r\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a last line without newline',
      'a,b\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a last line that ends in CR',
      'a,b\r\n1,2\r',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a BOM',
      '\ufeffa,b\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'quotes, commas, newlines and CRLF in quotes',
      '"x ""y""","1,2","l\nm","p\r\nq"\n',
      [['x "y"', '1,2', 'l\nm', 'p\r\nq']],
    ],
    ['empty cells as null and quoted ones as empty text', ',"",\n', [[null, '', null]]],
    ['a carriage return inside a plain cell', 'a\rb,c\n', [['a\rb', 'c']]],
    ['spaces and characters of every width', ' ä ,日本,🦆\n', [[' ä ', '日本', '🦆']]],
    ['an empty line', 'a\n\nb\n', [['a'], [null], ['b']]],
  ])('reads %s', async (_, text, expected) => {
    expect(await records(text)).toEqual(expected);
  });

  it('gives the same records however the bytes are cut', async () => {
    const text = '\ufeffid,"na""me",note\r\n1,"ä\n,日",x\r\n2,,"🦆"\r\n3,"""",""\r\n';
    const whole = await records(text);
    expect(whole).toHaveLength(4);
    for (let chunk = 1; chunk < bytes(text).length; chunk++) expect(await records(text, chunk)).toEqual(whole);
  });

  it('goes on from the end of a block', async () => {
    const all = bytes('a,b\n1,2\n3,"4\n5"\n6,7\n');
    const ends: number[] = [];
    for await (const { endOffset } of csvBlocks([all.subarray(0, 9), all.subarray(9, 18), all.subarray(18)]))
      ends.push(endOffset);
    expect(ends).toEqual([8, 16, 20]);
    const rest: CsvRecord[] = [];
    for await (const block of csvBlocks([all.subarray(8)], 8)) rest.push(...block.records);
    expect(rest).toEqual([
      ['3', '4\n5'],
      ['6', '7'],
    ]);
  });

  it.each([
    ['a quote that is never closed', 'a\n"b,c\n', 'a double quote is not closed, near "\\"b,c\\n"'],
    [
      'a quote inside a plain cell',
      'a\n5" pipe"\n',
      'a double quote stands inside a cell that does not start with one, near "5\\" pipe\\"\\n"',
    ],
    ['text after a closing quote', '"a"b\n', 'text follows a closing double quote, near "\\"a\\"b\\n"'],
  ])('refuses %s', async (_, text, problem) => {
    await expect(records(text)).rejects.toThrow(`the spine is not readable as CSV: ${problem}`);
  });

  it('refuses bytes that are not UTF-8', async () => {
    await expect(records(new Uint8Array([0x61, 0x0a, 0xe4, 0x0a]))).rejects.toThrow(
      'the spine is not readable as CSV: it is not UTF-8; save it as UTF-8',
    );
  });
});

describe('CSV types', () => {
  const typeOf = (...cells: (string | null)[]): CsvType => {
    const facts = noFacts();
    cells.forEach((cell, row) => {
      addCell(facts, cell, row);
    });
    return inferType(facts);
  };

  it.each<[CsvType, (string | null)[]]>([
    ['int64', ['1', '-2', null, '0']],
    ['int64', ['9223372036854775807', '-9223372036854775808']],
    ['string', ['9223372036854775808']],
    ['string', ['007', '1']],
    ['string', ['+48123']],
    ['string', ['0042.5']],
    ['string', [' 1']],
    ['float64', ['1', '2.5', '-0']],
    ['float64', ['1e3', '-2.5E-7', '3.']],
    ['float64', ['NaN', 'inf', '-Infinity', '0.1']],
    ['string', ['nan']],
    ['string', ['NA', '1']],
    ['string', ['9007199254740993', '0.5']],
    ['bool', ['true', 'False', null]],
    ['string', ['true', '1']],
    ['string', ['yes']],
    ['string', ['2026-01-01T00:00:00Z']],
    ['string', [null, null]],
    ['string', [null, '']],
    ['string', []],
  ])('finds %s in %j', (type, cells) => {
    expect(typeOf(...cells)).toBe(type);
  });

  it('keeps every value exactly', () => {
    expect(cellValue('9007199254740993', 'int64')).toBe(9007199254740993n);
    expect(cellValue('-0', 'float64')).toBe(-0);
    expect(cellValue('-inf', 'float64')).toBe(Number.NEGATIVE_INFINITY);
    expect(cellValue('NaN', 'float64')).toBeNaN();
    expect(cellValue('False', 'bool')).toBe(false);
    expect(cellValue('', 'string')).toBe('');
    expect(cellValue('', 'int64')).toBeNull();
    expect(cellValue(null, 'string')).toBeNull();
  });
});
