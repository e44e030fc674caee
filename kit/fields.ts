import type { ColumnType, Json } from '../model/values/types.ts';

/** The properties of every field of a params declaration. A field is plain data: it is sent over the protocol unchanged. */
export interface FieldBase {
  readonly label: string;
  /** One or two sentences under the field. */
  readonly help?: string;
  /** Folded away under "More" in the inspector. */
  readonly advanced?: boolean;
  /** A heading of the inspector for related fields, folded while all of them have their defaults. */
  readonly group?: string;
  /**
   * If nobody sets it, the value is determined from the input (`Discovery.detected`): the inspector shows it as a line of its group, which
   * opens to the evidence and the field. A list of columns gets a line for each column.
   */
  readonly detected?: boolean;
  /** May be left empty; the value is then null. */
  readonly optional?: boolean;
  /** Shown, validated and required only while another param of the same node has one of these values. */
  readonly when?: { readonly param: string; readonly is: readonly (string | number | boolean)[] };
}

type Of<K extends string, V, Extra = unknown> = FieldBase & { readonly kind: K; readonly default?: V } & Extra;

export type TextField = Of<
  'text',
  string,
  {
    /** An example of what may be typed. */
    readonly placeholder?: string;
    /** What an empty field means, in a word or two. */
    readonly whenEmpty?: string;
    readonly multiline?: boolean;
    readonly pattern?: string;
    readonly suggest?: 'timeZones' | 'encodings';
    /** Names that the node's connection offers: `ConnectionDefinition.entries`. */
    readonly entries?: string;
  }
>;
export type NumberField = Of<'number', number, { readonly min?: number; readonly max?: number; readonly integer?: boolean; readonly unit?: string }>;
/** Milliseconds in the params; the form accepts and shows `500ms`, `10s`, `5m`, `1h`, `1d`. `whenEmpty`: what an empty one means. */
export type DurationField = Of<'duration', number, { readonly min?: number; readonly whenEmpty?: string }>;
export type ChoiceField<C extends string = string> = Of<
  'choice',
  C,
  { readonly options: readonly { readonly value: C; readonly label: string; readonly help?: string }[] }
>;
export type BooleanField = Of<'boolean', boolean>;
/**
 * The name of one column of an input port (`input` defaults to the first one), or of the node's own first output: only `infer` knows the
 * latter, so it checks the name there (`outputColumnProblem`).
 */
export type ColumnField = Of<'column', string, { readonly input?: string; readonly of?: 'output'; readonly types?: readonly ColumnType[] }>;
export type ColumnsField = Of<'columns', readonly string[], { readonly input?: string; readonly types?: readonly ColumnType[]; readonly min?: number }>;
/** A TypeScript expression over `row`. `returns` is what its value must be. */
export type ExpressionField = Of<'expression', string, { readonly input?: string; readonly returns?: ColumnType | 'any'; readonly placeholder?: string }>;
/**
 * A TypeScript module with one `export default function`; `signature` is the template for an empty snippet. With `keyed`, the name of the
 * columns param with the keys, it is a keyed module (`onRow`, `onTimer`, `initial`) instead.
 */
export type CodeField = Of<'code', string, { readonly input?: string; readonly signature: string; readonly keyed?: string }>;
export type SqlField = Of<'sql', string, { readonly placeholder?: string }>;
/** A path; relative ones are relative to the pipeline's file. `glob` allows * and ? patterns that name several files. */
export type FileField = Of<
  'file',
  string,
  { readonly mode: 'open' | 'save'; readonly glob?: boolean; readonly extensions?: readonly string[]; readonly placeholder?: string }
>;
/** A reference to a secret (`${secret:name}`), never its text. A node that runs, looks or listens gets the text. */
export type SecretField = Of<'secret', string>;
/** The name of a connection of that type: see connection.ts. A node has at most one. */
export type ConnectionField = Of<'connection', string, { readonly type: string }>;
export type KeyValueField = Of<
  'keyValue',
  Readonly<Record<string, string>>,
  { readonly keyLabel?: string; readonly valueLabel?: string; readonly options?: readonly string[] }
