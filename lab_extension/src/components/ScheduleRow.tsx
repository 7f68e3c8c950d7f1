import { pauseIcon, runIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';
import { memo } from 'react';

import type * as wire from '../api/types';
import { localTime, relative } from '../models/time';
import type { IActions } from './actions';
import { IconButton } from './IconButton';
import { useHighlight } from './useHighlight';
import { useNow } from './useNow';

interface IProps {
  schedule: wire.Schedule;
  highlighted: boolean;
  actions: IActions;
  trans: TranslationBundle;
}

/** One schedule: when it fires next, and a switch. */
export const ScheduleRow = memo(function ScheduleRow(props: IProps): JSX.Element {
  const { schedule, actions, trans } = props;
  const now = useNow(schedule.active, 30_000);
  const row = useHighlight(props.highlighted);
  const { active, job_name } = schedule;
  return (
    <li ref={row} className="rsp-Row" data-highlighted={props.highlighted}>
      <div className="rsp-Row-line">
        <span className="rsp-Row-name">{job_name}</span>
        <span className="rsp-Row-space" />
        <IconButton
          icon={active ? pauseIcon : runIcon}
          label={
            active
              ? trans.__('Pause the schedule of %1', job_name)
              : trans.__('Resume the schedule of %1', job_name)
          }
          onClick={() => actions.setScheduleActive(schedule, !active)}
        />
      </div>
      <div className="rsp-Row-line">
        <code className="rsp-Cron">{schedule.cron}</code>
        <span className="rsp-Dim">{schedule.time_zone}</span>
      </div>
      <div className="rsp-Row-line">
        {schedule.next_fire === null ? (
          <span className="rsp-Dim">{trans.__('Paused')}</span>
        ) : (
          <span title={schedule.next_fire}>
            {trans.__(
              'Next: %1 (%2)',
              localTime(schedule.next_fire),
              relative(schedule.next_fire, now)
            )}
          </span>
        )}
      </div>
    </li>
  );
});
