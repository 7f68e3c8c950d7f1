import type { Guard } from '../api/guard';
import { isAnything, isFlag, isText, listOf, nullable, oneOf, shape } from '../api/guard';
import type { JsonRecord, Parameter, ParameterKind } from '../api/types';

/** One raw column that a pipeline reads, as a version's `schema.inputs` has it. */
export interface IInputColumn {
  name: string;
  dtype: 'float' | 'int' | 'bool' | 'text' | 'datetime' | 'list' | 'image';
  nullable: boolean;
  categories: string[] | null;
  example: unknown;
}

const isColumn: Guard<IInputColumn> = shape<IInputColumn>({
  name: isText,
  dtype: oneOf('float', 'int', 'bool', 'text', 'datetime', 'list', 'image'),
  nullable: isFlag,
  categories: nullable(listOf(isText)),
  example: isAnything
});

const isColumnList = listOf(isColumn);

/** The columns that a version's schema asks for; empty when it cannot be read. */
export function inputColumns(schema: JsonRecord): readonly IInputColumn[] {
  const { inputs } = schema;
  return isColumnList(inputs) ? inputs : [];
}

const KINDS: { readonly [dtype in IInputColumn['dtype']]: ParameterKind } = {
  float: 'float',
  int: 'int',
  bool: 'bool',
  text: 'str',
  datetime: 'str',
  list: 'list',
  // Base 64 of a file, or an array of numbers.
  image: 'any'
};

/** A column as a form field, prefilled with a value that training saw. */
export function columnParameter(column: IInputColumn): Parameter {
  return {
    name: column.name,
    kind: KINDS[column.dtype],
    default: column.example,
    has_default: true,
    choices: column.categories ?? [],
    optional: column.nullable,
    help: ''
  };
}
