import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import { FormRow } from './FormRow';

interface IProps {
  id: string;
  label: string;
  value: string;
  /** Names that exist, to be offered. */
  known: readonly string[];
  wrong: boolean;
  hint?: string;
  onChange: (value: string) => void;
  trans: TranslationBundle;
}

/** A name, with those that exist on offer. */
export function NameRow(props: IProps): JSX.Element {
  const { id, known, wrong, trans } = props;
  return (
    <FormRow
      id={id}
      label={props.label}
      hint={props.hint}
      error={
        wrong
          ? trans.__(
              'Use 1 to 100 letters, digits, “.”, “_” or “-”, beginning with a letter or digit.'
            )
          : ''
      }
    >
      <input
        id={id}
        className="jp-mod-styled"
        list={known.length > 0 ? `${id}-known` : undefined}
        spellCheck={false}
        autoComplete="off"
        value={props.value}
        aria-invalid={wrong}
        onChange={event => props.onChange(event.target.value)}
      />
      <datalist id={`${id}-known`}>
        {known.map(name => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </FormRow>
  );
}
