/** Codes of the editor, the command line, and Millrace's own files. */
import { type CodeTable, crashed, notice, permanent, transient, uncertain } from './behaviour.ts';

export const editorCodes = {
  'document/unknown': permanent('The document is not open in the engine.', 'Open it again.'),
  'document/untrusted': permanent('The pipeline was not made here, and is not trusted.', 'Check what it would read, write and run, then choose "Trust".'),
  'document/version': permanent('The engine holds another version of the pipeline.', 'The editor sends it again automatically.'),
  'autosave/damaged': permanent('The copy of unsaved changes cannot be read.', 'See the file that is named.'),
  'example/unknown': permanent('There is no such example.', 'Choose one of those that are listed.'),
  'trust/folder': permanent('A pipeline that is not trusted cannot be saved in a trusted folder.', 'Trust it first, or choose another folder.'),
  'trust/links': permanent('Links lead paths of the pipeline elsewhere than their names say.', 'Check where they lead; --force trusts it nevertheless.'),
  'trust/no-folder': permanent('The document has no file yet, and so no folder.', 'Save it first.'),
  'trust/unknown': permanent('The path is not trusted.', 'Use paths as "millrace trust list" shows them.'),
  'trust/wide-folder': permanent('The folder is too broad to be trusted as a whole.', 'Trust a folder in it, or confirm it.'),

  'preview/crashed': crashed('A preview ended unexpectedly.', 'Change the pipeline, or try again.'),
  'preview/superseded': notice('A newer preview took the place of this one.'),
  'result/crashed': crashed('The process that reads results ended unexpectedly.', 'Run the query again.'),
  'result/locked': transient('Another program writes the database.', 'Try again when it is done.'),
  'result/memory': permanent('A query needed too much memory and was stopped.', 'Ask for fewer rows.'),
  'result/not-a-database': permanent('The file is not a SQLite database.', 'Choose another file.'),
  'result/not-a-query': permanent('The statement is not a query.', 'Begin it with SELECT, WITH or VALUES.'),
  'result/slow': permanent('A query took too long and was stopped.', 'Ask for fewer rows, or add an index.'),
  'result/sql': permanent('SQLite refused a query.', 'Correct the query.'),
  'result/stopped': notice('A query was stopped.', 'Run it again.'),

  'protocol/frame': permanent('The data is too large, or too deeply nested, to transfer.', 'Leave out the column or the value, or write it to a file.'),
  'protocol/params': permanent('A request has the wrong form: two parts of Millrace are of different versions.', 'Restart Millrace.'),
  'protocol/too-long': permanent('A text is too long.', 'Shorten it.'),
  'protocol/unknown': permanent('There is no such request: two parts of Millrace are of different versions.', 'Restart Millrace.'),
  'protocol/version': permanent('Editor and engine are of different versions.', 'Close Millrace and start it again.'),

  'store/broken': notice("Millrace's own database was damaged: recent files, trust and settings start empty.", 'The old file is kept.'),
  'store/too-new': permanent("Millrace's own database is of a newer version.", 'Update Millrace.'),
  'store/unusable': notice('Recent files, trust and settings cannot be kept.', 'Make the folder writable, or set MILLRACE_DATA to another one.'),
  'store/unwritable': uncertain("Millrace's own files cannot be written.", 'Make room, or make the folder writable.'),

  'metrics/port': permanent('Metrics cannot be served at this port.', 'Choose another port with --metrics.'),
  'new-node/exists': permanent('The file of the new node exists already.', 'Choose another name.'),
  'new-node/kind': permanent('There is no such kind of node.', 'Use one of the kinds.'),
  'new-node/name': permanent('The name is not valid for a node.', 'Use lower-case words with dashes.'),
  'new-node/no-checkout': permanent('New nodes are written in a checkout of Millrace.', 'Clone its repository, and run the command there.'),
} as const satisfies CodeTable;
