/** The cells of a row about a column. */

import { html } from '../dom';
import type { ITranslation } from '../picture';
import { numberText, shareText } from '../text';
import type { IColumnProfile } from './data';
import { caption, distribution } from './distribution';
import type { IPair } from './pair';
import { associationOf, driftOf, missingShare } from './pair';

function cell(className: string, ...children: readonly (Node | string)[]): HTMLElement {
  return html('div', className, { role: 'cell' }, ...children);
}

export function nameCell(pair: IPair, sides: boolean, trans: ITranslation): HTMLElement {
  const notes = [pair.dtype];
  if (sides && pair.serve === null) {
    notes.push(trans.__('only in training'));
  } else if (sides && pair.train === null) {
    notes.push(trans.__('only in serving'));
  } else if (pair.train !== null && pair.serve !== null && pair.train.dtype !== pair.serve.dtype) {
    notes.push(trans.__('served as %1', pair.serve.dtype));
  }
  const made = html(
    'div',
    'rsp-cell-name',
    { role: 'rowheader' },
    html('span', 'rsp-column-name', { title: pair.name }, pair.name),
    html('span', 'rsp-faint', {}, notes.join(' · '))
  );
  return made;
}

export function distributionCell(pair: IPair, trans: ITranslation): HTMLElement {
  const drawn = distribution(pair);
  const empty = (pair.train ?? pair.serve)?.rows === (pair.train ?? pair.serve)?.missing;
  if (drawn === null) {
    const text = empty ? trans.__('all missing') : '–';
    return cell('rsp-cell-distribution', html('span', 'rsp-faint', {}, text));
  }
  const [left, right] = caption(pair);
  const words = html(
    'span',
    'rsp-caption',
    { title: left },
    html('span', '', {}, left),
    html('span', '', {}, right)
  );
  return cell('rsp-cell-distribution', drawn.picture, words);
}

function missingLine(column: IColumnProfile, side: string): HTMLElement {
  const share = missingShare(column);
  const bar = html('span', 'rsp-fill-bar', {});
  bar.style.width = `${100 * share}%`;
  return html(
    'span',
    `rsp-measure rsp-of-${side}`,
    {},
    html('span', 'rsp-track', {}, bar),
    html('span', 'rsp-figure', {}, shareText(share))
  );
}

export function missingCell({ train, serve }: IPair): HTMLElement {
  const lines: HTMLElement[] = [];
  if (train !== null) {
    lines.push(missingLine(train, 'train'));
  }
  if (serve !== null) {
    lines.push(missingLine(serve, 'serve'));
  }
  return cell('rsp-cell-missing', ...lines);
}

export function distinctCell({ train, serve }: IPair): HTMLElement {
  const figures = [train, serve].flatMap((column, side) =>
    column === null
      ? []
      : [
          html(
            'span',
            `rsp-figure rsp-of-${side === 0 ? 'train' : 'serve'}`,
            {},
            (column.distinct_exact === false ? '≥ ' : '') + numberText(column.distinct)
          )
        ]
  );
  return cell('rsp-cell-distinct', ...figures);
}

const KINDS = new Map([
  ['pearson', 'Pearson’s r'],
  ['correlation_ratio', 'correlation ratio'],
  ['cramers_v', 'Cramér’s V'],
  ['eta', 'correlation ratio η']
]);

export function associationCell(pair: IPair): HTMLElement {
  const association = associationOf(pair);
  if (association === null) {
    return cell('rsp-cell-association', html('span', 'rsp-faint', {}, '–'));
  }
  const bar = html('span', 'rsp-fill-bar', {});
  bar.style.width = `${100 * Math.min(1, Math.abs(association.value))}%`;
  const kind = KINDS.get(association.kind) ?? association.kind;
  const made = cell(
    'rsp-cell-association',
    html(
      'span',
      'rsp-measure',
      {},
      html('span', 'rsp-track', {}, bar),
      html('span', 'rsp-figure', {}, association.value.toFixed(2).replace('-', '−'))
    ),
    html('span', 'rsp-faint', {}, kind)
  );
  return made;
}

export function driftCell(pair: IPair, trans: ITranslation): HTMLElement {
  const drift = driftOf(pair);
  if (drift === null) {
    return cell('rsp-cell-drift', html('span', 'rsp-faint', {}, '–'));
  }
  const words = {
    none: trans.__('no drift'),
    some: trans.__('some drift'),
    strong: trans.__('strong drift')
  };
  const figures = [
    drift.psi === null || drift.psi === undefined ? '' : `PSI ${Number(drift.psi.toPrecision(2))}`,
    drift.ks === null || drift.ks === undefined ? '' : `KS ${Number(drift.ks.toPrecision(2))}`
  ];
  return cell(
    'rsp-cell-drift',
    html('span', 'rsp-verdict', { 'data-verdict': drift.verdict }, words[drift.verdict]),
    html('span', 'rsp-faint', {}, figures.filter(Boolean).join(' · '))
  );
}
