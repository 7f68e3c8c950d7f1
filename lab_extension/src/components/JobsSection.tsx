import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import type { SidebarView } from '../models/sidebarView';
import type { ISnapshot } from '../tokens';
import type { IActions } from './actions';
import { Empty } from './Empty';
import { RunRow } from './RunRow';
import { ScheduleRow } from './ScheduleRow';
import { Section } from './Section';
import { TextButton } from './TextButton';

interface IProps {
  snapshot: ISnapshot;
  view: SidebarView;
  /** Whether a notebook is open that could be productionized. */
  hasNotebook: boolean;
  actions: IActions;
  trans: TranslationBundle;
}

/** Schedules, and the runs of late. */
export function JobsSection(props: IProps): JSX.Element {
  const { snapshot, view, actions, trans } = props;
  const { runs, schedules } = snapshot;
  return (
    <Section
      title={trans.__('Jobs')}
      count={runs.length + schedules.length}
      open={view.isSectionOpen('jobs')}
      onToggle={() => actions.toggleSection('jobs')}
    >
      {runs.length + schedules.length === 0 ? none(props) : null}
      {schedules.length > 0 ? (
        <>
          <h4 className="rsp-Subheading">{trans.__('Schedules')}</h4>
          {snapshot.status?.schedules_note ? (
            <p className="rsp-Note">{snapshot.status.schedules_note}</p>
          ) : null}
          <ul className="rsp-List">
            {schedules.map(schedule => (
              <ScheduleRow
                key={schedule.id}
                schedule={schedule}
                highlighted={view.isHighlighted('jobs', schedule.id)}
                actions={actions}
                trans={trans}
              />
            ))}
          </ul>
        </>
      ) : null}
      {runs.length > 0 ? (
        <>
          <h4 className="rsp-Subheading">{trans.__('Recent runs')}</h4>
          <ul className="rsp-List">
            {runs.map(run => (
              <RunRow
                key={run.id}
                run={run}
                highlighted={view.isHighlighted('jobs', run.id)}
                actions={actions}
                trans={trans}
              />
            ))}
          </ul>
        </>
      ) : null}
    </Section>
  );
}

function none({ hasNotebook, actions, trans }: IProps): JSX.Element {
  return (
    <Empty>
      {trans.__(
        'No job has run yet. Open a notebook and choose “Productionize” in its toolbar to run it as a job, once or on a schedule.'
      )}
      {hasNotebook ? (
        <TextButton onClick={() => actions.productionize()} accent>
          {trans.__('Productionize this notebook…')}
        </TextButton>
      ) : null}
    </Empty>
  );
}
