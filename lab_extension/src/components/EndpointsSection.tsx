import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import type * as wire from '../api/types';
import type { SidebarView } from '../models/sidebarView';
import type { IActions } from './actions';
import { Empty } from './Empty';
import { EndpointRow } from './EndpointRow';
import { Section } from './Section';

interface IProps {
  endpoints: readonly wire.Endpoint[];
  view: SidebarView;
  actions: IActions;
  trans: TranslationBundle;
}

/** All endpoints. */
export function EndpointsSection(props: IProps): JSX.Element {
  const { endpoints, view, actions, trans } = props;
  return (
    <Section
      title={trans.__('Endpoints')}
      count={endpoints.length}
      open={view.isSectionOpen('endpoints')}
      onToggle={() => actions.toggleSection('endpoints')}
    >
      {endpoints.length === 0 ? (
        <Empty>
          {trans.__(
            'Nothing is deployed yet. Open a model above and choose “Deploy…” at one of its versions.'
          )}
        </Empty>
      ) : null}
      <ul className="rsp-List">
        {endpoints.map(endpoint => (
          <EndpointRow
            key={endpoint.name}
            endpoint={endpoint}
            highlighted={view.isHighlighted('endpoints', endpoint.name)}
            actions={actions}
            trans={trans}
          />
        ))}
      </ul>
    </Section>
  );
}
