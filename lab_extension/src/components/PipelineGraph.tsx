import type { TranslationBundle } from '@jupyterlab/translation';
import type { IGraphPicture, IPipelineGraph } from '@redspot/pictures';
import { mountPipelineGraph } from '@redspot/pictures';
import type { JSX } from 'react';
import { useEffect, useRef } from 'react';

interface IProps {
  graph: IPipelineGraph;
  trans: TranslationBundle;
}

/** A pipeline as a picture, the same as in a notebook's cell; it fills what is round it. */
export function PipelineGraph({ graph, trans }: IProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const picture = useRef<IGraphPicture | null>(null);
  // The graph of the first render; later ones come by `update`, so that zoom and open boxes stay.
  const first = useRef(graph);
  useEffect(() => {
    if (host.current === null) {
      return;
    }
    const mounted = mountPipelineGraph(host.current, first.current, { trans, fill: true });
    picture.current = mounted;
    return () => {
      picture.current = null;
      mounted.dispose();
    };
  }, [trans]);
  useEffect(() => {
    if (graph !== first.current) {
      first.current = graph;
      picture.current?.update(graph);
    }
  }, [graph]);
  return <div ref={host} className="rsp-GraphHost" />;
}
