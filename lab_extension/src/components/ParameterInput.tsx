import { HTMLSelect } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import type { IField } from '../models/parameterField';
import { readField } from '../models/parameterField';
import { fieldProblemText } from './fieldProblem';
import { FormRow } from './FormRow';

/** Python's own words; not for translation. */
const PYTHON = { none: 'None', yes: 'True', no: 'False' } as const;

interface IProps {
  field: IField;
  /** What the service said about this parameter, or empty. */
  serverWord: string;
  onEdit: (change: Partial<Pick<IField, 'text' | 'none'>>) => void;
  trans: TranslationBundle;
}

/** The control for one parameter, made for its type. */
export function ParameterInput(props: IProps): JSX.Element {
  const { field, onEdit, trans } = props;
  const { parameter, none } = field;
  const id = `rsp-parameter-${parameter.name}`;
  const reading = readField(field);
  const error = reading.ok ? props.serverWord : fieldProblemText(reading.problem, trans);
  return (
    <FormRow
      id={id}
      label={
        <>
          <code>{parameter.name}</code> <span className="rsp-Dim">{parameter.kind}</span>
        </>
      }
      hint={parameter.help}
      error={error}
    >
      <div className="rsp-Parameter">
        {none ? (
          <input
            id={id}
            className="jp-mod-styled"
            value=""
            placeholder={PYTHON.none}
            disabled
            readOnly
          />
        ) : (
          control(props, id, Boolean(error))
        )}
        {parameter.optional ? (
          <label className="rsp-Check">
            <input
              type="checkbox"
              checked={none}
              onChange={event => onEdit({ none: event.target.checked })}
            />
            {trans.__('none')}
          </label>
        ) : null}
      </div>
    </FormRow>
  );
}

function control({ field, onEdit, trans }: IProps, id: string, wrong: boolean): JSX.Element {
  const { parameter, text } = field;
  const aria = {
    id,
    'aria-invalid': wrong,
    'aria-describedby': `${wrong ? `${id}-error ` : ''}${parameter.help ? `${id}-hint` : ''}`
  };
  const keep = { value: '', label: trans.__("the notebook's own value") };
  if (parameter.choices.length > 0 || (parameter.kind === 'bool' && text === '')) {
    const choices =
      parameter.choices.length > 0
        ? parameter.choices.map((choice, index) => ({ value: String(index), label: said(choice) }))
        : [
            { value: 'true', label: PYTHON.yes },
            { value: 'false', label: PYTHON.no }
          ];
    return (
      <HTMLSelect
        {...aria}
        value={text}
        options={text === '' ? [keep, ...choices] : choices}
        onChange={event => onEdit({ text: event.target.value })}
      />
    );
  }
  if (parameter.kind === 'bool') {
    return (
      <label className="rsp-Check">
        <input
          {...aria}
          type="checkbox"
          checked={text === 'true'}
          onChange={event => onEdit({ text: String(event.target.checked) })}
        />
        {text === 'true' ? PYTHON.yes : PYTHON.no}
      </label>
    );
  }
  if (parameter.kind === 'list' || parameter.kind === 'dict') {
    return (
      <textarea
        {...aria}
        className="jp-mod-styled rsp-Code"
        rows={2}
        spellCheck={false}
        value={text}
        placeholder={parameter.has_default ? '' : keep.label}
        onChange={event => onEdit({ text: event.target.value })}
      />
    );
  }
  return (
    <input
      {...aria}
      className="jp-mod-styled"
      type={parameter.kind === 'date' ? 'date' : 'text'}
      inputMode={parameter.kind === 'int' || parameter.kind === 'float' ? 'decimal' : 'text'}
      spellCheck={false}
      value={text}
      placeholder={parameter.has_default ? '' : keep.label}
      onChange={event => onEdit({ text: event.target.value })}
    />
  );
}

function said(choice: unknown): string {
  return typeof choice === 'string' ? choice : JSON.stringify(choice);
}
