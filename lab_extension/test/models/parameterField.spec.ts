import type { Parameter } from '../../src/api/types';
import type { IField } from '../../src/models/parameterField';
import { fieldOf, readField, readFields } from '../../src/models/parameterField';
import { isNotebookFacts } from '../../src/api/shapes';
import recorded from '../recorded/notebook-facts.json';

const facts: unknown = recorded;
const parameters = isNotebookFacts(facts) ? facts.parameters : [];

function field(name: string, change: Partial<IField> = {}): IField {
  const parameter = parameters.find(each => each.name === name);
  if (parameter === undefined) {
    throw new Error(`no parameter ${name} was recorded`);
  }
  return { ...fieldOf(parameter), ...change };
}

function parameter(change: Partial<Parameter>): Parameter {
  return {
    name: 'p',
    kind: 'any',
    default: null,
    has_default: true,
    choices: [],
    optional: false,
    help: '',
    ...change
  };
}

describe('fields of the recorded notebook', () => {
  it('begin with the defaults, which are not sent', () => {
    expect(parameters).toHaveLength(8);
    expect(readFields(parameters.map(fieldOf))).toEqual({});
  });

  it('send only what was changed', () => {
    const fields = parameters.map(each =>
      each.name === 'seed' ? field('seed', { text: '8' }) : fieldOf(each)
    );
    expect(readFields(fields)).toEqual({ seed: 8 });
  });

  it.each([
    ['seed', '7.5', 'int'],
    ['seed', '', 'required'],
    ['seed', '9007199254740993', 'int'],
    ['test_share', 'much', 'float'],
    ['test_share', 'Infinity', 'float'],
    ['as_of', '2026-02-30', 'date'],
    ['as_of', 'tomorrow', 'date'],
    ['columns', '{"a": 1}', 'list'],
    ['columns', '[', 'list'],
    ['options', '[1]', 'dict'],
    ['options', 'null', 'dict']
  ])('%s refuses %j as %s', (name, text, problem) => {
    expect(readField(field(name, { text }))).toEqual({ ok: false, problem });
    expect(readFields([field(name, { text })])).toBeNull();
  });

  it.each([
    ['seed', ' +12 ', 12],
    ['test_share', '1e-3', 0.001],
    ['standardize', 'false', false],
    ['as_of', '2028-02-29', '2028-02-29'],
    ['columns', '["sex"]', ['sex']],
    ['options', '{"depth": 5}', { depth: 5 }]
  ])('%s reads %j', (name, text, value) => {
    expect(readField(field(name, { text }))).toEqual({ ok: true, given: true, value });
  });

  it('hold choices by index, so that equal texts of other types stay apart', () => {
    expect(field('species').text).toBe('0');
    expect(readField(field('species', { text: '2' }))).toEqual({
      ok: true,
      given: true,
      value: 'Gentoo'
    });
  });

  it('know none, and what none is when it is the default', () => {
    expect(field('limit').none).toBe(true);
    expect(readField(field('limit'))).toEqual({ ok: true, given: false, value: null });
    expect(readField(field('limit', { none: false, text: '10' }))).toEqual({
      ok: true,
      given: true,
      value: 10
    });
  });
});

describe('fields without a plain default', () => {
  it("keep the notebook's own expression while empty", () => {
    const computed = fieldOf(parameter({ kind: 'int', has_default: false }));
    expect(readField(computed)).toEqual({ ok: true, given: false, value: undefined });
    expect(readField({ ...computed, text: '3' })).toEqual({ ok: true, given: true, value: 3 });
  });

  it('take any JSON for any, and spaces for str', () => {
    const any = fieldOf(parameter({ kind: 'any', default: 'x' }));
    expect(any.text).toBe('"x"');
    expect(readField({ ...any, text: '[1, null]' })).toMatchObject({ value: [1, null] });
    expect(readField({ ...any, text: 'x' })).toEqual({ ok: false, problem: 'json' });
    const text = fieldOf(parameter({ kind: 'str', default: 'a' }));
    expect(readField({ ...text, text: ' b ' })).toMatchObject({ value: ' b ' });
    expect(readField({ ...text, text: '' })).toMatchObject({ given: true, value: '' });
  });
});
