/** The params of sinks that write a file for each day, customer and so on, in folders named after it. */
import { duplicateNames, keyTypes } from '@millrace/kit/columns';
import { f } from '@millrace/kit/fields';
import type { NodeProblem } from '@millrace/kit/node';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { zoneProblem } from '../../model/time/zone.ts';
import type { Schema } from '../../model/values/types.ts';
import { encodedName, type FolderBy, folderName } from './folder-names.ts';

const group = 'Folders';
export interface FolderParams {
  readonly folders: readonly FolderBy[];
  readonly folderZone: string;
}

export const folderFields = {
  folders: f.list({
    label: 'Folders by',
    help: 'Each row goes to the file of its folder, such as date=2026-01-31/result.csv, beside the place of the file. None: one file for all rows.',
    itemLabel: 'Folder',
    group,
    item: {
      column: f.column({ label: 'Column', types: keyTypes }),
      by: f.choice({
        label: 'By its',
        default: 'value',
        options: [
          { value: 'value', label: 'Value' },
          { value: 'date', label: 'Date', help: 'date=2026-01-31' },
          { value: 'year', label: 'Year', help: 'year=2026' },
          { value: 'month', label: 'Month', help: 'month=01' },
          { value: 'day', label: 'Day of the month', help: 'day=31' },
          { value: 'hour', label: 'Hour', help: 'hour=00 to hour=23' },
          { value: 'minute', label: 'Minute', help: 'minute=00 to minute=59' },
        ],
      }),
      name: f.text({ label: 'Name', optional: true, whenEmpty: 'as the column, or date, year, …' }),
    },
    default: [],
  }),
  folderZone: f.text({
    label: 'Time zone of folders',
    group,
    default: 'UTC',
    suggest: 'timeZones',
    help: 'The zone whose dates and hours are meant: Europe/Berlin, UTC or +02:00, for example.',
  }),
};

export const folderDocs = `
### Folders by
**Folders by** writes a file for each date, customer and so on. With the file \`out/bids.csv\` and folders by the *date* and *hour* of a time, rows go to \`out/date=2026-01-31/hour=17/bids.csv\`. Hive, Spark and DuckDB read such folders.

- Folders are created as needed, inside the folder of the file. A row keeps all of its columns.
- Null and empty text go to \`__HIVE_DEFAULT_PARTITION__\`. Characters that are not allowed in the name of a folder are written as \`%2F\`. A row whose name would be longer than 255 bytes fails.
- Each file is written as a single one would be: exactly once, at the end or with each checkpoint. The files of one commit are put in place one after the other; if the run is killed in between, the others follow when it resumes.
- **Replace** replaces the files of folders that get rows. Files in other folders stay.
- At most 64 files are open at a time; the least recently used ones are closed and opened again. A run that has written to 100,000 folders fails, because that many are nearly always a mistake. Choose coarser folders, or one file.
- Rows cannot become visible at once with folders.
`;

export function folderCard({ folders }: FolderParams): string {
  return folders.length > 0 ? `\nby ${folders.map(folderName).join(', ')}` : '';
}

/** The path of all files of a sink, as a pattern if it writes to folders. */
export function pathOfAll(path: string, { folders }: FolderParams): string {
  const start = path.length - (/[^/\\]*$/.exec(path)?.[0].length ?? 0);
  return path.slice(0, start) + folders.map((folder) => `${encodedName(folderName(folder))}=*/`).join('') + path.slice(start);
}

export function folderProblems({ folders, folderZone, visible }: FolderParams & { readonly visible: string }, rows: Schema | null): NodeProblem[] {
  if (folders.length === 0) return [];
  const problems = duplicateNames(folders.map(folderName), (i) => `folders.${i}.name`).map((problem) => ({
    ...problem,
    message: problem.message.replace('columns', 'folders'),
  }));
  const error = (code: ProblemCode, message: string, hint: string, field: string) => problems.push({ code, severity: 'error', message, hint, field });
  folders.forEach(({ column, by }, i) => {
    const type = rows?.columns.find(({ name }) => name === column)?.type;
    if (!type || by === 'value' || type === 'timestamp' || (type === 'date' && by !== 'hour' && by !== 'minute')) return;
    error('folders/no-time', `"${column}" is ${type} and has no ${by}`, 'Choose a column of times, or folders by its value.', `folders.${i}.by`);
  });
  const zone = zoneProblem(folderZone);
  if (zone) error('folders/zone', zone.message, zone.hint, 'folderZone');
  if (visible === 'at-once') {
    error('folders/at-once', 'Rows in folders cannot become visible at once', 'Choose "With each checkpoint", or no folders.', 'visible');
  }
  return problems;
}
