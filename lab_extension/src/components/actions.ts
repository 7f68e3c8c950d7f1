import type * as wire from '../api/types';
import type { SectionId } from '../tokens';

/** What the sidebar's parts can ask for; all of it is done by commands and models. */
export interface IActions {
  toggleSection(section: SectionId): void;
  toggleItem(id: string): void;
  refresh(): void;
  stock(model: wire.Model): void;
  deploy(ref: string): void;
  showGraph(ref: string): void;
  showLiveGraph(variable: string): void;
  register(variable: string): void;
  lookForPipelines(): void;
  productionize(): void;
  cancelRun(run: wire.Run): void;
  runAgain(run: wire.Run): void;
  openOutput(run: wire.Run): void;
  openNotebook(run: wire.Run): void;
  openLog(run: wire.Run): void;
  setScheduleActive(schedule: wire.Schedule, active: boolean): void;
  setEndpointState(endpoint: wire.Endpoint, state: wire.EndpointState): void;
  tryEndpoint(endpoint: wire.Endpoint): void;
  openEndpoint(endpoint: wire.Endpoint): void;
  copy(text: string): void;
}
