import type { IColumnProfile, IComparison, IStepData } from '../src/profile/data';
import { isComparison, isStepData } from '../src/profile/data';
import { distribution } from '../src/profile/distribution';
import { chosenPairs, pairsOf } from '../src/profile/pair';
import { mountStepView } from '../src/profile/stepView';
import { mountTrainingData } from '../src/profile/trainingData';
import comparison from '../../tests/widgets/recorded/comparison.json';
import step from '../../tests/widgets/recorded/step.json';

let host: HTMLElement;

beforeEach(() => {
  host = document.createElement('div');
  document.body.replaceChildren(host);
});

function column(name: string, more: Partial<IColumnProfile> = {}): IColumnProfile {
  return { name, dtype: 'float', rows: 10, missing: 0, ...more };
}

function read(): IComparison {
  if (!isComparison(comparison)) {
    throw new Error('the recorded comparison is none');
  }
  return comparison;
}

function readStep(): IStepData {
  if (!isStepData(step)) {
    throw new Error('the recorded step is none');
  }
  return step;
}

function names(): string[] {
  const rows = [...host.querySelectorAll<HTMLElement>('.rsp-row')];
  return rows
    .sort((a, b) => Number(a.dataset['index']) - Number(b.dataset['index']))
    .map(row => row.querySelector('.rsp-column-name')?.textContent ?? '');
}

function sortBy(key: string): void {
  host.querySelector<HTMLElement>(`[data-sort=${key}]`)?.click();
}

function filter(words: string): void {
  const input = host.querySelector('input');
  if (input !== null) {
    input.value = words;
    input.dispatchEvent(new Event('input'));
  }
}

describe('pairs', () => {
  const train = {
    rows: 10,
    columns: [column('b', { missing: 5 }), column('a2'), column('a10', { missing: 1 })]
  };

  it('hold the columns of both', () => {
    const pairs = pairsOf(train, { rows: 3, columns: [column('new'), column('b')] });
    expect(
      pairs.map(({ name, train: one, serve }) => [name, one !== null, serve !== null])
    ).toEqual([
      ['b', true, true],
      ['a2', true, false],
      ['a10', true, false],
      ['new', false, true]
    ]);
  });

  it('are sorted with numbers in names as numbers, and figures that lack last', () => {
    const pairs = pairsOf(train, null);
    const sorted = (key: 'name' | 'missing' | 'drift', falling: boolean): string[] =>
      chosenPairs(pairs, '', key, falling).map(pair => pair.name);
    expect(sorted('name', false)).toEqual(['a2', 'a10', 'b']);
    expect(sorted('missing', true)).toEqual(['b', 'a10', 'a2']);
    expect(sorted('drift', true)).toEqual(['b', 'a2', 'a10']);
  });

  it('are filtered by every word, in name or type', () => {
    const pairs = pairsOf(train, null);
    expect(chosenPairs(pairs, 'A1 float', 'order', false).map(pair => pair.name)).toEqual(['a10']);
    expect(chosenPairs(pairs, 'text', 'order', false)).toEqual([]);
  });
});

describe('a distribution', () => {
  it('has finite numbers only, also for one value, no rows and one side', () => {
    const constant = { edges: [3, 3], counts: [10] };
    const cases: Partial<IColumnProfile>[] = [
      { histogram: constant },
      { histogram: { edges: [0, 1], counts: [0] } },
      { dtype: 'text', top: [['x', 4]] },
      { dtype: 'text', rows: 0, missing: 0, top: [['x', 0]] },
      {
        dtype: 'bool',
        top: [
          [true, 1],
          [false, 9]
        ]
      }
    ];
    for (const more of cases) {
      for (const [train, serve] of [
        [column('x', more), null],
        [null, column('x', more)]
      ] as const) {
        const drawn = distribution({ name: 'x', dtype: 'float', index: 0, train, serve });
        expect(drawn?.picture.outerHTML).not.toMatch(/NaN|Infinity/);
        expect(drawn?.textAt(0.5)).not.toMatch(/NaN|Infinity/);
      }
    }
  });

  it('says what a bar means', () => {
    const histogram = { edges: [0, 10, 20], counts: [1, 3] };
    const drawn = distribution({
      name: 'x',
      dtype: 'int',
      index: 0,
      train: column('x', { histogram }),
      serve: null
    });
    expect(drawn?.textAt(0.75)).toBe('10 – 20: 3 (75 %)');
  });

  it('is none where nothing is known', () => {
    expect(
      distribution({ name: 'x', dtype: 'float', index: 0, train: column('x'), serve: null })
    ).toBeNull();
  });
});

