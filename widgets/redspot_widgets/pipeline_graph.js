/**
 * The graph of a pipeline: an anywidget front-end module.
 *
 * State: `graph` (what Pipeline.describe() returns) and `selected` (id of a node, or ''). Nodes are buttons on top of
 * an SVG with the edges, so that keyboard and screen reader work without a word of ours. Text of the user only
 * ever goes into textContent.
 */

const BOX = { width: 196, height: 64, gapX: 44, gapY: 20, margin: 10 };
const SVG = 'http://www.w3.org/2000/svg';

/** Outlines in a 16 × 16 box, drawn with a stroke; one per kind of step. */
const ICONS = {
  columns: 'M2.5 3.5h11v9h-11zM6.2 3.5v9M9.8 3.5v9M2.5 6.5h11',
  impute: 'M8 2.2c2.4 2.9 3.8 4.9 3.8 7a3.8 3.8 0 0 1-7.6 0c0-2.1 1.4-4.1 3.8-7z',
  scale: 'M2 11.5h12M2 11.5v-3M5 11.5V9.5M8 11.5v-5M11 11.5V9.5M14 11.5v-3',
  one_hot: 'M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 9h4v4H9zM4.2 5h1.6',
  parse_number: 'M6.3 2.5l-1.3 11M11 2.5l-1.3 11M2.8 6h10.7M2.5 10h10.7',
  select: 'M2.5 3h11l-4.2 5v4.6l-2.6-1.4V8z',
  function: 'M11.5 3.2c-2.2-.9-3.2.2-3.5 2.3L7 11c-.3 1.9-1.3 2.6-3 2M5.3 7h5.2',
  estimate: 'M2.5 12.5l3.6-4 2.6 2.2 4.8-6.7M10.2 3.8h3.3v3.3'
};

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) {
    made.className = className;
  }
  if (text !== undefined) {
    made.textContent = text;
  }
  return made;
}

function svgElement(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, String(value));
  }
  return made;
}

function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Place each node one layer right of the last that it reads, level with the mean of those. */
export function layOut(graph) {
  const before = new Map(graph.nodes.map(node => [node.id, []]));
  for (const edge of graph.edges) {
    before.get(edge.to).push(edge.from);
  }
  const layer = new Map();
  for (const node of graph.nodes) {
    layer.set(node.id, 1 + Math.max(-1, ...before.get(node.id).map(id => layer.get(id))));
  }
  const layers = 1 + Math.max(0, ...layer.values());
  const slot = new Map();
  for (let depth = 0; depth < layers; depth += 1) {
    const members = graph.nodes.filter(node => layer.get(node.id) === depth);
    const wished = members.map((node, index) => {
      const sources = before.get(node.id);
      const mean = sources.reduce((sum, id) => sum + slot.get(id), 0) / Math.max(1, sources.length);
      return { id: node.id, at: sources.length ? mean : index };
    });
    let lowest = 0;
    for (const { id, at } of wished.sort((a, b) => a.at - b.at)) {
      slot.set(id, Math.max(at, lowest));
      lowest = slot.get(id) + 1;
    }
  }
  const rows = 1 + Math.max(0, ...slot.values());
  const corners = new Map(
    graph.nodes.map(({ id }) => [
      id,
      {
        x: BOX.margin + layer.get(id) * (BOX.width + BOX.gapX),
        y: BOX.margin + slot.get(id) * (BOX.height + BOX.gapY)
      }
    ])
  );
  return {
    corners,
    width: 2 * BOX.margin + layers * BOX.width + (layers - 1) * BOX.gapX,
    height: 2 * BOX.margin + rows * BOX.height + (rows - 1) * BOX.gapY
  };
}

