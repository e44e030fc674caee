import { describe, test } from 'vitest';
import { expectPythonReads, expectReadAsPythonReads, expectReadAsPythonWrites, expectValuesAsInPython } from './csv.ts';
import { has } from './python.ts';

describe.skipIf(!has.python)('CSV, beside Python’s csv module', () => {
  test('is read as Python writes it, in any dialect', () => expectReadAsPythonWrites(60));
  test('is written as Python reads it', () => expectPythonReads(60));
  test('of any text is read as Python reads it', () => expectReadAsPythonReads(80));
  test('has the values that Python gives its cells', () => expectValuesAsInPython(12));
});