>;
/**
 * Rows of small forms, e.g. the aggregations of an aggregate. Items contain flat fields only. `sampled`: the form offers to add an item for
 * each value that the sample has in the column which the sibling param `column` names; `into` is the item's text field for it. `readings`:
 * the item's field that names a column of the node's own; the form shows how cells of its sample are read.
 */
export type ListField<F extends Fields = Fields> = Of<
  'list',
  readonly ParamsOf<F>[],
  {
    readonly item: F;
    readonly itemLabel: string;
    readonly min?: number;
    readonly sampled?: { readonly column: string; readonly into: string };
    readonly readings?: string;
  }
>;
export type ConditionField = Of<'condition', Condition, { readonly input?: string }>;

export const conditionOperators = ['=', '!=', '<', '<=', '>', '>=', 'contains', 'startsWith', 'endsWith', 'matches', 'in', 'isNull', 'isNotNull'] as const;
export type ConditionOperator = (typeof conditionOperators)[number];
/** `value` is text as typed; the node casts it to the column's type. `in` takes a comma-separated list. */
export type ConditionRule = {
  readonly column: string;
  readonly operator: ConditionOperator;
  readonly value: string;
};
export type Condition = {
  readonly match: 'all' | 'any';
  readonly rules: readonly ConditionRule[];
};

export type Field =
  | TextField
  | NumberField
  | DurationField
  | ChoiceField
  | BooleanField
  | ColumnField
  | ColumnsField
  | ExpressionField
  | CodeField
  | SqlField
  | FileField
  | SecretField
  | ConnectionField
  | KeyValueField
  | ListField
  | ConditionField;
export type FieldKind = Field['kind'];
export type Fields = { readonly [name: string]: Field };

type ValueOf<F> =
  F extends ListField<infer I>
    ? readonly ParamsOf<I>[]
    : F extends { readonly kind: 'choice'; readonly options: readonly { readonly value: infer C }[] }
      ? C
      : F extends { readonly kind: 'text' | 'column' | 'expression' | 'code' | 'sql' | 'file' | 'secret' | 'connection' }
        ? string
        : F extends { readonly kind: 'number' | 'duration' }
          ? number
          : F extends { readonly kind: 'boolean' }
            ? boolean
            : F extends { readonly kind: 'columns' }
              ? readonly string[]
              : F extends { readonly kind: 'keyValue' }
                ? Readonly<Record<string, string>>
                : F extends { readonly kind: 'condition' }
                  ? Condition
                  : Json;
/** The params of any node. */
export type AnyParams = { readonly [name: string]: Json };
/** The TypeScript type of a node's params, from its declaration: optional fields may be null. */
export type ParamsOf<F extends Fields> = string extends keyof F
  ? AnyParams
  : { readonly [K in keyof F]: F[K] extends { readonly optional: true } ? ValueOf<F[K]> | null : ValueOf<F[K]> };

type Options<F> = Omit<F, 'kind'>;
const field =
  <const K extends string>(kind: K) =>
  <F extends { readonly kind: K }>() =>
  <const O extends Options<F>>(options: O) =>
    ({ kind, ...options }) as { readonly kind: K } & O;

/** The builders for params declarations. */
export const f = {
  text: field('text')<TextField>(),
  number: field('number')<NumberField>(),
  duration: field('duration')<DurationField>(),
  choice: field('choice')<ChoiceField>(),
  boolean: field('boolean')<BooleanField>(),
  column: field('column')<ColumnField>(),
  columns: field('columns')<ColumnsField>(),
  expression: field('expression')<ExpressionField>(),
  code: field('code')<CodeField>(),
  sql: field('sql')<SqlField>(),
  file: field('file')<FileField>(),
  secret: field('secret')<SecretField>(),
  connection: field('connection')<ConnectionField>(),
  keyValue: field('keyValue')<KeyValueField>(),
  list: <const F extends Fields, const O extends Omit<ListField<F>, 'kind' | 'item'>>(options: O & { readonly item: F }) =>
    ({ kind: 'list', ...options }) as { readonly kind: 'list' } & O & ListField<F>,
  condition: field('condition')<ConditionField>(),
};
