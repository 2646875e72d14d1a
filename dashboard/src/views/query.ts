// What stands in the search box: a vector, or the id of one.

export type Query = {readonly kind: 'vector'; readonly values: number[]} | {readonly kind: 'id'; readonly id: string};

/**
 * `[0.1, 2]` and `0.1 2` are vectors, everything else is an id; `"7"` in quotes is the id 7.
 * @param dimension of the index: a single number is a vector only where that is 1.
 * @throws Error with what to tell.
 */
export function queryOf(text: string, dimension: number): Query {
  const trimmed = text.trim();
  if (trimmed === '') throw new Error('The box is empty: give a vector, or the id of one.');
  if (trimmed.startsWith('[')) {
    let values: unknown;
    try {
      values = JSON.parse(trimmed);
    } catch {
      throw new Error('This begins like a JSON array, and is none.');
    }
    return vector(values, dimension);
  }
  const quoted = /^"(.*)"$/s.exec(trimmed)?.[1];
  if (quoted !== undefined) return {kind: 'id', id: quoted};
  const parts = trimmed.split(/[\s,;]+/).filter(Boolean);
  const numbers = parts.map(Number);
  if (numbers.every(Number.isFinite) && (parts.length > 1 || dimension === 1)) return vector(numbers, dimension);
  return {kind: 'id', id: trimmed};
}

function vector(values: unknown, dimension: number): Query {
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'number')) throw new Error('A vector is a list of numbers.');
  if (values.length !== dimension) throw new Error(`The vector has ${values.length} numbers, the index ${dimension} dimensions.`);
  return {kind: 'vector', values: values as number[]};
}
