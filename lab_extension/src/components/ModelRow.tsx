import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';
import { memo, useEffect } from 'react';

import { problemText } from '../api/problem';
import type * as wire from '../api/types';
import { keyMetric, metricText } from '../models/metric';
import type { IShelf } from '../models/versionShelf';
import type { IActions } from './actions';
import { useHighlight } from './useHighlight';
import { VersionRow } from './VersionRow';

interface IProps {
  model: wire.Model;
  open: boolean;
  highlighted: boolean;
  shelf: IShelf;
  actions: IActions;
  trans: TranslationBundle;
}

/** One model; opened, it shows its versions. */
export const ModelRow = memo(function ModelRow(props: IProps): JSX.Element {
  const { model, open, actions } = props;
  const row = useHighlight(props.highlighted);
  useEffect(() => {
    if (open) {
      actions.stock(model);
    }
  }, [open, model, actions]);
  const Caret = open ? caretDownIcon : caretRightIcon;
  const metric = model.latest === null ? null : keyMetric(model.latest.metrics);
  return (
    <li ref={row} className="rsp-Row" data-highlighted={props.highlighted}>
      <button
        type="button"
        className="rsp-Row-toggle"
        aria-expanded={open}
        onClick={() => actions.toggleItem(`model:${model.name}`)}
      >
        <Caret.react tag="span" height="14px" width="14px" />
        <span className="rsp-Row-name" title={model.description || model.name}>
          {model.name}
        </span>
        {model.latest ? <span className="rsp-Ref">@{model.latest.number}</span> : null}
        <span className="rsp-Row-space" />
        {metric ? (
          <span className="rsp-Metric" title={metric[0]}>
            <span className="rsp-Dim">{metric[0]}</span> {metricText(metric[1])}
          </span>
        ) : null}
      </button>
      {tags(props)}
      {open ? versions(props) : null}
    </li>
  );
});

function tags({ model, trans }: IProps): JSX.Element | null {
  const aliases = Object.entries(model.aliases);
  if (aliases.length === 0 && model.endpoints.length === 0) {
    return null;
  }
  return (
    <div className="rsp-Row-line rsp-mod-indented">
      {aliases.map(([alias, number]) => (
        <span key={alias} className="rsp-Tag">
          {alias} @{number}
        </span>
      ))}
      {model.endpoints.map(endpoint => (
        <span key={endpoint} className="rsp-Tag rsp-mod-live">
          {trans.__('serves %1', endpoint)}
        </span>
      ))}
    </div>
  );
}

function versions({ model, shelf, actions, trans }: IProps): JSX.Element {
  const pointing = (version: wire.Version): string =>
    Object.entries(model.aliases)
      .filter(([, number]) => number === version.number)
      .map(([alias]) => alias)
      .join(', ');
  return (
    <>
      {shelf.error ? (
        <p className="rsp-Failure rsp-mod-indented">{problemText(shelf.error, trans)}</p>
      ) : null}
      <ul className="rsp-Versions" aria-label={trans.__('Versions of %1', model.name)}>
        {(shelf.versions ?? []).map(version => (
          <VersionRow
            key={version.number}
            version={version}
            aliases={pointing(version)}
            actions={actions}
            trans={trans}
          />
        ))}
      </ul>
    </>
  );
}
