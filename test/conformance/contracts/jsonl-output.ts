import { folderParams, writtenFolders } from '../written-folders.ts';
import { type LineFormat, writtenLines } from '../written-lines.ts';

const format: LineFormat = {
  file: 'out.jsonl',
  before: '{"n":-1,"text":"before"}\n',
  numberOf: (line) => JSON.parse(line).n,
};
const params = { path: format.file };

export default {
  'a file that is replaced': writtenLines(format, { params, earlier: 'make way', exists: true }),
  'a packed file that is added to, seen at once': writtenLines(format, {
    params: { ...params, mode: 'append', compress: true, visible: 'at-once' },
    earlier: 'stay',
    early: 'with checkpoints',
    exists: true,
  }),
  'files in folders': writtenFolders(format, { params: { ...params, ...folderParams }, earlier: 'make way' }),
};
