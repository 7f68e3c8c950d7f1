/** The graph of a pipeline: steps, sub-pipelines, the card of a step, the lineage of a column. */

import { around, button, html, rootOf, svg } from '../dom';
import type { IOptions, IPicture, ITranslation } from '../picture';
import { ENGLISH } from '../picture';
import { groupCard, nodeCard, nodeLine, summary } from './card';
import type { IPipelineGraph } from './data';
import { edgePicture, frame, nodeButton } from './drawing';
import type { IGraphLayout } from './layout';
import { layOut } from './layout';
import type { IVisible } from './levels';
import { allGroups, groupKeys, visibleOf } from './levels';
import type { ILineage } from './lineage';
import { descentOf, lineageOf } from './lineage';
import { Viewport } from './viewport';

/** Above so many steps the sub-pipelines are closed at first. */
const MANY = 30;

export interface IGraphOptions extends IOptions {
  /** Id of the step whose card is pinned; '' for none. */
  readonly selected?: string;
  /** Take the height of what is round it. */
  readonly fill?: boolean;
  /** Called when the reader pins another card, or none. */
  readonly onSelect?: (id: string) => void;
}

/** A mounted graph. */
export interface IGraphPicture extends IPicture<IPipelineGraph> {
  /** Pin the card of a step; '' unpins. */
  select: (id: string) => void;
}

/** Draw a pipeline into an element. */
export function mountPipelineGraph(
  host: HTMLElement,
  graph: IPipelineGraph,
  options: IGraphOptions = {}
): IGraphPicture {
  return new GraphPicture(host, graph, options);
}

class GraphPicture implements IGraphPicture {
  constructor(host: HTMLElement, graph: IPipelineGraph, options: IGraphOptions) {
    this._trans = options.trans ?? ENGLISH;
    this._onSelect = options.onSelect ?? (() => undefined);
    this._viewport = new Viewport(this._trans, this._trans.__('Steps of the pipeline'));
    this._card = html('aside', 'rsp-card', { 'aria-label': this._trans.__('Details') });
    this._stage = html('div', 'rsp-stage', {}, this._viewport.node, this._card);
    const label = this._trans.__('View of the pipeline');
    this._bar = html('div', 'rsp-toolbar', { role: 'toolbar', 'aria-label': label });
    this._root.append(this._stage, this._bar);
    this._root.classList.toggle('rsp-fill', options.fill === true);
    this._root.addEventListener('click', this._onClick);
    this._root.addEventListener('keydown', this._onKey);
    this._root.addEventListener('pointerover', this._onPoint);
    this._root.addEventListener('focusin', this._onPoint);
    this._root.addEventListener('pointerleave', this._onLeave);
    host.append(this._root);
    this._graph = graph;
    this._closed = this._firstClosed();
    this._pinned = options.selected ?? '';
    this._reveal(this._pinned);
    this._draw();
  }

  update(graph: IPipelineGraph): void {
    const known = new Set(allGroups(graph));
    const before = new Set(allGroups(this._graph));
    this._graph = graph;
    this._closed = [...before].some(key => known.has(key))
      ? new Set([...this._closed].filter(key => known.has(key)))
      : this._firstClosed();
    this._pointed = '';
    if (!graph.nodes.some(node => node.id === this._pinned)) {
      this._pinned = '';
    }
    this._draw();
  }

  select(id: string): void {
    if (id !== this._pinned) {
      this._pinned = id;
      if (this._reveal(id)) {
        this._draw();
      } else {
        this._show();
      }
    }
  }

  dispose(): void {
    this._viewport.dispose();
    this._root.remove();
  }

  private _firstClosed(): Set<string> {
    return new Set(this._graph.nodes.length > MANY ? allGroups(this._graph) : []);
  }

  /** Open what is round a step; false when it is visible already. */
  private _reveal(id: string): boolean {
    const node = this._graph.nodes.find(each => each.id === id);
    const round = node === undefined ? [] : groupKeys(node).filter(key => this._closed.has(key));
    for (const key of round) {
      this._closed.delete(key);
    }
    return round.length > 0;
  }

