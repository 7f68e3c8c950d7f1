/** What stands beside a graph: the card of a step, or a summary of the whole. */

import { button, html } from '../dom';
import type { ITranslation } from '../picture';
import { jsonText, numberText, secondsText } from '../text';
import type { IGraphNode, IPipelineGraph } from './data';
import { shapeText } from './drawing';
import type { ILeaf } from './levels';

/** A column in a card; `node` is the step whose output it is, or '' for a raw column of the pipeline. */
function chip(name: string, node: string, dtype: string | null): HTMLElement {
  const label = dtype === null ? name : `${name} (${dtype})`;
  const made = button(
    'rsp-chip',
    { 'data-column': name, 'data-node': node, title: label },
    null,
    html('span', '', {}, name)
  );
  if (dtype !== null) {
    made.append(html('span', 'rsp-dtype', {}, dtype));
  }
  return html('li', '', {}, made);
}

function section(heading: string, ...body: readonly Node[]): HTMLElement {
  return html('section', '', {}, html('h4', '', {}, heading), ...body);
}

function pairs(entries: readonly (readonly [string, string])[]): HTMLElement {
  return html(
    'dl',
    'rsp-pairs',
    {},
    ...entries.flatMap(([name, value]) => [
      html('dt', '', { title: name }, name),
      html('dd', '', {}, value)
    ])
  );
}

function columns(
  heading: string,
  chips: readonly HTMLElement[],
  count: number | null,
  trans: ITranslation
): HTMLElement {
  const list = html('ul', 'rsp-chips', {}, ...chips);
  if (count === null) {
    list.append(html('li', 'rsp-more', {}, trans.__('known once the pipeline is fitted')));
  } else if (count > chips.length) {
    list.append(
      html('li', 'rsp-more', {}, trans.__('and %1 more', numberText(count - chips.length)))
    );
  }
  return section(count === null ? heading : `${heading} (${numberText(count)})`, list);
}

/** The steps just before a node that give a column. */
function giverOf(graph: IPipelineGraph, node: IGraphNode, column: string): string {
  const feeding = graph.edges.filter(edge => edge.to === node.id).map(edge => edge.from);
  const giver = graph.nodes.find(
    each => feeding.includes(each.id) && each.outputs.includes(column)
  );
  return giver?.id ?? feeding[0] ?? node.id;
}

function timingText(node: IGraphNode, trans: ITranslation): string {
  const { fit_s: fit, apply_s: apply } = node.timing ?? {};
  const parts: string[] = [];
  if (fit !== null && fit !== undefined) {
    parts.push(trans.__('fitted in %1', secondsText(fit)));
  }
  if (apply !== null && apply !== undefined) {
    parts.push(trans.__('applied in %1', secondsText(apply)));
  }
  return parts.join(' · ');
}

/** What a step is there for, where its place in the picture does not say it. */
function roleText(node: IGraphNode, trans: ITranslation): string {
  switch (node.role) {
    case 'target':
      return trans.__('Prepares the target; it runs in training only.');
    case 'output':
      return trans.__('An output beside the prediction.');
    default:
      return '';
  }
}

/** The card of a step: shapes, times, parameters, what it learned, columns. */
export function nodeCard(graph: IPipelineGraph, node: IGraphNode, trans: ITranslation): Node[] {
  const parts: Node[] = [];
  const part = roleText(node, trans);
  if (part) {
    parts.push(html('p', 'rsp-faint', {}, part));
  }
  const timing = timingText(node, trans);
  if (timing) {
    parts.push(html('p', 'rsp-faint', {}, timing));
  }
  if ((node.learned ?? []).length > 0) {
    const learned = (node.learned ?? []).map(({ name, text }) => [name, text] as const);
    parts.push(section(trans.__('Learned'), pairs(learned)));
  }
  const params = Object.entries(node.params).map(
    ([name, value]) => [name, jsonText(value)] as const
  );
  const dtypes = new Map((node.columns ?? []).map(column => [column.name, column.dtype ?? null]));
  const names = node.outputs.length > 0 ? node.outputs : [...dtypes.keys()];
  const gives = names.map(name => chip(name, node.id, dtypes.get(name) ?? null));
  const isSource = node.role === 'source';
  parts.push(
    columns(
      isSource ? trans.__('Raw columns') : trans.__('Columns out'),
      gives,
      node.columns_out,
      trans
    )
  );
  if (!isSource) {
    const reads = node.inputs.map(name => chip(name, giverOf(graph, node, name), null));
    parts.push(columns(trans.__('Columns in'), reads, node.columns_in, trans));
  }
  if (params.length > 0) {
    parts.push(section(trans._n('%1 parameter', '%1 parameters', params.length), pairs(params)));
  }
  return parts;
}

/** The line under the name of a step. */
export function nodeLine(node: IGraphNode, trans: ITranslation): string {
  return `${node.title} · ${shapeText(node, trans)}`;
}

/** The card of a closed sub-pipeline: the steps in it. */
export function groupCard(leaf: ILeaf, trans: ITranslation): Node[] {
  const steps = leaf.members.map(node =>
    html(
      'li',
      '',
      {},
      button('rsp-chip', { 'data-open': node.id }, null, html('span', '', {}, node.name)),
      html('span', 'rsp-faint', {}, ` ${node.title}`)
    )
  );
  return [
    section(trans.__('Steps'), html('ul', 'rsp-steps', {}, ...steps)),
    button(
      'rsp-button',
      { 'data-open': leaf.members[0]?.id ?? '' },
      null,
      trans.__('Open the sub-pipeline')
    )
  ];
}

/** What is said while no step is shown: the raw columns, with their importance when that is known. */
export function summary(graph: IPipelineGraph, trans: ITranslation): Node[] {
  const hint = html(
    'p',
    'rsp-faint',
    {},
    trans.__(
      'Point at a step for its card; a click keeps it. Point at a column to light where it comes from.'
    )
  );
  const importance = graph.importance ?? [];
  if (importance.length === 0) {
    const raw = graph.nodes.filter(node => node.role === 'source').flatMap(node => node.outputs);
    const unique = [...new Set(raw)];
    const chips = unique.map(name => chip(name, '', null));
    return [hint, columns(trans.__('Raw columns'), chips, unique.length, trans)];
  }
  const largest = Math.max(...importance.map(each => Math.abs(each.value)), Number.MIN_VALUE);
  const rows = importance.map(({ column, value, std }) => {
    const bar = html('span', 'rsp-bar', { 'data-sign': value < 0 ? 'minus' : 'plus' });
    bar.style.width = `${(100 * Math.abs(value)) / largest}%`;
    const spread = std === null || std === undefined ? '' : ` ± ${numberText(std)}`;
    return html(
      'li',
      '',
      {},
      button(
        'rsp-importance',
        {
          'data-column': column,
          'data-node': '',
          title: `${column}: ${numberText(value)}${spread}`
        },
        null,
        html('span', 'rsp-importance-name', {}, column),
        html('span', 'rsp-importance-track', {}, bar),
        html('span', 'rsp-importance-value', {}, numberText(value))
      )
    );
  });
  return [
    hint,
    section(trans.__('Importance of the raw columns'), html('ul', 'rsp-plain', {}, ...rows))
  ];
}
