import { ProblemError } from '../../src/api/problem';
import { Deploy } from '../../src/models/deploy';
import { inputColumns, columnParameter } from '../../src/models/inputColumn';
import { keyMetric, metricText } from '../../src/models/metric';
import { isName, nameOf } from '../../src/models/name';
import { SidebarView } from '../../src/models/sidebarView';
import { duration, relative } from '../../src/models/time';
import { clientOf } from '../stub';

describe('names', () => {
  it.each([
    ['Train Penguins.ipynb', 'train-penguins'],
    ['work/Größe 2.ipynb', 'gro-e-2'],
    ['___.ipynb', 'notebook']
  ])('%s becomes %s', (file, name) => {
    expect(nameOf(file)).toBe(name);
    expect(isName(name)).toBe(true);
  });

  it('are refused where the service would refuse them', () => {
    expect(isName('a'.repeat(100))).toBe(true);
    expect(isName('a'.repeat(101))).toBe(false);
    expect(isName('.a')).toBe(false);
    expect(isName('a\n')).toBe(false);
  });
});

describe('times', () => {
  it.each([
    [12, '12 ms'],
    [2_500, '2.5 s'],
    [42_000, '42 s'],
    [185_000, '3 min 05 s'],
    [7_620_000, '2 h 07 min']
  ])('%d ms reads %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('are told from now on', () => {
    const now = Date.parse('2026-11-23T10:00:00Z');
    expect(relative('2026-11-23T12:30:00Z', now, 'en')).toBe('in 2 hr.');
    expect(relative('2026-11-20T10:00:00Z', now, 'en')).toBe('3 days ago');
    expect(relative('2026-11-23T10:00:00Z', now, 'en')).toBe('now');
  });
});

describe('metrics', () => {
  it('puts the best known first, else the first', () => {
    expect(keyMetric({ f1: 0.5, accuracy: 0.9 })).toEqual(['accuracy', 0.9]);
    expect(keyMetric({ loss: 3 })).toEqual(['loss', 3]);
    expect(keyMetric({})).toBeNull();
  });

  it.each([
    [0.98214, '0.9821'],
    [12, '12'],
    [0.00001234, '1.23e-5'],
    [0.5, '0.5']
  ])('%d reads %s', (value, text) => {
    expect(metricText(value)).toBe(text);
  });
});

describe('input columns', () => {
  const column = {
    name: 'sex',
    dtype: 'text',
    nullable: true,
    categories: ['female', 'male'],
    example: 'male'
  };

  it('become fields with the example', () => {
    const [found] = inputColumns({ task: 'classification', inputs: [column], outputs: [] });
    expect(found && columnParameter(found)).toMatchObject({
      kind: 'str',
      default: 'male',
      choices: ['female', 'male'],
      optional: true
    });
  });

  it('are none when the schema cannot be read', () => {
    expect(inputColumns({})).toEqual([]);
    expect(inputColumns({ inputs: [{ ...column, dtype: 'tensor' }] })).toEqual([]);
  });
});

describe('SidebarView', () => {
  it('comes back as it was left', () => {
    const view = new SidebarView();
    view.toggleSection('models');
    view.toggleItem('model:penguins');
    const again = new SidebarView();
    again.restore(JSON.parse(JSON.stringify(view.toJSON())));
    expect(again.isSectionOpen('models')).toBe(false);
    expect(again.isSectionOpen('jobs')).toBe(true);
    expect(again.isItemOpen('model:penguins')).toBe(true);
  });

  it('opens the section it reveals', () => {
    const view = new SidebarView();
    view.toggleSection('jobs');
    view.reveal('jobs', 'run_1');
    expect(view.isSectionOpen('jobs')).toBe(true);
    expect(view.isHighlighted('jobs', 'run_1')).toBe(true);
    expect(view.isHighlighted('models', 'run_1')).toBe(false);
  });

  it('ignores what it did not save', () => {
    const view = new SidebarView();
    view.restore({ closed: 'all', open: [1] });
    view.restore(null);
    expect(view.isSectionOpen('models')).toBe(true);
  });
});

describe('deploying a version without recorded rows', () => {
  it('is refused once, and confirmed by sending it again', async () => {
    const confirmed: boolean[] = [];
    const client = clientOf({
      deploy: (_, { confirm }) => {
        confirmed.push(confirm);
        return Promise.reject(
          new ProblemError({ status: 409, code: 'unchecked-version', detail: 'No rows.' })
        );
      }
    });
    const model = new Deploy({ client, ref: 'm@1', endpoints: [] });
    expect(model.asksToConfirm).toBe(false);
    await model.submit();
    expect(model.asksToConfirm).toBe(true);
    await model.submit();
    expect(confirmed).toEqual([false, true]);
    model.dispose();
  });
});
