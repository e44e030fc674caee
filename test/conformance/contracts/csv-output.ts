import { namedPipe } from '../named-pipe.ts';
import { folderParams, writtenFolders } from '../written-folders.ts';
import { type LineFormat, writtenLines } from '../written-lines.ts';

const format: LineFormat = {
  file: 'out.csv',
  before: 'n,text\n-1,before\n',
  numberOf: (line) => (line === 'n,text' ? null : Number(line.split(',')[0])),
};
const inFolders: LineFormat = {
  ...format,
  before: 'n,text,part\n-1,before,0\n',
  numberOf: (line) => (line === 'n,text,part' ? null : Number(line.split(',')[0])),
};
const params = { path: format.file };

export default {
  'a new file': writtenLines(format, { params, earlier: 'make way' }),
  'a file that is replaced': writtenLines(format, { params, earlier: 'make way', exists: true }),
  'a file that is added to': writtenLines(format, { params: { ...params, mode: 'append' }, earlier: 'stay', exists: true }),
  'a new file, seen at once': writtenLines(format, { params: { ...params, visible: 'at-once' }, earlier: 'make way', early: 'with checkpoints' }),
  'a file that is added to, seen at once': writtenLines(format, {
    params: { ...params, mode: 'append', visible: 'at-once' },
    earlier: 'stay',
    early: 'with checkpoints',
    exists: true,
  }),
  'a packed file that is added to': writtenLines(format, { params: { ...params, mode: 'append', compress: true }, earlier: 'stay', exists: true }),
  'files in folders': writtenFolders(inFolders, { params: { ...params, ...folderParams }, earlier: 'make way' }),
  'files in folders that are added to': writtenFolders(inFolders, { params: { ...params, ...folderParams, mode: 'append' }, earlier: 'stay', exists: true }),
  ...(process.platform !== 'win32' && { 'a named pipe': namedPipe(format, { params, earlier: 'make way' }) }),
};
