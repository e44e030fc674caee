import type { Widgets } from '../form/widget.ts';
import { BooleanWidget } from './BooleanWidget.tsx';
import { ChoiceWidget } from './ChoiceWidget.tsx';
import { CodeWidget } from './CodeWidget.tsx';
import { ColumnsWidget } from './ColumnsWidget.tsx';
import { ColumnWidget } from './ColumnWidget.tsx';
import { ConditionWidget } from './ConditionWidget.tsx';
import { ConnectionWidget } from './ConnectionWidget.tsx';
import { DurationWidget } from './DurationWidget.tsx';
import { ExpressionWidget } from './ExpressionWidget.tsx';
import { FileWidget } from './FileWidget.tsx';
import { KeyValueWidget } from './KeyValueWidget.tsx';
import { ListWidget } from './ListWidget.tsx';
import { NumberWidget } from './NumberWidget.tsx';
import { SecretWidget } from './SecretWidget.tsx';
import { TextWidget } from './TextWidget.tsx';

/** The widget of each field kind. A new kind is one file here and one line. */
export const widgets: Widgets = {
  text: TextWidget,
  number: NumberWidget,
  duration: DurationWidget,
  choice: ChoiceWidget,
  boolean: BooleanWidget,
  column: ColumnWidget,
  columns: ColumnsWidget,
  expression: ExpressionWidget,
  code: CodeWidget,
  sql: CodeWidget,
  file: FileWidget,
  secret: SecretWidget,
  connection: ConnectionWidget,
  keyValue: KeyValueWidget,
  list: ListWidget,
  condition: ConditionWidget,
};
