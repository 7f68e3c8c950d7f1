import type { TranslationBundle } from '@jupyterlab/translation';

import type { FieldProblem } from '../models/parameterField';

/** What to say about a field that cannot be read. */
export function fieldProblemText(problem: FieldProblem, trans: TranslationBundle): string {
  switch (problem) {
    case 'int':
      return trans.__('A whole number is needed, such as 7.');
    case 'float':
      return trans.__('A number is needed, such as 0.25.');
    case 'date':
      return trans.__('A day that exists is needed, such as 2026-11-23.');
    case 'list':
      return trans.__('A JSON list is needed, such as ["a", "b"].');
    case 'dict':
      return trans.__('A JSON object is needed, such as {"depth": 4}.');
    case 'json':
      return trans.__('A JSON value is needed; a text goes in double quotes.');
    case 'required':
      return trans.__('A value is needed.');
  }
}
