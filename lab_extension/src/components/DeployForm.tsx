import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import { problemText } from '../api/problem';
import type * as wire from '../api/types';
import type { Deploy } from '../models/deploy';
import { Form } from './Form';
import { FormRow } from './FormRow';
import { NameRow } from './NameRow';

interface IProps {
  model: Deploy;
  /** Names of the endpoints that exist. */
  known: readonly string[];
  onDone: (endpoint: wire.Endpoint) => void;
  onCancel: () => void;
  trans: TranslationBundle;
}

/** The Deploy dialog. */
export function DeployForm({ model, known, onDone, onCancel, trans }: IProps): JSX.Element {
  const submit = async (): Promise<void> => {
    const endpoint = await model.submit();
    if (endpoint !== null) {
      onDone(endpoint);
    }
  };
  return (
    <Form
      submit={
        model.asksToConfirm
          ? trans.__('Deploy %1 unchecked', model.ref)
          : trans.__('Deploy %1', model.ref)
      }
      canSubmit={!model.isWrong && !model.busy}
      busy={model.busy}
      failure={model.error === null ? '' : problemText(model.error, trans)}
      onSubmit={() => void submit()}
      onCancel={onCancel}
      trans={trans}
    >
      <NameRow
        id="rsp-endpoint"
        label={trans.__('Endpoint')}
        value={model.endpoint}
        known={known}
        wrong={model.isWrong}
        hint={consequence(model, trans)}
        onChange={endpoint => model.choose({ endpoint })}
        trans={trans}
      />
      <FormRow id="rsp-why" label={trans.__('Why (optional)')}>
        <input
          id="rsp-why"
          className="jp-mod-styled"
          value={model.why}
          maxLength={2000}
          placeholder={trans.__('kept in the ledger of deployments')}
          onChange={event => model.choose({ why: event.target.value })}
        />
      </FormRow>
    </Form>
  );
}

function consequence({ existing, endpoint, ref }: Deploy, trans: TranslationBundle): string {
  if (existing === null) {
    return trans.__('Defines the new endpoint %1.', endpoint);
  }
  return existing.serving === null
    ? trans.__('%1 exists and serves nothing now.', endpoint)
    : trans.__('%1 goes on serving %2 until %3 answers.', endpoint, existing.serving, ref);
}
