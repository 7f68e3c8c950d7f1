import { copyIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';
import { memo } from 'react';

import type * as wire from '../api/types';
import type { IActions } from './actions';
import { IconButton } from './IconButton';
import type { Mood } from './StateDot';
import { StateDot } from './StateDot';
import { TextButton } from './TextButton';
import { useHighlight } from './useHighlight';

interface IProps {
  endpoint: wire.Endpoint;
  highlighted: boolean;
  actions: IActions;
  trans: TranslationBundle;
}

/** One endpoint: what it serves, where, and how it is. */
export const EndpointRow = memo(function EndpointRow(props: IProps): JSX.Element {
  const { endpoint, actions, trans } = props;
  const row = useHighlight(props.highlighted);
  const { name, url, serving, deployment } = endpoint;
  const [mood, label] = condition(endpoint, trans);
  const wantsLive = endpoint.state === 'live';
  return (
    <li ref={row} className="rsp-Row" data-highlighted={props.highlighted}>
      <div className="rsp-Row-line">
        <span className="rsp-Row-name">
          <TextButton
            onClick={() => actions.openEndpoint(endpoint)}
            label={trans.__('Watch %1', name)}
          >
            {name}
          </TextButton>
        </span>
        {serving ? <span className="rsp-Ref">{serving}</span> : null}
        <span className="rsp-Row-space" />
        <IconButton
          icon={wantsLive ? stopIcon : runIcon}
          label={wantsLive ? trans.__('Stop %1', name) : trans.__('Start %1', name)}
          onClick={() => actions.setEndpointState(endpoint, wantsLive ? 'stopped' : 'live')}
        />
      </div>
      <div className="rsp-Row-line">
        <StateDot mood={mood} label={label} />
        <span className="rsp-Row-space" />
        <TextButton
          onClick={() => actions.tryEndpoint(endpoint)}
          disabled={serving === null}
          label={trans.__('Try %1 with a row', name)}
        >
          {trans.__('Try…')}
        </TextButton>
      </div>
      <div className="rsp-Row-line">
        <code className="rsp-Url" title={url}>
          <bdi>{url}</bdi>
        </code>
        <IconButton
          icon={copyIcon}
          label={trans.__('Copy the address of %1', name)}
          onClick={() => actions.copy(url)}
        />
      </div>
      {deployment?.failure ? <p className="rsp-Failure">{deployment.failure}</p> : null}
    </li>
  );
});

/** The endpoint's condition: what is wanted and what is, in one. */
function condition(endpoint: wire.Endpoint, trans: TranslationBundle): readonly [Mood, string] {
  const { deployment, serving, state } = endpoint;
  if (state === 'stopped') {
    return ['quiet', trans.__('Stopped')];
  }
  if (deployment?.state === 'starting') {
    const next = `${deployment.model}@${deployment.version}`;
    return ['busy', trans.__('Starting %1', next)];
  }
  if (deployment?.state === 'failed') {
    return serving === null
      ? ['bad', trans.__('Failed')]
      : ['bad', trans.__('The newest deployment failed')];
  }
  return serving === null ? ['quiet', trans.__('Not answering')] : ['good', trans.__('Live')];
}
