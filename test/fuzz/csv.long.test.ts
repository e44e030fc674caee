import { describe, test } from 'vitest';
import { expectPythonReads, expectReadAsPythonReads, expectReadAsPythonWrites, expectValuesAsInPython } from './csv.ts';
import { has } from './python.ts';

describe.skipIf(!has.python)('CSV, beside Python’s csv module and DuckDB', () => {
  test('is read as Python writes it, in any dialect', () => expectReadAsPythonWrites(5000));
  test('is written as Python and DuckDB read it', () => expectPythonReads(5000));
  test('of any text is read as Python reads it', () => expectReadAsPythonReads(10_000));
  test('has the values that Python gives its cells', () => expectValuesAsInPython(1000));
});
