import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import { isNumber, recordOf } from '../api/guard';
import { problemText } from '../api/problem';
import type * as wire from '../api/types';
import { metricText } from '../models/metric';
import type { Trial } from '../models/trial';
import { duration } from '../models/time';
import { Form } from './Form';
import { FormRow } from './FormRow';
import { ParameterInput } from './ParameterInput';

interface IProps {
  model: Trial;
  onCancel: () => void;
  trans: TranslationBundle;
}

/** The Try dialog: one row in, the endpoint's answer out. */
export function TryForm({ model, onCancel, trans }: IProps): JSX.Element {
  return (
    <Form
      submit={trans.__('Predict')}
      canSubmit={!model.busy && model.row !== null}
      busy={model.busy}
      failure={model.error === null ? '' : problemText(model.error, trans)}
      onSubmit={() => void model.submit()}
      onCancel={onCancel}
      trans={trans}
    >
      {model.fields.length === 0 ? (
        <FormRow
          id="rsp-row"
          label={trans.__('Row')}
          error={model.row === null ? trans.__('A JSON object is needed, such as {"age": 4}.') : ''}
        >
          <textarea
            id="rsp-row"
            className="jp-mod-styled rsp-Code"
            rows={6}
            spellCheck={false}
            value={model.json}
            onChange={event => model.editJson(event.target.value)}
          />
        </FormRow>
      ) : null}
      {model.fields.map(field => (
        <ParameterInput
          key={field.parameter.name}
          field={field}
          serverWord=""
          onEdit={change => model.edit(field.parameter.name, change)}
          trans={trans}
        />
      ))}
      <div aria-live="polite">{model.answer ? answer(model.answer, trans) : null}</div>
    </Form>
  );
}

function answer(prediction: wire.Prediction, trans: TranslationBundle): JSX.Element {
  const [row] = prediction.predictions;
  return (
    <section className="rsp-Answer" aria-label={trans.__('Answer')}>
      <p className="rsp-Dim">
        {trans.__(
          '%1 answered in %2',
          `${prediction.model}@${prediction.version}`,
          duration(prediction.seconds * 1000)
        )}
      </p>
      <dl>
        {Object.entries(row ?? {}).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{answerText(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** A value of the answer; the likelihoods of classes one below the other. */
function answerText(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  if (isNumber(value)) {
    return metricText(value);
  }
  return isLikelihoods(value) ? listed(value) : JSON.stringify(value, null, 1);
}

const isLikelihoods = recordOf(isNumber);

function listed(likelihoods: { readonly [name: string]: number }): string {
  return Object.entries(likelihoods)
    .map(([name, likelihood]) => `${metricText(likelihood)}  ${name}`)
    .join('\n');
}
