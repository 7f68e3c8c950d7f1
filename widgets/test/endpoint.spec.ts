import type { ILedgerEntry, INow, IRollout } from '../src/endpoint/data';
import { isNow } from '../src/endpoint/data';
import { rolloutView, rulesOf, stagesOf } from '../src/endpoint/rolloutView';
import { PageSource, xsrfOf } from '../src/endpoint/source';
import { sharesOf, withSplit } from '../src/endpoint/splitForm';
import { ledgerTable, momentText } from '../src/endpoint/tables';
import { bandsPicture, pathOf, stretchesOf } from '../src/endpoint/timeline';

const MINUTE = 60_000;
const BEGIN = Date.parse('2026-11-24T10:00:00Z');

function entry(
  id: number,
  minute: number,
  arm: string,
  before: number,
  share: number
): ILedgerEntry {
  return {
    id,
    at: new Date(BEGIN + minute * MINUTE).toISOString(),
    deployment_id: `d_${arm}`,
    version: `m@${arm}`,
    event: 'shifted',
    role: 'live',
    share_before: before,
    share,
    who: 'ada',
    why: ''
  };
}

const ROLLOUT: IRollout = {
  id: 'r',
  stage: 'canary',
  step: 0,
  since: '2026-11-24T10:00:00Z',
  policy: {
    strategy: 'canary',
    steps: [0.1, 0.5, 1],
    step_s: 60,
    shadow_s: 60,
    min_requests: 50,
    max_error_rate: 0.01,
    max_latency_ratio: 2,
    max_score_psi: 0.25,
    max_mismatch: 1
  },
  created_by: 'ada',
  why: '<b>better</b>',
  reason: ''
};

const NOW: INow = {
  at: '2026-11-24T10:00:00Z',
  state: 'live',
  router_ok: true,
  requests_per_s: 3,
  refused_per_s: 0,
  error_share: null,
  p50_ms: 1,
  p95_ms: 2,
  p99_ms: 3,
  in_flight: 0,
  held: 0,
  ready: 1,
  wanted: 2,
  arms: [],
  rollout: ROLLOUT
};

describe('the split over time', () => {
  const span = { begin: BEGIN, end: BEGIN + 30 * MINUTE };

  it('follows the ledger, also where it begins before the picture', () => {
    const entries = [
      entry(4, 20, '2', 0.5, 1),
      entry(3, 20, '1', 0.5, 0),
      entry(2, 10, '2', 0, 0.5),
      entry(1, 10, '1', 1, 0.5)
    ];
    expect(stretchesOf(entries, span).map(each => each.shares)).toEqual([
      [['m@1', 1]],
      [
        ['m@2', 0.5],
        ['m@1', 0.5]
      ],
      [['m@2', 1]]
    ]);
    expect(
      bandsPicture('Split', span, stretchesOf(entries, span), () => 0).querySelectorAll('rect')
    ).toHaveLength(4);
  });

  it('leaves a gap in a line where nothing is known', () => {
    const path = pathOf(
      {
        label: '',
        colour: 0,
        points: [
          [BEGIN, 1],
          [BEGIN + MINUTE, null],
          [BEGIN + 2 * MINUTE, 1]
        ]
      },
      span,
      2
    );
    expect(path.match(/M/g)).toHaveLength(2);
  });
});

describe('a roll-out', () => {
  it('shows its stages, its rules, and what people wrote as text', () => {
    expect(isNow(NOW)).toBe(true);
    expect(stagesOf(ROLLOUT)).toEqual([
      ['Start', 'done'],
      ['10 %', 'now'],
      ['50 %', 'next'],
      ['All', 'next']
    ]);
    expect(rulesOf(ROLLOUT)[1]).toBe('At most 1 % of the requests may fail.');
    const view = rolloutView(NOW, []);
    expect(view.querySelector('b')).toBeNull();
    expect(view.textContent).toContain('<b>better</b>');
  });
});

describe('shares', () => {
  it.each([
    [
      { 'm@1': '60', 'm@2': '40' },
      { 'm@1': 0.6, 'm@2': 0.4 }
    ],
    [{ 'm@1': '60', 'm@2': '60' }, null],
    [{ 'm@1': '-10', 'm@2': '110' }, null],
    [{ 'm@1': 'x', 'm@2': '100' }, null]
  ])('%j are %j', (texts, shares) => {
    expect(sharesOf(texts as Record<string, string>)).toEqual(shares);
  });

  it('of one version alone are its model', () => {
    const applied = {
      definition: { model: 'm@1', split: {}, follow: true },
      generation: 1,
      pins: {}
    };
    expect(withSplit(applied, { 'm@1': 0, 'm@2': 1 })).toEqual({
      model: 'm@2',
      split: {},
      follow: false
    });
    expect(withSplit(applied, { 'm@1': 0.5, 'm@2': 0.5 })).toMatchObject({ model: '' });
  });
});

describe('the ledger', () => {
  it('offers to go back to what answered and does no longer', () => {
    const chosen: number[] = [];
    const entries = [entry(2, 10, '2', 0, 1), entry(1, 0, '1', 1, 0)];
    const table = ledgerTable(entries, new Set(['d_2']), each => chosen.push(each.id));
    const buttons = table.querySelectorAll('button');
    expect(buttons).toHaveLength(1);
    buttons[0]?.click();
    expect(chosen).toEqual([1]);
    expect(momentText('never')).toBe('never');
  });
});

describe('the way to the service', () => {
  it('proves with the cookie that a write comes from the page', () => {
    expect(xsrfOf('a=1; _xsrf="2|ab"; b=2')).toBe('2|ab');
    expect(xsrfOf('a=1')).toBe('');
    expect(new PageSource('../api/', 'a b').stream).toBe('../api/endpoints/a%20b/live/stream');
  });
});
