import { describe, test } from 'vitest';
import { expectJsonAsInPython } from './json.ts';
import { has } from './python.ts';

describe.skipIf(!has.python)('JSON, beside Python’s json module', () => {
  test('has the values and the faults that Python finds', () => expectJsonAsInPython(150));
});
