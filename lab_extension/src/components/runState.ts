import type { TranslationBundle } from '@jupyterlab/translation';

import type { RunState } from '../api/types';
import type { Mood } from './StateDot';

const MOODS: { readonly [state in RunState]: Mood } = {
  queued: 'quiet',
  starting: 'busy',
  running: 'busy',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'quiet',
  timed_out: 'bad',
  lost: 'bad'
};

export function runMood(state: RunState): Mood {
  return MOODS[state];
}

export function runLabel(state: RunState, trans: TranslationBundle): string {
  switch (state) {
    case 'queued':
      return trans.__('Queued');
    case 'starting':
      return trans.__('Starting');
    case 'running':
      return trans.__('Running');
    case 'succeeded':
      return trans.__('Succeeded');
    case 'failed':
      return trans.__('Failed');
    case 'cancelled':
      return trans.__('Cancelled');
    case 'timed_out':
      return trans.__('Timed out');
    case 'lost':
      return trans.__('Lost');
  }
}