describe('the training data', () => {
  it('has a row per column, serving over training, with verdicts', () => {
    mountTrainingData(host, read());
    expect(names()).toEqual(
      read()
        .train.columns.map(each => each.name)
        .concat('colour')
    );
    const drifted = [...host.querySelectorAll('[data-verdict=strong]')].map(
      each => each.closest('.rsp-row')?.querySelector('.rsp-column-name')?.textContent
    );
    expect(drifted).toEqual(['bill_depth_mm', 'flipper_length_mm', 'island']);
    expect(host.querySelectorAll('.rsp-serve-bars').length).toBeGreaterThan(5);
    expect(host.textContent).toContain('only in serving');
    expect(host.textContent).toContain('only in training');
  });

  it('is sorted by a click, turned by a second, and as it was by a third', () => {
    mountTrainingData(host, read());
    const first = names();
    sortBy('association');
    expect(names()[0]).toBe('flipper_length_mm');
    expect(host.querySelector('[aria-sort=descending]')?.textContent).toBe('With the target ↓');
    expect(document.activeElement?.textContent).toBe('With the target ↓');
    sortBy('association');
    expect(host.querySelector('[aria-sort=ascending]')).not.toBeNull();
    sortBy('association');
    expect(names()).toEqual(first);
    sortBy('drift');
    expect(names()[0]).toBe('island');
    sortBy('distinct');
    expect(host.querySelector('[aria-sort=descending]')?.textContent).toBe('Distinct ↓');
  });

  it('is filtered as one types', () => {
    mountTrainingData(host, read());
    filter('bill');
    expect(names()).toEqual(['bill_length_mm', 'bill_depth_mm']);
    expect(host.querySelector('[role=status]')?.textContent).toBe('2 of 9 columns');
    filter('nothing of the kind');
    expect(names()).toEqual([]);
  });

  it('tells quantiles of the row that has the focus', () => {
    mountTrainingData(host, read());
    host.querySelector<HTMLElement>('.rsp-row')?.focus();
    const strip = host.querySelector('.rsp-strip');
    expect(strip?.querySelectorAll('tbody tr')).toHaveLength(2);
    expect(strip?.textContent).toContain('mean 43.73 ± 5.446');
    host
      .querySelector('.rsp-row')
      ?.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'End', bubbles: true, cancelable: true })
      );
    expect(document.activeElement?.textContent).toContain('colour');
    expect(strip?.textContent).toContain('red 57');
  });

  it('makes only the rows that can be seen of thousands', () => {
    const columns = Array.from({ length: 5000 }, (_, index) =>
      column(`c${index}`, { histogram: { edges: [0, 1, 2], counts: [index, 5] } })
    );
    mountTrainingData(host, { train: { rows: 10, columns } });
    expect(host.querySelectorAll('.rsp-row').length).toBeLessThan(40);
    expect(host.querySelector('[role=table]')?.getAttribute('aria-rowcount')).toBe('5001');
    filter('c4999');
    expect(names()).toEqual(['c4999']);
  });

  it('shows names and values as text', () => {
    const evil = '<img src=x onerror=alert(1)>';
    const columns = [column(evil, { dtype: 'text', top: [[evil, 3]] })];
    mountTrainingData(host, { train: { rows: 10, columns } });
    host.querySelector<HTMLElement>('.rsp-row')?.focus();
    expect(names()).toEqual([evil]);
    expect(host.querySelector('img')).toBeNull();
  });

  it('is drawn again, and taken away', () => {
    const picture = mountTrainingData(host, read());
    picture.update({ train: { rows: 1, columns: [column('only')] }, serve: null });
    expect(names()).toEqual(['only']);
    expect(host.querySelector('[data-sort=drift]')).toBeNull();
    picture.dispose();
    expect(host.childElementCount).toBe(0);
  });

  it('refuses what is no comparison', () => {
    expect(isComparison({ train: { rows: 1 } })).toBe(false);
    expect(isComparison({ train: { rows: 1, columns: [{ name: 'x' }] } })).toBe(false);
    expect(isStepData({ ...readStep(), vocabulary: [['a']] })).toBe(false);
  });
});

describe('a step', () => {
  it('shows both sides, words and categories', () => {
    mountStepView(host, readStep());
    const [before, after] = [...host.querySelectorAll('.rsp-side')];
    expect(before?.querySelectorAll('.rsp-row')).toHaveLength(2);
    expect(after?.querySelectorAll('.rsp-row')).toHaveLength(7);
    expect(before?.querySelector('.rsp-train-bars')?.getAttribute('d')).toMatch(/^M/);
    expect(host.querySelector('.rsp-vocabulary')?.textContent).toContain('harbour');
    expect(host.querySelectorAll('.rsp-categories')[0]?.textContent).toContain('Torgersen2');
    filter('sex');
    expect(before?.querySelectorAll('.rsp-row')).toHaveLength(1);
  });

  it('does without words and categories', () => {
    const picture = mountStepView(host, { ...readStep(), vocabulary: null, categories: null });
    expect(host.querySelector('.rsp-learned')?.childElementCount).toBe(0);
    picture.dispose();
    expect(host.childElementCount).toBe(0);
  });
});
