import { isNumber, isText, listOf, nullable, oneOf, recordOf, shape } from '../../src/api/guard';
import { isNotebookFacts, isRun, pageOf } from '../../src/api/shapes';
import facts from '../recorded/notebook-facts.json';
import run from '../recorded/run.json';

describe('guards', () => {
  it('look into lists, records and null', () => {
    expect(listOf(isText)(['a', 'b'])).toBe(true);
    expect(listOf(isText)(['a', 1])).toBe(false);
    expect(recordOf(isNumber)({ a: 1 })).toBe(true);
    expect(recordOf(isNumber)({ a: '1' })).toBe(false);
    expect(recordOf(isNumber)([1])).toBe(false);
    expect(nullable(isText)(null)).toBe(true);
    expect(nullable(isText)(undefined)).toBe(false);
    expect(oneOf('live', 'stopped')('paused')).toBe(false);
  });

  it('ask for every field and let new ones pass', () => {
    const isPoint = shape<{ x: number; y: number }>({ x: isNumber, y: isNumber });
    expect(isPoint({ x: 1, y: 2, z: 3 })).toBe(true);
    expect(isPoint({ x: 1 })).toBe(false);
    expect(isPoint(null)).toBe(false);
  });

  it('know what the service sends', () => {
    expect(isRun(run)).toBe(true);
    expect(isRun({ ...run, progress: { cells_total: 7 } })).toBe(false);
    expect(isNotebookFacts(facts)).toBe(true);
    expect(pageOf(isRun)({ items: [run], next_cursor: null })).toBe(true);
    expect(pageOf(isRun)({ items: [run] })).toBe(false);
  });
});
