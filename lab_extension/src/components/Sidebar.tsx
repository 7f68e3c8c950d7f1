import { refreshIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import { redspotIcon } from '../icons';
import type { SidebarView } from '../models/sidebarView';
import type { VersionShelf } from '../models/versionShelf';
import type { IKernelPipelines, ISnapshot } from '../tokens';
import type { IActions } from './actions';
import { EndpointsSection } from './EndpointsSection';
import { IconButton } from './IconButton';
import { JobsSection } from './JobsSection';
import { ModelsSection } from './ModelsSection';
import { NotebookSection } from './NotebookSection';
import { Outage } from './Outage';

export interface ISidebarProps {
  snapshot: ISnapshot;
  /** Null where notebooks cannot be followed. */
  kernel: IKernelPipelines | null;
  view: SidebarView;
  shelf: VersionShelf;
  actions: IActions;
  trans: TranslationBundle;
}

/** The whole sidebar. */
export function Sidebar(props: ISidebarProps): JSX.Element {
  const { snapshot, kernel, view, shelf, actions, trans } = props;
  return (
    <>
      <header className="rsp-Header">
        <redspotIcon.react tag="span" height="18px" width="18px" />
        <h2 className="rsp-Header-title">{trans.__('Redspot')}</h2>
        {snapshot.status ? (
          <span className="rsp-Dim" title={snapshot.status.trust}>
            {snapshot.status.caller}
          </span>
        ) : null}
        <span className="rsp-Row-space" />
        <IconButton
          icon={refreshIcon}
          label={trans.__('Refresh')}
          onClick={() => actions.refresh()}
        />
      </header>
      <div className="rsp-Scroll">
        {snapshot.problem ? (
          <Outage
            problem={snapshot.problem}
            stale={snapshot.known}
            onRetry={() => actions.refresh()}
            trans={trans}
          />
        ) : null}
        {kernel && snapshot.problem?.outage !== 'missing' ? (
          <NotebookSection kernel={kernel} view={view} actions={actions} trans={trans} />
        ) : null}
        {snapshot.known ? (
          <>
            <ModelsSection
              models={snapshot.models}
              view={view}
              shelf={shelf}
              actions={actions}
              trans={trans}
            />
            <JobsSection
              snapshot={snapshot}
              view={view}
              hasNotebook={Boolean(kernel?.notebookName)}
              actions={actions}
              trans={trans}
            />
            <EndpointsSection
              endpoints={snapshot.endpoints}
              view={view}
              actions={actions}
              trans={trans}
            />
          </>
        ) : null}
      </div>
    </>
  );
}
