/** The boxes, frames and lines of a pipeline as elements. */

import { button, html, svg } from '../dom';
import type { ITranslation } from '../picture';
import { numberText } from '../text';
import type { IGraphNode } from './data';
import { icon } from './icons';
import type { IPlacedEdge, IPlacedFrame, IPlacedLeaf } from './layout';
import { NODE, pathOf } from './layout';
import type { ILeaf } from './levels';

/** Rows and columns of what a node gives, or the names of what a model answers. */
export function shapeText(node: IGraphNode, trans: ITranslation): string {
  if ((node.role === 'predictor' || node.role === 'output') && node.outputs.length > 0) {
    return node.outputs.join(', ');
  }
  if (node.columns_out === null) {
    return trans.__('not fitted');
  }
  const rows =
    node.rows === null || node.rows === undefined ? trans.__('rows') : numberText(node.rows);
  return `${rows} × ${numberText(node.columns_out)}`;
}

export function nodeButton({ leaf, x, y }: IPlacedLeaf, trans: ITranslation): HTMLButtonElement {
  const { node } = leaf;
  const title = node === null ? leaf.name : node.title;
  const name = node === null ? trans.__('sub-pipeline') : node.name;
  const shape =
    node === null ? trans._n('%1 step', '%1 steps', leaf.members.length) : shapeText(node, trans);
  const made = button(
    `rsp-node rsp-${roleOf(leaf)}`,
    { 'data-id': leaf.key, 'aria-pressed': 'false', title: `${name}: ${title}` },
    null,
    html('span', 'rsp-badge', {}, icon(node?.kind ?? 'group', node?.role)),
    html(
      'span',
      'rsp-words',
      {},
      html('span', 'rsp-title', {}, title),
      html('span', 'rsp-name', {}, name),
      html('span', 'rsp-shape', {}, shape)
    )
  );
  made.style.cssText = `left:${x}px;top:${y}px;width:${NODE.width}px;height:${NODE.height}px`;
  return made;
}

function roleOf({ node, members }: ILeaf): string {
  if (node !== null) {
    return node.role;
  }
  return members.some(each => each.role === 'predictor') ? 'group rsp-predictor' : 'group';
}

export function frame(placed: IPlacedFrame, trans: ITranslation): HTMLElement {
  const { group, x, y, width, height } = placed;
  const made = html(
    'div',
    'rsp-frame',
    { 'data-group': group.key },
    button(
      'rsp-frame-name',
      {
        'data-group': group.key,
        'aria-expanded': 'true',
        'aria-label': trans.__('Close the sub-pipeline %1', group.name)
      },
      null,
      html('span', 'rsp-chevron', { 'aria-hidden': 'true' }, '▾'),
      html('span', '', {}, group.name)
    )
  );
  made.style.cssText = `left:${x}px;top:${y}px;width:${width}px;height:${height}px`;
  return made;
}

export function edgePicture({ edge, points }: IPlacedEdge): SVGGElement {
  const first = points[0] ?? { x: 0, y: 0 };
  const last = points.at(-1) ?? first;
  const made = svg(
    'g',
    { class: 'rsp-edge', 'data-from': edge.from, 'data-to': edge.to },
    svg('path', { d: pathOf(points, 5) }),
    svg('path', {
      class: 'rsp-head',
      d: `M${last.x - 7} ${last.y - 3.5}L${last.x - 1} ${last.y}L${last.x - 7} ${last.y + 3.5}z`
    })
  );
  if (edge.count !== null) {
    made.append(svg('text', { x: first.x + 7, y: first.y - 5 }, numberText(edge.count)));
  }
  return made;
}
