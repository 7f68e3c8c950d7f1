import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';
import { memo } from 'react';

import type * as wire from '../api/types';
import { metricText } from '../models/metric';
import { localTime, relative } from '../models/time';
import type { IActions } from './actions';
import { TextButton } from './TextButton';
import { useNow } from './useNow';

interface IProps {
  version: wire.Version;
  /** Aliases that point at it. */
  aliases: string;
  actions: IActions;
  trans: TranslationBundle;
}

/** One version of a model, with all its metrics. */
export const VersionRow = memo(function VersionRow(props: IProps): JSX.Element {
  const { version, actions, trans } = props;
  const now = useNow(true, 30_000);
  const ref = `${version.model}@${version.number}`;
  return (
    <li className="rsp-Version">
      <div className="rsp-Row-line">
        <span className="rsp-Ref">@{version.number}</span>
        {props.aliases ? <span className="rsp-Tag">{props.aliases}</span> : null}
        <span className="rsp-Row-space" />
        <span className="rsp-Dim" title={localTime(version.created_at)}>
          {relative(version.created_at, now)}
        </span>
      </div>
      <dl className="rsp-Metrics">
        {Object.entries(version.metrics).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{metricText(value)}</dd>
          </div>
        ))}
      </dl>
      <div className="rsp-Row-tools">
        <TextButton onClick={() => actions.deploy(ref)} label={trans.__('Deploy %1', ref)}>
          {trans.__('Deploy…')}
        </TextButton>
        <TextButton
          onClick={() => actions.showGraph(ref)}
          label={trans.__('Show the pipeline of %1', ref)}
        >
          {trans.__('Show graph')}
        </TextButton>
      </div>
    </li>
  );
});
