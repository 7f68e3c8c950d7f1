import { nullTranslator } from '@jupyterlab/translation';

import { ProblemError, problemOf, problemText } from '../../src/api/problem';
import invalidCron from '../recorded/invalid-cron.json';

const trans = nullTranslator.load('redspot');

describe('problemText', () => {
  it('shows the detail of a code it does not know', () => {
    const problem = problemOf(400, invalidCron);
    expect(problemText(problem, trans)).toBe(invalidCron.detail);
  });

  it('has its own words for the codes it knows', () => {
    const problem = new ProblemError({ status: 409, code: 'run-ended', detail: 'x' });
    expect(problemText(problem, trans)).toBe('The run has already ended.');
  });

  it('says something even without a detail', () => {
    expect(problemText(problemOf(418, 'teapot'), trans)).toBe(
      'The service answered with status 418.'
    );
  });

  it('keeps the sentence of any other error', () => {
    expect(problemText(new Error('A sentence.'), trans)).toBe('A sentence.');
  });
});