  private _draw(): void {
    const trans = this._trans;
    this._visible = visibleOf(this._graph, this._closed);
    this._layout = layOut(this._visible);
    const { leaves, frames, edges, width, height } = this._layout;
    this._buttons = new Map(
      [...leaves.values()].map(placed => [placed.leaf.key, nodeButton(placed, trans)])
    );
    this._viewport.canvas.replaceChildren(
      ...frames.map(placed => frame(placed, trans)),
      svg(
        'svg',
        { class: 'rsp-edges', width, height, 'aria-hidden': 'true' },
        ...edges.map(edgePicture)
      ),
      ...this._buttons.values()
    );
    // As high as a small graph needs; a larger one is scrolled.
    this._stage.style.setProperty('--rsp-drawing', `${Math.ceil(height)}px`);
    this._viewport.resize({ width, height });
    this._setTabStop([...this._buttons.keys()][0] ?? '');
    const groups = allGroups(this._graph);
    const tools = this._viewport.tools();
    if (groups.length > 0) {
      tools.push(
        button('rsp-button', { 'data-fold': 'all' }, null, trans.__('Close all')),
        button('rsp-button', { 'data-fold': 'none' }, null, trans.__('Open all'))
      );
    }
    this._bar.replaceChildren(...tools);
    this._show();
  }

  /** Show the card of what is pinned, else of what is pointed at, else the summary. */
  private _show(): void {
    const key = this._visible.leafOf.get(this._pinned) ?? this._pointed;
    const leaf = this._visible.leaves.get(key);
    const trans = this._trans;
    for (const [id, made] of this._buttons) {
      made.setAttribute('aria-pressed', String(this._pinned !== '' && id === key));
      made.classList.toggle('rsp-shown', id === key);
    }
    this._trace(null);
    for (const edge of this._viewport.canvas.querySelectorAll<SVGElement>('.rsp-edge')) {
      const touches = edge.dataset['from'] === key || edge.dataset['to'] === key;
      edge.classList.toggle('rsp-lit', key !== '' && touches);
    }
    const heading = leaf?.name ?? trans.__('Pipeline');
    const node = leaf?.node ?? null;
    const line =
      leaf === undefined
        ? trans._n(
            '%1 step',
            '%1 steps',
            this._graph.nodes.filter(each => each.role !== 'source').length
          )
        : node === null
          ? trans.__('sub-pipeline')
          : nodeLine(node, trans);
    const head = html(
      'header',
      '',
      {},
      html('strong', '', {}, heading),
      html('span', 'rsp-kind', {}, line)
    );
    if (this._pinned !== '') {
      head.append(button('rsp-close', { 'aria-label': trans.__('Close the card') }, null, '×'));
    }
    const body =
      leaf === undefined
        ? summary(this._graph, trans)
        : node === null
          ? groupCard(leaf, trans)
          : nodeCard(this._graph, node, trans);
    this._card.dataset['of'] = leaf?.key ?? '';
    this._card.classList.toggle('rsp-pinned', this._pinned !== '');
    this._card.replaceChildren(head, html('div', 'rsp-card-body', {}, ...body));
  }

  /** Light where a column comes from, and dim the rest; null lights all. */
  private _trace(lineage: ILineage | null): void {
    const { canvas } = this._viewport;
    this._root.classList.toggle('rsp-tracing', lineage !== null);
    const lit = new Map<string, Set<string>>();
    for (const [id, names] of lineage?.columns ?? []) {
      const key = this._visible.leafOf.get(id) ?? id;
      lit.set(key, new Set([...(lit.get(key) ?? []), ...names]));
    }
    for (const [key, made] of this._buttons) {
      made.classList.toggle('rsp-lit', lit.has(key));
      made.querySelector('.rsp-lit-columns')?.remove();
      const names = [...(lit.get(key) ?? [])];
      if (names.length > 0) {
        made
          .querySelector('.rsp-words')
          ?.append(html('span', 'rsp-lit-columns', {}, names.join(', ')));
      }
    }
    const pairs = new Set(
      (lineage?.edges ?? []).map(pair =>
        pair.map(id => this._visible.leafOf.get(id) ?? id).join('\u0000')
      )
    );
    for (const edge of canvas.querySelectorAll<SVGElement>('.rsp-edge')) {
      const { from = '', to = '' } = edge.dataset;
      edge.classList.toggle('rsp-traced', pairs.has(`${from}\u0000${to}`));
    }
  }

  private readonly _onPoint = (event: Event): void => {
    const column = around(event, '[data-column]')?.dataset;
    if (column !== undefined) {
      const name = column['column'] ?? '';
      const node = column['node'] ?? '';
      this._trace(node === '' ? descentOf(this._graph, name) : lineageOf(this._graph, node, name));
      return;
    }
    if (this._root.classList.contains('rsp-tracing')) {
      this._trace(null);
    }
    const id = around(event, '.rsp-node')?.dataset['id'];
    if (id !== undefined && id !== this._pointed) {
      this._pointed = id;
      if (this._pinned === '') {
        this._show();
      }
    }
  };

  private readonly _onLeave = (): void => {
    this._trace(null);
    const focused = document.activeElement;
    if (this._pointed !== '' && !(focused !== null && this._root.contains(focused))) {
      this._pointed = '';
      this._show();
    }
  };

