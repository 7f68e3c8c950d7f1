import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import type * as wire from '../api/types';
import type { SidebarView } from '../models/sidebarView';
import type { VersionShelf } from '../models/versionShelf';
import type { IActions } from './actions';
import { Empty } from './Empty';
import { ModelRow } from './ModelRow';
import { Section } from './Section';

interface IProps {
  models: readonly wire.Model[];
  view: SidebarView;
  shelf: VersionShelf;
  actions: IActions;
  trans: TranslationBundle;
}

/** All registered models. */
export function ModelsSection(props: IProps): JSX.Element {
  const { models, view, shelf, actions, trans } = props;
  return (
    <Section
      title={trans.__('Models')}
      count={models.length}
      open={view.isSectionOpen('models')}
      onToggle={() => actions.toggleSection('models')}
    >
      {models.length === 0 ? (
        <Empty>
          {trans.__(
            'No model is registered yet. Fit a pipeline in a notebook and register it under “This notebook”, or productionize the notebook with a model name.'
          )}
        </Empty>
      ) : null}
      <ul className="rsp-List">
        {models.map(model => (
          <ModelRow
            key={model.name}
            model={model}
            open={view.isItemOpen(`model:${model.name}`)}
            highlighted={view.isHighlighted('models', model.name)}
            shelf={shelf.of(model.name)}
            actions={actions}
            trans={trans}
          />
        ))}
      </ul>
    </Section>
  );
}
