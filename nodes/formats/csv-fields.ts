/** The params for reading CSV. */
import { f } from '@millrace/kit/fields';
import { formatGroup as group, limitsGroup } from './column-fields.ts';

export const delimiters = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' } as const;

/** The fields of a dialect that rarely need to be set. */
export const dialectFields = {
  skip: f.number({
    label: 'Lines to skip',
    group,
    detected: true,
    optional: true,
    min: 0,
    integer: true,
    whenEmpty: 'Detect',
    help: 'At the beginning of each file, before the header. Empty: lines before a table, and the line sep=; of Excel, are detected.',
  }),
  comment: f.text({
    label: 'Comment lines',
    group,
    detected: true,
    default: 'auto',
    optional: true,
    advanced: true,
    help: 'Lines that begin with this character are left out. auto is # where such lines are clearly no rows. Empty: there are none.',
  }),
  escape: f.choice({
    label: 'Quotes within quotes',
    group,
    detected: true,
    default: 'auto',
    advanced: true,
    options: [
      { value: 'auto', label: 'Detect' },
      { value: 'none', label: 'Written twice ""' },
      {
        value: 'backslash',
        label: 'Behind a backslash \\"',
        help: 'Also delimiters, line breaks and backslashes. Before anything else a backslash stays as it is.',
      },
    ],
  }),
  trailing: f.choice({
    label: 'Delimiter at line ends',
    group,
    detected: true,
    default: 'auto',
    advanced: true,
    options: [
      { value: 'auto', label: 'Detect' },
      { value: 'no', label: 'Begins one more field' },
      { value: 'yes', label: 'Ignored' },
    ],
  }),
  lineEnds: f.choice({
    label: 'Line ends',
    group,
    detected: true,
    default: 'auto',
    advanced: true,
    options: [
      { value: 'auto', label: 'Detect', help: 'LF, CR LF, or CR alone where the beginning of the file has no LF.' },
      { value: 'any', label: 'LF, CR LF and CR', help: 'For files that mix them. A CR alone within quotes becomes LF.' },
    ],
  }),
  width: f.choice({
    label: 'Too few or too many fields',
    group: limitsGroup,
    default: 'strict',
    options: [
      { value: 'strict', label: 'The row fails' },
      { value: 'fill', label: 'Fill with null; too many fail' },
      { value: 'cut', label: 'Fill with null, drop extra fields', help: 'The log says how many rows had too few or too many.' },
    ],
  }),
};
