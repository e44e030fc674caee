/** The params of the source of changes. */
import { f, type ParamsOf } from '@millrace/kit/fields';
import { columnTypesField } from '../formats/column-fields.ts';
import { changeColumnFields } from './change-columns.ts';
import { queryParams } from './query-params.ts';

const group = 'At the server';

export const changeParams = {
  connection: f.connection({ label: 'Connection', type: 'postgres' }),
  table: f.text({ label: 'Table', placeholder: 'orders', entries: 'tables', help: 'Or schema.table where it is not in "public".' }),
  begin: f.choice({
    label: 'Begin with',
    default: 'rows',
    help: 'For a run that starts from scratch. One that resumes goes on where it was.',
    options: [
      { value: 'rows', label: 'The rows of the table', help: 'All of them as they are at one moment, then every change from there on.' },
      { value: 'changes', label: 'Changes from now on' },
    ],
  }),
  slotBy: f.choice({
    label: 'Replication slot',
    default: 'run',
    group,
    options: [
      { value: 'run', label: 'Made by the run' },
      { value: 'others', label: 'It exists', help: 'Read from where it is, without the rows of the table.' },
    ],
  }),
  slot: f.text({
    label: 'Name of the slot',
    optional: true,
    entries: 'slots',
    group,
    placeholder: 'millrace_orders',
    help: 'Of a-z, 0-9 and _; another one for each pipeline. Empty: millrace_ and the name of the table.',
  }),
  publicationBy: f.choice({
    label: 'Publication',
    default: 'run',
    group,
    options: [
      { value: 'run', label: 'Made by the run', help: 'The user of the connection has to own the table.' },
      { value: 'others', label: 'It exists' },
    ],
  }),
  publication: f.text({
    label: 'Name of the publication',
    optional: true,
    entries: 'publications',
    group,
    placeholder: 'millrace_orders',
    help: 'Empty: the name of the slot.',
  }),
  removal: f.choice({
    label: 'When the run is drained',
    default: 'keep',
    group,
    help: 'A slot that nobody reads makes the server keep all of its log, until its disk is full.',
    options: [
      { value: 'keep', label: 'What it has made stays', help: 'The next run goes on where this one was.' },
      { value: 'remove', label: 'What it has made is removed', help: 'Slot and publication. The next run has to start from scratch.' },
    ],
  }),
  finer: queryParams.finer,
  ...changeColumnFields,
  types: columnTypesField,
};
export type ChangeParams = ParamsOf<typeof changeParams>;

const ownSlots = 'millrace';
const longestName = 63;

/** What the server is asked for; a slot of that prefix that exists is an earlier one of a pipeline, and no other program's. */
export function namesOf({ table, slot, publication }: Pick<ChangeParams, 'table' | 'slot' | 'publication'>): {
  readonly slot: string;
  readonly publication: string;
} {
  const name = slot || `${ownSlots}_${table.toLowerCase().replace(/[^a-z0-9_]+/g, '_')}`.slice(0, longestName);
  return { slot: name, publication: publication || name };
}
export function isOwnName(slot: string): boolean {
  return slot.startsWith(ownSlots);
}
export function isSlotName(slot: string): boolean {
  return /^[a-z0-9_]{1,63}$/.test(slot);
}
