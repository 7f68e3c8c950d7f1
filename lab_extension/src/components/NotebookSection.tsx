import { refreshIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

import { problemText } from '../api/problem';
import { keyMetric, metricText } from '../models/metric';
import type { SidebarView } from '../models/sidebarView';
import type { IKernelPipelines, IPipelineInfo } from '../tokens';
import type { IActions } from './actions';
import { Empty } from './Empty';
import { IconButton } from './IconButton';
import { Section } from './Section';
import { TextButton } from './TextButton';

interface IProps {
  kernel: IKernelPipelines;
  view: SidebarView;
  actions: IActions;
  trans: TranslationBundle;
}

/** The pipelines that are alive in the current notebook's kernel. */
export function NotebookSection(props: IProps): JSX.Element {
  const { kernel, view, actions, trans } = props;
  return (
    <Section
      title={trans.__('This notebook')}
      count={kernel.pipelines.length}
      open={view.isSectionOpen('notebook')}
      onToggle={() => actions.toggleSection('notebook')}
      tools={
        kernel.phase === 'ready' ? (
          <IconButton
            icon={refreshIcon}
            label={trans.__('Look for pipelines again')}
            onClick={() => actions.lookForPipelines()}
          />
        ) : null
      }
    >
      {kernel.notebookName ? (
        <p className="rsp-NotebookName" title={kernel.notebookName}>
          {kernel.notebookName}
        </p>
      ) : null}
      {hint(props)}
      <ul className="rsp-List">
        {kernel.pipelines.map(pipeline => (
          <PipelineRow
            key={pipeline.variable}
            pipeline={pipeline}
            actions={actions}
            trans={trans}
          />
        ))}
      </ul>
    </Section>
  );
}

function PipelineRow(props: {
  pipeline: IPipelineInfo;
  actions: IActions;
  trans: TranslationBundle;
}): JSX.Element {
  const { pipeline, actions, trans } = props;
  const metric = keyMetric(pipeline.metrics);
  return (
    <li className="rsp-Row">
      <div className="rsp-Row-line">
        <code className="rsp-Row-name">{pipeline.variable}</code>
        <span className="rsp-Row-space" />
        {metric ? (
          <span className="rsp-Metric">
            <span className="rsp-Dim">{metric[0]}</span> {metricText(metric[1])}
          </span>
        ) : null}
      </div>
      <div className="rsp-Row-line">
        <span className="rsp-Dim rsp-Row-summary" title={pipeline.columns.join(', ')}>
          {pipeline.fitted
            ? trans._n('%1 step, fitted', '%1 steps, fitted', pipeline.steps)
            : trans._n('%1 step, not fitted yet', '%1 steps, not fitted yet', pipeline.steps)}
        </span>
        <span className="rsp-Row-space" />
        <TextButton
          onClick={() => actions.showLiveGraph(pipeline.variable)}
          label={trans.__('Show the graph of %1', pipeline.variable)}
        >
          {trans.__('Graph')}
        </TextButton>
        <TextButton
          accent
          disabled={!pipeline.fitted}
          onClick={() => actions.register(pipeline.variable)}
          label={trans.__('Register the pipeline %1 as a model', pipeline.variable)}
        >
          {trans.__('Register…')}
        </TextButton>
      </div>
    </li>
  );
}

function hint({ kernel, actions, trans }: IProps): JSX.Element | null {
  switch (kernel.phase) {
    case 'no-notebook':
      return <Empty>{trans.__('Open a notebook to see the pipelines it holds.')}</Empty>;
    case 'no-kernel':
      return <Empty>{trans.__('This notebook has no Python kernel running.')}</Empty>;
    case 'looking':
      return kernel.pipelines.length > 0 ? null : (
        <Empty>{trans.__('Asking the kernel; a running cell has to end first.')}</Empty>
      );
    case 'not-loaded':
      return (
        <Empty>
          {trans.__('See the pipelines that live in this kernel, and register them as models.')}
          <TextButton onClick={() => actions.lookForPipelines()}>
            {trans.__('Look for pipelines in this kernel')}
          </TextButton>
        </Empty>
      );
    case 'failed':
      return (
        <>
          <p className="rsp-Failure">{problemText(kernel.error, trans)}</p>
          <TextButton onClick={() => actions.lookForPipelines()}>
            {trans.__('Try again')}
          </TextButton>
        </>
      );
    case 'ready':
      return kernel.pipelines.length > 0 ? null : (
        <Empty>
          {trans.__('No pipeline is alive in this kernel. Run a cell that builds and fits one.')}
        </Empty>
      );
  }
}