function icon(kind) {
  const picture = svgElement('svg', { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' });
  picture.append(svgElement('path', { d: ICONS[kind] ?? ICONS.function }));
  return picture;
}

function shapeOf(node) {
  if (node.role === 'predictor' && node.outputs.length > 0) {
    return node.outputs.join(', ');
  }
  return node.columns_out === null ? 'not fitted' : `rows × ${node.columns_out}`;
}

function nodeButton(node, corner) {
  const button = element('button', `rsp-node rsp-${node.role}`);
  button.type = 'button';
  button.dataset.id = node.id;
  button.style.left = `${corner.x}px`;
  button.style.top = `${corner.y}px`;
  button.style.width = `${BOX.width}px`;
  button.style.height = `${BOX.height}px`;
  button.title = `${node.name}: ${node.title}`;
  button.setAttribute('aria-expanded', 'false');
  const badge = element('span', 'rsp-badge');
  badge.append(icon(node.kind));
  const words = element('span', 'rsp-words');
  words.append(
    element('span', 'rsp-title', node.title),
    element('span', 'rsp-name', node.name),
    element('span', 'rsp-shape', shapeOf(node))
  );
  button.append(badge, words);
  return button;
}

function edgePicture(edge, corners) {
  const from = corners.get(edge.from);
  const to = corners.get(edge.to);
  const x1 = from.x + BOX.width;
  const y1 = from.y + BOX.height / 2;
  const y2 = to.y + BOX.height / 2;
  const bend = (to.x - x1) / 2;
  const group = svgElement('g', { class: 'rsp-edge', 'data-from': edge.from, 'data-to': edge.to });
  group.append(
    svgElement('path', { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${to.x - bend} ${y2} ${to.x - 5} ${y2}` }),
    svgElement('path', { class: 'rsp-head', d: `M${to.x - 7} ${y2 - 3.5}L${to.x - 1} ${y2}L${to.x - 7} ${y2 + 3.5}z` })
  );
  if (edge.count !== null && edge.count !== undefined) {
    const label = svgElement('text', { x: x1 + 8, y: y1 - 5 });
    label.textContent = String(edge.count);
    group.append(label);
  }
  return group;
}

function columnList(heading, names, count) {
  const section = element('section');
  section.append(element('h4', '', count === null ? heading : `${heading} (${count})`));
  const list = element('ul', 'rsp-chips');
  for (const name of names) {
    list.append(element('li', '', name));
  }
  if (count !== null && count > names.length) {
    list.append(element('li', 'rsp-more', `and ${count - names.length} more`));
  }
  if (count === null) {
    list.append(element('li', 'rsp-more', 'known once the pipeline is fitted'));
  }
  section.append(list);
  return section;
}

function parameterList(params) {
  const section = element('section');
  const names = Object.keys(params);
  section.append(element('h4', '', counted(names.length, 'parameter')));
  const list = element('dl', 'rsp-params');
  for (const name of names) {
    list.append(element('dt', '', name), element('dd', '', JSON.stringify(params[name])));
  }
  section.append(list);
  return section;
}

function detailsOf(node) {
  const panel = element('div', 'rsp-details');
  panel.setAttribute('role', 'region');
  panel.setAttribute('aria-label', `Details of ${node.name}`);
  const head = element('header');
  const close = element('button', 'rsp-close', '×');
  close.type = 'button';
  close.setAttribute('aria-label', 'Close details');
  head.append(element('strong', '', node.name), element('span', 'rsp-kind', `${node.title} · ${shapeOf(node)}`), close);
  const body = element('div', 'rsp-sections');
  if (Object.keys(node.params).length > 0) {
    body.append(parameterList(node.params));
  }
  if (node.role !== 'source') {
    body.append(columnList('Columns in', node.inputs, node.columns_in));
  }
  body.append(columnList(node.role === 'source' ? 'Raw columns' : 'Columns out', node.outputs, node.columns_out));
  panel.append(head, body);
  return panel;
}

/** The id of the node nearest in the direction of an arrow key, or undefined. */
function neighbour(layout, id, key) {
  const here = layout.corners.get(id);
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  let best;
  for (const [other, { x, y }] of layout.corners) {
    const along = (x - here.x) * dx + (y - here.y) * dy;
    const across = Math.abs((x - here.x) * dy) + Math.abs((y - here.y) * dx);
    const distance = along + 2 * across;
    if (along > 0 && across <= (dx ? Infinity : 1) && (!best || distance < best.distance)) {
      best = { id: other, distance };
    }
  }
  return best?.id;
}

function render({ model, el }) {
  const root = element('div', 'rsp-graph');
  el.append(root);
  let buttons = new Map();

  const choose = id => {
    model.set('selected', id);
    model.save_changes();
  };

  const showSelection = () => {
    const id = model.get('selected');
    const node = model.get('graph').nodes.find(each => each.id === id);
    for (const [name, button] of buttons) {
      button.setAttribute('aria-expanded', String(name === id));
    }
    for (const edge of root.querySelectorAll('.rsp-edge')) {
      edge.classList.toggle('rsp-lit', edge.dataset.from === id || edge.dataset.to === id);
    }
    root.querySelector('.rsp-details')?.remove();
    if (node) {
      root.append(detailsOf(node));
    }
  };

  const draw = () => {
    const graph = model.get('graph');
    const layout = layOut(graph);
    const canvas = element('div', 'rsp-canvas');
    canvas.setAttribute('role', 'group');
    canvas.setAttribute('aria-label', `Pipeline of ${counted(graph.nodes.length, 'node')}`);
    canvas.style.width = `${layout.width}px`;
    canvas.style.height = `${layout.height}px`;
    const edges = svgElement('svg', { width: layout.width, height: layout.height, 'aria-hidden': 'true' });
    edges.append(...graph.edges.map(edge => edgePicture(edge, layout.corners)));
    buttons = new Map(graph.nodes.map(node => [node.id, nodeButton(node, layout.corners.get(node.id))]));
    canvas.append(edges, ...buttons.values());
    canvas.addEventListener('keydown', event => {
      const id = event.target.closest('.rsp-node')?.dataset.id;
      if (id && event.key.startsWith('Arrow')) {
        buttons.get(neighbour(layout, id, event.key))?.focus();
        // JupyterLab would move to the next cell.
        event.preventDefault();
        event.stopPropagation();
      }
    });
    const scroller = element('div', 'rsp-scroller');
    scroller.append(canvas);
    root.replaceChildren(scroller);
    showSelection();
  };

  const onClick = event => {
    const button = event.target.closest('.rsp-node');
    if (button) {
      choose(button.dataset.id === model.get('selected') ? '' : button.dataset.id);
    } else if (event.target.closest('.rsp-close')) {
      buttons.get(model.get('selected'))?.focus();
      choose('');
    }
  };

  const onKey = event => {
    if (event.key === 'Escape' && model.get('selected')) {
      buttons.get(model.get('selected'))?.focus();
      choose('');
      event.stopPropagation();
    }
  };

  root.addEventListener('click', onClick);
  root.addEventListener('keydown', onKey);
  model.on('change:graph', draw);
  model.on('change:selected', showSelection);
  draw();

  return () => {
    model.off('change:graph', draw);
    model.off('change:selected', showSelection);
    root.remove();
  };
}

export default { render };
