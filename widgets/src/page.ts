/** Pictures in a page without a kernel: each stands where its JSON is, and takes the place of what was there. */

import { isEndpointPage } from './endpoint/data';
import { mountEndpoint } from './endpoint/dashboard';
import { PageSource } from './endpoint/source';
import { isEvaluation } from './evaluation/data';
import { mountEvaluation } from './evaluation/evaluation';
import { isPipelineGraph } from './graph/data';
import { mountPipelineGraph } from './graph/graph';
import { isComparison, isStepData } from './profile/data';
import { mountStepView } from './profile/stepView';
import { mountTrainingData } from './profile/trainingData';

/** Draw a picture of that kind; tells whether its data could be read. */
function drawn(kind: string, host: HTMLElement, data: unknown): boolean {
  if (kind === 'pipeline' && isPipelineGraph(data)) {
    mountPipelineGraph(host, data);
  } else if (kind === 'training-data' && isComparison(data)) {
    mountTrainingData(host, data);
  } else if (kind === 'step' && isStepData(data)) {
    mountStepView(host, data);
  } else if (kind === 'evaluation' && isEvaluation(data)) {
    mountEvaluation(host, data);
  } else if (kind === 'endpoint' && isEndpointPage(data)) {
    mountEndpoint(host, data.name, new PageSource(data.api, data.name));
  } else {
    return false;
  }
  return true;
}

/** Draw every picture of the page; what cannot be read keeps its static picture. */
export function drawAll(root: ParentNode): void {
  for (const host of root.querySelectorAll<HTMLElement>('[data-rsp-picture]')) {
    const json = host.querySelector('script[type="application/json"]')?.textContent ?? 'null';
    const fallback = [...host.childNodes];
    const place = host.ownerDocument.createElement('div');
    host.append(place);
    if (drawn(host.dataset.rspPicture ?? '', place, JSON.parse(json))) {
      fallback.forEach(node => node.remove());
    } else {
      place.remove();
    }
  }
}

drawAll(document);
