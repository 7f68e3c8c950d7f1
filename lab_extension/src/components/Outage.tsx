import { refreshIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import type { ProblemError } from '../api/problem';
import { problemText } from '../api/problem';
import { IconButton } from './IconButton';

/** Shell commands; not for translation. */
const INSTALL = 'pip install "redspot[lab]"';
const ASK = 'redspot status';

interface IProps {
  problem: ProblemError;
  /** Whether older data is still shown below. */
  stale: boolean;
  onRetry: () => void;
  trans: TranslationBundle;
}

/** A quiet note that the service cannot be reached, with what to do. */
export function Outage(props: IProps): JSX.Element {
  const { problem, trans } = props;
  return (
    <div className="rsp-Outage" role="status">
      <div className="rsp-Outage-head">
        <strong>{problemText(problem, trans)}</strong>
        <IconButton icon={refreshIcon} label={trans.__('Try again')} onClick={props.onRetry} />
      </div>
      {remedy(props)}
    </div>
  );
}

function remedy(props: IProps): JSX.Element | null {
  const { trans } = props;
  switch (props.problem.outage) {
    case 'missing':
      return (
        <>
          <p>{trans.__('Install it where this Jupyter server runs, then restart the server:')}</p>
          <code className="rsp-Outage-command">{INSTALL}</code>
        </>
      );
    case 'unreachable':
      return (
        <p>
          {props.stale
            ? trans.__('What you see below is what was last known. Redspot keeps trying.')
            : trans.__('Redspot keeps trying. If this lasts, ask for its state in a terminal:')}
          {props.stale ? null : <code className="rsp-Outage-command">{ASK}</code>}
        </p>
      );
    default:
      return null;
  }
}
