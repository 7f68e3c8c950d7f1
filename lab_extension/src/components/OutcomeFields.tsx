import type { TranslationBundle } from '@jupyterlab/translation';

import type { Productionize } from '../models/productionize';
import { FormRow } from './FormRow';

interface IProps {
  model: Productionize;
  /** Names to offer. */
  models: readonly string[];
  endpoints: readonly string[];
  trans: TranslationBundle;
}

/** What happens with the pipeline of a run that succeeded. */
export function OutcomeFields(props: IProps): JSX.Element {
  const { model, trans } = props;
  const { registers, deploys } = model.choices;
  return (
    <fieldset className="rsp-Fieldset">
      <legend>{trans.__('When a run succeeds')}</legend>
      <label className="rsp-Check">
        <input
          type="checkbox"
          checked={registers}
          onChange={event => model.choose({ registers: event.target.checked })}
        />
        {trans.__('Register its pipeline as a model')}
      </label>
      {registers ? registering(props) : null}
      {registers ? (
        <label className="rsp-Check">
          <input
            type="checkbox"
            checked={deploys}
            onChange={event => model.choose({ deploys: event.target.checked })}
          />
          {trans.__('Deploy the new version')}
        </label>
      ) : null}
      {registers && deploys ? deploying(props) : null}
    </fieldset>
  );
}

function registering({ model, models, trans }: IProps): JSX.Element {
  return (
    <>
      <NameRow
        id="rsp-register-as"
        label={trans.__('Model')}
        value={model.choices.registerAs}
        known={models}
        wrong={model.wrong.has('registerAs')}
        onChange={registerAs => model.choose({ registerAs })}
        trans={trans}
      />
      <FormRow id="rsp-variable" label={trans.__('Variable')}>
        <input
          id="rsp-variable"
          className="jp-mod-styled rsp-Code"
          spellCheck={false}
          value={model.choices.variable}
          placeholder={trans.__('only needed if the notebook holds several pipelines')}
          onChange={event => model.choose({ variable: event.target.value })}
        />
      </FormRow>
    </>
  );
}

function deploying({ model, endpoints, trans }: IProps): JSX.Element {
  return (
    <NameRow
      id="rsp-deploy-to"
      label={trans.__('Endpoint')}
      value={model.choices.deployTo}
      known={endpoints}
      wrong={model.wrong.has('deployTo')}
      onChange={deployTo => model.choose({ deployTo })}
      trans={trans}
    />
  );
}

/** A name with those that exist on offer. */
export function NameRow(props: {
  id: string;
  label: string;
  value: string;
  known: readonly string[];
  wrong: boolean;
  hint?: string;
  onChange: (value: string) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { id, trans } = props;
  return (
    <FormRow
      id={id}
      label={props.label}
      hint={props.hint}
      error={
        props.wrong
          ? trans.__(
              'Use 1 to 100 letters, digits, “.”, “_” or “-”, beginning with a letter or digit.'
            )
          : ''
      }
    >
      <input
        id={id}
        className="jp-mod-styled"
        list={`${id}-known`}
        spellCheck={false}
        autoComplete="off"
        value={props.value}
        aria-invalid={props.wrong}
        onChange={event => props.onChange(event.target.value)}
      />
      <datalist id={`${id}-known`}>
        {props.known.map(name => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </FormRow>
  );
}
