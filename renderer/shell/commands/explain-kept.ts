import { describeSelection } from '../../graph/selection-text.ts';
import { notify } from '../notify.ts';

/** A key that deletes was pressed where it may have been meant for a text. */
export function explainKept(): void {
  notify(`Nothing was deleted. To delete ${describeSelection()} with the keyboard, first click it, or move to it with Tab or Alt and an arrow key.`);
}