  private readonly _onClick = (event: Event): void => {
    const node = around(event, '.rsp-node')?.dataset['id'];
    const group = around(event, '.rsp-frame-name')?.dataset['group'];
    const fold = around(event, '[data-fold]')?.dataset['fold'];
    const open = around(event, '[data-open]')?.dataset['open'];
    if (group !== undefined) {
      this._fold(() => this._closed.add(group), group);
    } else if (fold !== undefined) {
      this._fold(() => {
        this._closed = new Set(fold === 'all' ? allGroups(this._graph) : []);
      }, '');
    } else if (open !== undefined) {
      this._choose('');
      this._fold(() => this._reveal(open), open);
    } else if (node !== undefined) {
      this._press(node);
    } else if (around(event, '.rsp-close') !== null) {
      this._unpin();
    }
  };

  /** A click on a step pins its card or lets it go; one on a closed sub-pipeline opens it. */
  private _press(key: string): void {
    const leaf = this._visible.leaves.get(key);
    if (leaf?.node === null) {
      const first = leaf.members[0]?.id ?? '';
      this._fold(() => this._closed.delete(key), first);
    } else {
      this._setTabStop(key);
      this._choose(key === this._pinned ? '' : key);
    }
  }

  private _fold(change: () => unknown, focus: string): void {
    change();
    this._pointed = '';
    this._draw();
    const key = this._visible.leafOf.get(focus) ?? focus;
    this._setTabStop(key);
    this._buttons.get(key)?.focus({ preventScroll: true });
  }

  private _choose(id: string): void {
    if (id !== this._pinned) {
      this._pinned = id;
      this._show();
      this._onSelect(id);
    }
  }

  private _unpin(): void {
    const key = this._visible.leafOf.get(this._pinned) ?? '';
    this._pointed = key;
    this._choose('');
    this._buttons.get(key)?.focus();
  }

  private readonly _onKey = (event: KeyboardEvent): void => {
    const node = around(event, '.rsp-node')?.dataset['id'];
    let done = false;
    if (event.key === 'Escape' && this._pinned !== '') {
      this._unpin();
      done = true;
    } else if (node !== undefined && event.key.startsWith('Arrow') && !event.shiftKey) {
      this._step(node, event.key);
      done = true;
    } else if (around(event, '.rsp-viewport') !== null) {
      done = this._viewport.press(event);
    }
    if (done) {
      // JupyterLab would move to the next cell, or change it.
      event.preventDefault();
      event.stopPropagation();
    }
  };

  /** Focus the nearest step in the direction of an arrow key. */
  private _step(from: string, key: string): void {
    const here = this._layout.leaves.get(from);
    const [dx, dy] = ARROWS.get(key) ?? [0, 0];
    let best: { key: string; distance: number } | null = null;
    for (const { leaf, x, y } of this._layout.leaves.values()) {
      const along = (x - (here?.x ?? 0)) * dx + (y - (here?.y ?? 0)) * dy;
      const across = Math.abs((x - (here?.x ?? 0)) * dy) + Math.abs((y - (here?.y ?? 0)) * dx);
      const distance = along + 2 * across;
      const inReach = along > 0 && across <= (dx === 0 ? 1 : Infinity);
      if (inReach && (best === null || distance < best.distance)) {
        best = { key: leaf.key, distance };
      }
    }
    if (best !== null) {
      this._setTabStop(best.key);
      this._buttons.get(best.key)?.focus();
    }
  }

  /** Of all steps one is reached by Tab; the arrows lead to the others. */
  private _setTabStop(key: string): void {
    if (this._buttons.has(key)) {
      for (const [id, made] of this._buttons) {
        made.tabIndex = id === key ? 0 : -1;
      }
    }
  }

  private readonly _root = rootOf('rsp-graph');
  private readonly _viewport: Viewport;
  private readonly _stage: HTMLElement;
  private readonly _card: HTMLElement;
  private readonly _bar: HTMLElement;
  private readonly _trans: ITranslation;
  private readonly _onSelect: (id: string) => void;
  private _graph: IPipelineGraph;
  private _visible: IVisible = visibleOf({ nodes: [], edges: [] }, new Set());
  private _layout: IGraphLayout = layOut(this._visible);
  private _buttons = new Map<string, HTMLButtonElement>();
  private _closed: Set<string>;
  private _pinned: string;
  private _pointed = '';
}

const ARROWS = new Map<string, readonly [number, number]>([
  ['ArrowLeft', [-1, 0]],
  ['ArrowRight', [1, 0]],
  ['ArrowUp', [0, -1]],
  ['ArrowDown', [0, 1]]
]);
