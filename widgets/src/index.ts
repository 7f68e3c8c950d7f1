/** Pictures of pipelines, data and evaluations. */

export type { IDashboard } from './endpoint/dashboard';
export { mountEndpoint } from './endpoint/dashboard';
export type { ICall, IEndpointSource } from './endpoint/source';
export type { IEvaluation } from './evaluation/data';
export { isEvaluation } from './evaluation/data';
export { mountEvaluation } from './evaluation/evaluation';
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
export type { IOptions, IPicture, ITranslation } from './picture';
export type { IColumnProfile, IComparison, IProfile, IStepData } from './profile/data';
export { isComparison, isStepData } from './profile/data';
export { mountStepView } from './profile/stepView';
export { mountTrainingData } from './profile/trainingData';
