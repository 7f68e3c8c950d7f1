import type { Run } from '../api/types';

/** Whether the run has not ended. */
export function isRunActive(run: Run): boolean {
  return run.state === 'queued' || run.state === 'starting' || run.state === 'running';
}

/** How much of a run is done, from 0 to 1, or null while that is unknown. */
export function runShare(run: Run): number | null {
  if (run.progress === null || run.progress.cells_total <= 0) {
    return null;
  }
  return Math.min(1, Math.max(0, run.progress.cells_done / run.progress.cells_total));
}

/** Milliseconds that a run has taken until `now`, or null before it began. */
export function runDuration(run: Run, now: number): number | null {
  if (run.started_at === null) {
    return null;
  }
  const end = run.ended_at === null ? now : Date.parse(run.ended_at);
  return Math.max(0, end - Date.parse(run.started_at));
}

/** The runs that went on in `before` and have ended in `after`. */
export function justEnded(before: readonly Run[], after: readonly Run[]): readonly Run[] {
  const active = new Set(before.filter(isRunActive).map(run => run.id));
  return after.filter(run => active.has(run.id) && !isRunActive(run));
}
