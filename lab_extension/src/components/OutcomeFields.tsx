import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import type { Productionize } from '../models/productionize';
import { FormRow } from './FormRow';
import { NameRow } from './NameRow';

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
