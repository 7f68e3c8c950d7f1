import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import { problemText } from '../api/problem';
import type { Productionize } from '../models/productionize';
import { browserZone, knownZones, localTime, relative } from '../models/time';
import { FormRow } from './FormRow';
import { TextButton } from './TextButton';

interface IProps {
  model: Productionize;
  trans: TranslationBundle;
}

/** When the job runs: now, on a schedule, or both. */
export function ScheduleFields({ model, trans }: IProps): JSX.Element {
  const { choices } = model;
  return (
    <fieldset className="rsp-Fieldset">
      <legend>{trans.__('When')}</legend>
      <label className="rsp-Check">
        <input
          type="checkbox"
          checked={choices.runNow}
          onChange={event => model.choose({ runNow: event.target.checked })}
        />
        {trans.__('Run now')}
      </label>
      <label className="rsp-Check">
        <input
          type="checkbox"
          checked={choices.scheduled}
          onChange={event => model.choose({ scheduled: event.target.checked })}
        />
        {trans.__('Run on a schedule')}
      </label>
      {choices.scheduled ? schedule(model, trans) : null}
      {model.wrong.has('nothing') ? (
        <p className="rsp-FormRow-error" role="alert">
          {trans.__('Choose at least one of the two.')}
        </p>
      ) : null}
    </fieldset>
  );
}

function schedule(model: Productionize, trans: TranslationBundle): JSX.Element {
  const { cron, zone } = model.choices;
  const presets: readonly (readonly [string, string])[] = [
    [trans.__('Hourly'), '0 * * * *'],
    [trans.__('Daily'), '0 7 * * *'],
    [trans.__('Weekdays'), '0 7 * * MON-FRI'],
    [trans.__('Weekly'), '0 7 * * MON'],
    [trans.__('Monthly'), '0 7 1 * *']
  ];
  return (
    <div className="rsp-Schedule">
      <FormRow
        id="rsp-cron"
        label={trans.__('Cron')}
        hint={
          <span className="rsp-Presets">
            {presets.map(([label, value]) => (
              <TextButton key={value} onClick={() => model.choose({ cron: value })}>
                {label}
              </TextButton>
            ))}
          </span>
        }
      >
        <input
          id="rsp-cron"
          className="jp-mod-styled rsp-Code"
          spellCheck={false}
          value={cron}
          aria-invalid={model.preview.error !== null}
          aria-describedby="rsp-fires"
          onChange={event => model.choose({ cron: event.target.value })}
        />
      </FormRow>
      <FormRow id="rsp-zone" label={trans.__('Time zone')}>
        <input
          id="rsp-zone"
          className="jp-mod-styled"
          list="rsp-zones"
          spellCheck={false}
          value={zone}
          onChange={event => model.choose({ zone: event.target.value })}
        />
        <datalist id="rsp-zones">
          {knownZones().map(name => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </FormRow>
      {fires(model, trans)}
    </div>
  );
}

function fires({ preview }: Productionize, trans: TranslationBundle): JSX.Element {
  return (
    <div id="rsp-fires" className="rsp-Fires" aria-live="polite">
      {preview.error ? (
        <p className="rsp-FormRow-error">{problemText(preview.error, trans)}</p>
      ) : (
        <>
          <span className="rsp-Dim">
            {trans.__('Fires next, in your zone (%1):', browserZone())}
          </span>
          <ol>
            {preview.fires.map(fire => (
              <li key={fire}>
                {localTime(fire)} <span className="rsp-Dim">{relative(fire, Date.now())}</span>
              </li>
            ))}
          </ol>
        </>
      )}
    </div>
  );
}
