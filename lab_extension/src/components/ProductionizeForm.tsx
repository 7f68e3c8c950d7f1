import { HTMLSelect } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import { ProblemError, problemText } from '../api/problem';
import type { ISubmitted, Productionize } from '../models/productionize';
import { Form } from './Form';
import { FormRow } from './FormRow';
import { NameRow } from './NameRow';
import { OutcomeFields } from './OutcomeFields';
import { ParameterInput } from './ParameterInput';
import { ScheduleFields } from './ScheduleFields';

interface IProps {
  model: Productionize;
  models: readonly string[];
  endpoints: readonly string[];
  onDone: (submitted: ISubmitted) => void;
  onCancel: () => void;
  trans: TranslationBundle;
}

/** The whole Productionize dialog. */
export function ProductionizeForm(props: IProps): JSX.Element {
  const { model, models, endpoints, onDone, onCancel, trans } = props;
  const { choices, facts } = model;
  const submit = async (): Promise<void> => {
    const submitted = await model.submit();
    if (submitted !== null) {
      onDone(submitted);
    }
  };
  return (
    <Form
      submit={submitLabel(model, trans)}
      canSubmit={model.canSubmit}
      busy={model.busy}
      failure={failureOf(model, trans)}
      onSubmit={() => void submit()}
      onCancel={onCancel}
      trans={trans}
    >
      <p className="rsp-Form-lead">
        {trans.__(
          '%1 is frozen exactly as it is in the editor now, saved or not; later edits do not touch the job.',
          model.notebookName
        )}
      </p>
      <fieldset className="rsp-Fieldset">
        <legend>{trans.__('Job')}</legend>
        <NameRow
          id="rsp-job-name"
          label={trans.__('Name')}
          value={choices.name}
          known={[]}
          wrong={model.wrong.has('name')}
          onChange={name => model.choose({ name })}
          trans={trans}
        />
        <FormRow id="rsp-instance" label={trans.__('Instance type')}>
          <HTMLSelect
            id="rsp-instance"
            value={choices.instanceType}
            onChange={event => model.choose({ instanceType: event.target.value })}
            options={model.instanceTypes.map(type => ({
              value: type.name,
              label: trans.__('%1 — %2', type.name, type.description)
            }))}
          />
        </FormRow>
      </fieldset>
      {facts === null ? null : (
        <fieldset className="rsp-Fieldset">
          <legend>{trans.__('Parameters')}</legend>
          {facts.hint ? <p className="rsp-FormRow-hint">{facts.hint}</p> : null}
          {model.fields.map(field => (
            <ParameterInput
              key={field.parameter.name}
              field={field}
              serverWord={model.serverWord(field.parameter.name)}
              onEdit={change => model.edit(field.parameter.name, change)}
              trans={trans}
            />
          ))}
        </fieldset>
      )}
      <ScheduleFields model={model} trans={trans} />
      <OutcomeFields model={model} models={models} endpoints={endpoints} trans={trans} />
    </Form>
  );
}

/** What the service said, unless it stands at the field that it is about. */
function failureOf({ error }: Productionize, trans: TranslationBundle): string {
  const isAtField = error instanceof ProblemError && error.parameter !== null;
  return error === null || isAtField ? '' : problemText(error, trans);
}

function submitLabel({ choices }: Productionize, trans: TranslationBundle): string {
  if (choices.runNow && choices.scheduled) {
    return trans.__('Run and schedule');
  }
  return choices.scheduled ? trans.__('Schedule') : trans.__('Run');
}
