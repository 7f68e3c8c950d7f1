import { ticks } from '../src/evaluation/chart';
import type { IEvaluation } from '../src/evaluation/data';
import { badness, isEvaluation } from '../src/evaluation/data';
import { mountEvaluation } from '../src/evaluation/evaluation';
import { dateText, numberText, secondsText, shareText } from '../src/text';
import binary from '../../tests/widgets/recorded/binary.json';
import multiclass from '../../tests/widgets/recorded/multiclass.json';
import regression from '../../tests/widgets/recorded/regression.json';

let host: HTMLElement;

beforeEach(() => {
  host = document.createElement('div');
  document.body.replaceChildren(host);
});

function read(data: unknown): IEvaluation {
  if (!isEvaluation(data)) {
    throw new Error('the recorded evaluation is none');
  }
  return data;
}

function titles(): string[] {
  return [...host.querySelectorAll('.rsp-charts h3')].map(each => each.textContent);
}

function slices(): string[] {
  return [...host.querySelectorAll('.rsp-slices tbody tr:not(.rsp-whole) th')].map(
    each => each.textContent
  );
}

describe('texts', () => {
  it.each([
    [0, '0'],
    [-0.002, '-0.002'],
    [1234567, '1,234,567'],
    [0.00001234, '1.23e-5'],
    [1e12, '1e12'],
    [43.72587, '43.73'],
    [NaN, '–']
  ])('%d reads %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  it('of shares, times and dates', () => {
    expect([0, 0.0004, 0.034, 0.5, 1].map(shareText)).toEqual([
      '0 %',
      '<0.1 %',
      '3.4 %',
      '50 %',
      '100 %'
    ]);
    expect([0.00041, 0.0123, 1.5, 185].map(secondsText)).toEqual([
      '410 µs',
      '12 ms',
      '1.5 s',
      '3 min 5 s'
    ]);
    expect(dateText(1_194_000_000_000_000)).toBe('2007-11-02');
    expect(dateText(1e30)).toBe('1e30');
  });
});

describe('ticks', () => {
  it.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [-3, 11, [0, 5, 10]],
    [5, 5, [5]]
  ])('from %d to %d', (low, high, expected) => {
    expect(ticks(low, high)).toEqual(expected);
  });
});

describe('the evaluation', () => {
  it('of two classes has tiles, matrix and curves', () => {
    mountEvaluation(host, read(binary));
    expect(host.querySelectorAll('.rsp-tile')).toHaveLength(Object.keys(binary.metrics).length);
    expect(host.querySelector('.rsp-tile')?.textContent).toBe('accuracy0.90980.8645 – 0.9549');
    expect(titles()).toEqual(['Confusion matrix', 'ROC, area 0.9624', 'Calibration of “male”']);
    const cells = [...host.querySelectorAll('.rsp-confusion tbody td')].map(
      each => each.textContent
    );
    expect(cells).toEqual(['5593 %', '46.8 %', '811 %', '6689 %']);
    expect(host.innerHTML).not.toMatch(/NaN|Infinity/);
  });

  it('of numbers has points and residuals', () => {
    mountEvaluation(host, read(regression));
    expect(titles()).toEqual(['Predicted and actual', 'Residuals']);
    expect(host.querySelectorAll('.rsp-dot')).toHaveLength(
      regression.predicted_actual.predicted.length
    );
    expect(host.innerHTML).not.toMatch(/NaN|Infinity/);
  });

  it('lets one walk through a chart with the arrows', () => {
    mountEvaluation(host, read(regression));
    const chart = host.querySelectorAll('.rsp-chart-picture')[1];
    for (const key of ['ArrowRight', 'ArrowRight', 'End', 'ArrowLeft']) {
      chart?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    }
    const edges = regression.residuals.edges;
    const text = chart?.parentElement?.querySelector('output')?.textContent;
    expect(text).toContain(`${numberText(edges.at(-3))} to ${numberText(edges.at(-2))}: `);
  });

  it('marks the worst slice of each metric and sorts the worst first', () => {
    mountEvaluation(host, read(multiclass));
    const worst = (): (string | undefined)[] =>
      [...host.querySelectorAll('.rsp-worst')].map(
        each => each.closest('tr')?.querySelector('th')?.textContent
      );
    expect(worst()).toEqual([
      'island Dream',
      'island Dream',
      'island Dream',
      'island Dream',
      'sex male'
    ]);
    host.querySelector<HTMLElement>('[data-sort="metric:log_loss"]')?.click();
    expect(slices()[0]).toBe('island Dream');
    expect(document.activeElement?.textContent).toBe('log_loss ↓');
    host.querySelector<HTMLElement>('[data-sort="metric:accuracy"]')?.click();
    expect(slices()[0]).toBe('island Dream');
    host.querySelector<HTMLElement>('[data-sort=rows]')?.click();
    expect(slices()[0]).toBe('sex male');
    host.querySelector<HTMLElement>('[data-sort=slice]')?.click();
    expect(slices()[0]).toBe('island Biscoe');
    // What a slice lacks is last both ways.
    for (let click = 0; click < 2; click += 1) {
      host.querySelector<HTMLElement>('[data-sort="metric:roc_auc_ovr"]')?.click();
      expect(slices().slice(0, 2).sort()).toEqual(['sex female', 'sex male']);
    }
  });

  it('knows what is bad', () => {
    expect(badness('accuracy', 0.9)).toBeLessThan(badness('accuracy', 0.8));
    expect(badness('rmse', 0.9)).toBeGreaterThan(badness('rmse', 0.8));
    expect(badness('bias', -3)).toBeGreaterThan(badness('bias', 2));
  });

  it('needs no more than metrics, and shows labels as text', () => {
    const evil = '<img src=x onerror=alert(1)>';
    const picture = mountEvaluation(host, { task: 'binary', rows: 1, metrics: { [evil]: 0.5 } });
    expect(titles()).toEqual([]);
    picture.update({
      task: evil,
      rows: 1,
      metrics: { accuracy: 1 },
      confusion: {
        labels: [evil, 'b'],
        counts: [
          [1, 0],
          [0, 0]
        ]
      },
      slices: [{ column: evil, value: evil, rows: 1, metrics: { accuracy: 1 } }],
      calibration: { label: evil, bins: [] }
    });
    expect(host.textContent).toContain(evil);
    expect(host.querySelector('img')).toBeNull();
    expect(host.innerHTML).not.toMatch(/NaN|Infinity/);
    picture.dispose();
    expect(host.childElementCount).toBe(0);
  });

  it('refuses what is none', () => {
    expect(isEvaluation({ task: 'binary', rows: 1 })).toBe(false);
    expect(isEvaluation({ ...read(binary), intervals: { accuracy: [1] } })).toBe(false);
  });
});
