/** The overhead of an entry beside its value and the characters of its key: measured, including a Map's place. */
export const entryBytes = 160;

/**
 * About how many bytes a value takes in memory. Long lists are estimated from their ends, so that this costs almost nothing at each change.
 * `depth` is enough for rows within groups within a chunk.
 */
export function estimateBytes(value: unknown, depth = 5): number {
  switch (typeof value) {
    case 'string':
      return 16 + value.length;
    case 'object':
      break;
    default:
      return 8;
  }
  if (value === null) return 8;
  if (Array.isArray(value)) {
    const { length } = value;
    if (length === 0 || depth === 0) return 32 + 8 * length;
    if (length <= 4) {
      let bytes = 32;
      for (const item of value) bytes += estimateBytes(item, depth - 1);
      return bytes;
    }
    return (
      32 + (length / 3) * (estimateBytes(value[0], depth - 1) + estimateBytes(value[length >> 1], depth - 1) + estimateBytes(value[length - 1], depth - 1))
    );
  }
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength;
  if (depth === 0) return 64;
  let bytes = 32;
  for (const name in value) bytes += estimateBytes((value as { [name: string]: unknown })[name], depth - 1);
  return bytes;
}
