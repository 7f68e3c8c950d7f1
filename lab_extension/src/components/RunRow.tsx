import { closeIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';
import { memo } from 'react';

import type * as wire from '../api/types';
import { isRunActive, runDuration, runShare } from '../models/run';
import { duration, localTime, relative } from '../models/time';
import type { IActions } from './actions';
import { IconButton } from './IconButton';
import { runLabel, runMood } from './runState';
import { StateDot } from './StateDot';
import { TextButton } from './TextButton';
import { useHighlight } from './useHighlight';
import { useNow } from './useNow';

interface IProps {
  run: wire.Run;
  highlighted: boolean;
  actions: IActions;
  trans: TranslationBundle;
}

/** One run, live. */
export const RunRow = memo(function RunRow(props: IProps): JSX.Element {
  const { run, actions, trans } = props;
  const active = isRunActive(run);
  const now = useNow(active);
  const row = useHighlight(props.highlighted);
  const took = runDuration(run, now);
  return (
    <li ref={row} className="rsp-Row" data-highlighted={props.highlighted}>
      <div className="rsp-Row-line">
        <span className="rsp-Row-name" title={run.id}>
          {run.job_name}
        </span>
        <span className="rsp-Row-space" />
        {active ? (
          <IconButton
            icon={closeIcon}
            label={trans.__('Cancel this run of %1', run.job_name)}
            onClick={() => actions.cancelRun(run)}
          />
        ) : (
          <IconButton
            icon={refreshIcon}
            label={trans.__('Run %1 again with the same parameters', run.job_name)}
            onClick={() => actions.runAgain(run)}
          />
        )}
      </div>
      <div className="rsp-Row-line">
        <StateDot mood={runMood(run.state)} label={runLabel(run.state, trans)} />
        {run.version ? <span className="rsp-Tag rsp-mod-live">{run.version}</span> : null}
        <span className="rsp-Row-space" />
        <span className="rsp-Dim" title={localTime(run.created_at)}>
          {took === null ? relative(run.created_at, now) : duration(took)}
        </span>
      </div>
      {active ? progress(run, trans) : null}
      {failure(run, trans)}
      {outputs(props)}
    </li>
  );
});

function progress(run: wire.Run, trans: TranslationBundle): JSX.Element | null {
  const share = runShare(run);
  if (run.progress === null || share === null) {
    return null;
  }
  const { cells_done, cells_total } = run.progress;
  const text = trans._n('%2/%1 cell', '%2/%1 cells', cells_total, cells_done);
  return (
    <div className="rsp-Row-line">
      <progress className="rsp-Progress" value={share} max={1} aria-label={text} />
      <span className="rsp-Dim">{text}</span>
    </div>
  );
}

function failure(run: wire.Run, trans: TranslationBundle): JSX.Element | null {
  if (run.failure === null || run.state === 'cancelled') {
    return null;
  }
  const { code, message, cell } = run.failure;
  return (
    <p className="rsp-Failure">
      {message} <code>{code}</code>
      {cell === null ? null : <span className="rsp-Dim"> {trans.__('Code cell %1', cell)}</span>}
    </p>
  );
}

function outputs({ run, actions, trans }: IProps): JSX.Element {
  return (
    <div className="rsp-Row-tools">
      {run.outputs.html ? (
        <TextButton onClick={() => actions.openOutput(run)}>{trans.__('Open output')}</TextButton>
      ) : null}
      {run.outputs.notebook ? (
        <TextButton onClick={() => actions.openNotebook(run)}>
          {trans.__('Open notebook')}
        </TextButton>
      ) : null}
      {run.state === 'queued' ? null : (
        <TextButton onClick={() => actions.openLog(run)}>{trans.__('Log')}</TextButton>
      )}
    </div>
  );
}
