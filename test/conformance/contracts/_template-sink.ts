import { type LineFormat, writtenLines } from '../written-lines.ts';

// What the contract suite has to know of a sink: see SinkHarness. Each setting is put through every test of the suite.
const format: LineFormat = { file: 'rows.txt', before: '{"n":-1}\n', numberOf: (line) => JSON.parse(line).n };
const params = { path: format.file };

export default {
  'a new file': writtenLines(format, { params, earlier: 'make way' }),
  'a file that is replaced': writtenLines(format, { params, earlier: 'make way', exists: true }),
};
