import { HTMLSelect } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import { problemText } from '../api/problem';
import type * as wire from '../api/types';
import type { Register } from '../models/register';
import { Form } from './Form';
import { FormRow } from './FormRow';
import { NameRow } from './NameRow';

interface IProps {
  model: Register;
  /** Names of the models that exist. */
  known: readonly wire.Model[];
  onDone: (version: wire.Version) => void;
  onCancel: () => void;
  trans: TranslationBundle;
}

/** The Register dialog. */
export function RegisterForm({ model, known, onDone, onCancel, trans }: IProps): JSX.Element {
  const submit = async (): Promise<void> => {
    const version = await model.submit();
    if (version !== null) {
      onDone(version);
    }
  };
  const existing = known.find(each => each.name === model.model);
  return (
    <Form
      submit={trans.__('Register')}
      canSubmit={!model.isWrong && !model.busy && model.variable !== ''}
      busy={model.busy}
      failure={model.error === null ? '' : problemText(model.error, trans)}
      onSubmit={() => void submit()}
      onCancel={onCancel}
      trans={trans}
    >
      <FormRow id="rsp-pipeline" label={trans.__('Pipeline')}>
        <HTMLSelect
          id="rsp-pipeline"
          className="rsp-Select"
          value={model.variable}
          options={[...model.variables]}
          onChange={event => model.choose({ variable: event.target.value })}
        />
      </FormRow>
      <NameRow
        id="rsp-model"
        label={trans.__('Model')}
        value={model.model}
        known={known.map(each => each.name)}
        wrong={model.isWrong}
        hint={
          existing === undefined
            ? trans.__('Makes a new model; this is its version 1.')
            : trans.__('Adds a version after %1@%2.', existing.name, existing.latest?.number ?? 0)
        }
        onChange={name => model.choose({ model: name })}
        trans={trans}
      />
      <p className="rsp-FormRow-hint">
        {trans.__('The notebook as it is now is kept with the version, as its code.')}
      </p>
    </Form>
  );
}
