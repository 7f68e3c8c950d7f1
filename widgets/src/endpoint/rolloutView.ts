/** A roll-out: how far it is, and by which rules it is judged. */

import { html } from '../dom';
import { numberText, secondsText, shareText } from '../text';
import type { INow, IRollout } from './data';

const OVER: Readonly<Record<string, string>> = {
  done: 'The last roll-out is done.',
  'rolled-back': 'The last roll-out was taken back.',
  replaced: 'The last roll-out gave way to another.'
};

/** Whether a roll-out is under way. */
export function isRolling(rollout: IRollout | null): boolean {
  return rollout !== null && OVER[rollout.stage] === undefined;
}

/** The stages of a roll-out, and how far it is in each: done, now or to come. */
export function stagesOf(rollout: IRollout): (readonly [string, 'done' | 'now' | 'next'])[] {
  const { policy, stage, step } = rollout;
  const names = ['Start'];
  if (policy.strategy === 'shadow-canary') {
    names.push('Shadow');
  }
  const first = names.length;
  if (policy.strategy !== 'blue-green') {
    names.push(...policy.steps.filter(share => share < 1).map(shareText));
  }
  names.push('All');
  const at = {
    starting: 0,
    shadow: 1,
    canary: first + step,
    done: names.length
  }[stage];
  return names.map((name, index) => [
    name,
    at === undefined || index > at ? 'next' : index === at ? 'now' : 'done'
  ]);
}

/** The rules as sentences. */
export function rulesOf(rollout: IRollout): string[] {
  const { policy } = rollout;
  if (policy.strategy === 'blue-green') {
    return ['All requests go over at once when the new replicas are ready.'];
  }
  return [
    `Each step lasts ${secondsText(policy.step_s)} at least, and until ${policy.min_requests} requests were answered.`,
    `At most ${shareText(policy.max_error_rate)} of the requests may fail.`,
    `p95 may be ${numberText(policy.max_latency_ratio)} times that of what answered before.`,
    `The stability index of its answers may reach ${numberText(policy.max_score_psi)}.`,
    ...(policy.strategy === 'shadow-canary' && policy.max_mismatch < 1
      ? [`At most ${shareText(policy.max_mismatch)} of the compared answers may differ.`]
      : [])
  ];
}

/** The newest roll-out. */
export function rolloutView(now: INow, buttons: readonly Node[]): HTMLElement {
  const { rollout } = now;
  if (rollout === null) {
    return html('p', 'rsp-empty', {}, 'Nothing was rolled out yet.');
  }
  if (!isRolling(rollout)) {
    const why = rollout.reason || rollout.why;
    return html('p', 'rsp-empty', {}, `${OVER[rollout.stage] ?? ''}${why ? ` ${why}` : ''}`);
  }
  const stages = stagesOf(rollout).map(([name, state]) =>
    html(
      'li',
      `rsp-stage rsp-stage-${state}`,
      { 'aria-current': state === 'now' ? 'step' : null },
      name
    )
  );
  const waits =
    rollout.stage === 'starting' ? ` ${now.ready} of ${now.wanted} replicas are ready.` : '';
  return html(
    'div',
    '',
    {},
    html('ol', 'rsp-stages', { 'aria-label': 'Stages of the roll-out' }, ...stages),
    html(
      'p',
      '',
      {},
      `${rollout.created_by} rolls out${rollout.why ? `: ${rollout.why}` : '.'}${waits}`
    ),
    html('ul', 'rsp-rules', {}, ...rulesOf(rollout).map(rule => html('li', '', {}, rule))),
    html('div', 'rsp-actions', {}, ...buttons)
  );
}
