import type { JsonRecord, Parameter } from '../api/types';

/** What is wrong with what a person typed. */
export type FieldProblem = 'int' | 'float' | 'date' | 'list' | 'dict' | 'json' | 'required';

/** One parameter as the form holds it: text, until it is read. */
export interface IField {
  readonly parameter: Parameter;
  /** The input's text; `true` or `false` for a switch; the index of a choice. */
  readonly text: string;
  /** Whether the value is null. */
  readonly none: boolean;
}

export type FieldReading =
  | { readonly ok: true; readonly given: boolean; readonly value: unknown }
  | { readonly ok: false; readonly problem: FieldProblem };

/** The field as it is before anyone typed: the notebook's default. */
export function fieldOf(parameter: Parameter): IField {
  const none = parameter.optional && parameter.has_default && parameter.default === null;
  return { parameter, none, text: none ? '' : textOf(parameter, parameter.default) };
}

/** Read what was typed. What equals the notebook's default counts as not given. */
export function readField(field: IField): FieldReading {
  const { parameter } = field;
  if (field.none) {
    return given(parameter, null);
  }
  const text = field.text.trim();
  if (parameter.choices.length > 0) {
    const choice = parameter.choices[Number(field.text)];
    return field.text === '' || choice === undefined ? blank(parameter) : given(parameter, choice);
  }
  if (text === '' && parameter.kind !== 'str') {
    return blank(parameter);
  }
  if (parameter.kind === 'str' && field.text === '' && !parameter.has_default) {
    return blank(parameter);
  }
  return readText(parameter, field.text, text);
}

/** The values to send, or null when a field cannot be read. */
export function readFields(fields: readonly IField[]): JsonRecord | null {
  const values: JsonRecord = {};
  for (const field of fields) {
    const reading = readField(field);
    if (!reading.ok) {
      return null;
    }
    if (reading.given) {
      values[field.parameter.name] = reading.value;
    }
  }
  return values;
}

function readText(parameter: Parameter, raw: string, text: string): FieldReading {
  switch (parameter.kind) {
    case 'int':
      return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))
        ? given(parameter, Number(text))
        : wrong('int');
    case 'float':
      return Number.isFinite(Number(text)) ? given(parameter, Number(text)) : wrong('float');
    case 'bool':
      return given(parameter, text === 'true');
    case 'date':
      return isDate(text) ? given(parameter, text) : wrong('date');
    case 'str':
      return given(parameter, raw);
    default:
      return readJson(parameter, text);
  }
}

function readJson(parameter: Parameter, text: string): FieldReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return wrong(
        parameter.kind === 'list' || parameter.kind === 'dict' ? parameter.kind : 'json'
      );
    }
    throw error;
  }
  const isList = Array.isArray(value);
  if (parameter.kind === 'list' && !isList) {
    return wrong('list');
  }
  if (parameter.kind === 'dict' && (isList || typeof value !== 'object' || value === null)) {
    return wrong('dict');
  }
  return given(parameter, value);
}

/** An empty field: the notebook's own expression counts where it is no plain value. */
function blank(parameter: Parameter): FieldReading {
  return parameter.has_default ? wrong('required') : { ok: true, given: false, value: undefined };
}

function given(parameter: Parameter, value: unknown): FieldReading {
  const isDefault =
    parameter.has_default && JSON.stringify(value) === JSON.stringify(parameter.default);
  return { ok: true, given: !isDefault, value };
}

function wrong(problem: FieldProblem): FieldReading {
  return { ok: false, problem };
}

function textOf(parameter: Parameter, value: unknown): string {
  if (!parameter.has_default) {
    return '';
  }
  if (parameter.choices.length > 0) {
    const index = parameter.choices.findIndex(
      each => JSON.stringify(each) === JSON.stringify(value)
    );
    return index < 0 ? '' : String(index);
  }
  if (typeof value === 'string' && parameter.kind !== 'any') {
    return value;
  }
  return JSON.stringify(value);
}

/** Whether the text is a day that exists, as `YYYY-MM-DD`. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    return false;
  }
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
