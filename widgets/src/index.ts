/** Pictures of pipelines, data and evaluations. */

export type { IOptions, IPicture, ITranslation } from './picture';
export type {
  IGraphColumn,
  IGraphEdge,
  IGraphNode,
  IImportance,
  IPipelineGraph
} from './graph/data';
export { isPipelineGraph } from './graph/data';
export type { IGraphOptions, IGraphPicture } from './graph/graph';
export { mountPipelineGraph } from './graph/graph';
