import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';
import { useState } from 'react';

import type { IGraphNode, IPipelineGraph, IPlacedEdge, IPlacedNode } from '../models/pipelineGraph';
import { layOut, NODE } from '../models/pipelineGraph';

interface IProps {
  graph: IPipelineGraph;
  trans: TranslationBundle;
}

/** A pipeline as a picture; the chosen step tells its parameters and columns. */
export function PipelineGraph({ graph, trans }: IProps): JSX.Element {
  const [chosen, choose] = useState<string | null>(null);
  const layout = layOut(graph);
  const node = chosen === null ? undefined : layout.placed.get(chosen)?.node;
  return (
    <>
      <svg
        className="rsp-Graph"
        width={layout.width}
        height={layout.height}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        role="group"
        aria-label={trans.__('Steps of the pipeline')}
      >
        {layout.edges.map(placed => (
          <Edge key={`${placed.edge.from}>${placed.edge.to}`} placed={placed} />
        ))}
        {[...layout.placed.values()].map(placed => (
          <Box
            key={placed.node.id}
            placed={placed}
            chosen={placed.node.id === chosen}
            onChoose={() => choose(placed.node.id === chosen ? null : placed.node.id)}
            trans={trans}
          />
        ))}
      </svg>
      {node ? (
        <Details node={node} trans={trans} />
      ) : (
        <p className="rsp-Empty">{trans.__('Choose a step to see its parameters and columns.')}</p>
      )}
    </>
  );
}

function Edge({ placed }: { placed: IPlacedEdge }): JSX.Element {
  const path = placed.stretches.map(({ x1, y1, x2, y2 }, index) => {
    const bend = (x2 - x1) / 2;
    const start = `${index === 0 ? 'M' : 'L'}${x1},${y1}`;
    return `${start} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
  });
  return <path className="rsp-Graph-edge" d={path.join(' ')} />;
}

function Box(props: {
  placed: IPlacedNode;
  chosen: boolean;
  onChoose: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { placed, chosen, onChoose, trans } = props;
  const { node, x, y } = placed;
  return (
    <foreignObject x={x} y={y} width={NODE.width} height={NODE.height}>
      <button
        type="button"
        className="rsp-Graph-node"
        data-role={node.role}
        aria-pressed={chosen}
        onClick={onChoose}
      >
        <span className="rsp-Graph-title">{node.title}</span>
        <span className="rsp-Dim">
          {node.columns_out === null
            ? node.name
            : trans._n('%2 · %1 column', '%2 · %1 columns', node.columns_out, node.name)}
        </span>
      </button>
    </foreignObject>
  );
}

function Details({ node, trans }: { node: IGraphNode; trans: TranslationBundle }): JSX.Element {
  const params = Object.entries(node.params);
  return (
    <section className="rsp-Graph-details" aria-live="polite">
      <h3>
        {node.title} <code>{node.name}</code>
      </h3>
      {params.length > 0 ? (
        <table>
          <caption>{trans.__('Parameters')}</caption>
          <tbody>
            {params.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <code>{JSON.stringify(value)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      <Columns title={trans.__('Reads')} names={node.inputs} count={node.columns_in} />
      <Columns title={trans.__('Gives')} names={node.outputs} count={node.columns_out} />
    </section>
  );
}

function Columns(props: {
  title: string;
  names: readonly string[];
  count: number | null;
}): JSX.Element | null {
  const { title, names, count } = props;
  if (names.length === 0) {
    return null;
  }
  const more = count === null ? 0 : count - names.length;
  return (
    <div className="rsp-Graph-columns">
      <h4>{title}</h4>
      {names.map(name => (
        <code key={name} className="rsp-Tag">
          {name}
        </code>
      ))}
      {more > 0 ? <span className="rsp-Dim">+{more}</span> : null}
    </div>
  );
}
