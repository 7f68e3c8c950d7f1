/** Outlines in a box of 16 × 16, drawn with a stroke; one per kind of step. */

import { svg } from '../dom';
import type { Role } from './data';

const COLUMNS = 'M2.5 3.5h11v9h-11zM6.2 3.5v9M9.8 3.5v9M2.5 6.5h11';
const TABLE = 'M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 9h4v4H9zM4.2 5h1.6';
const BARS = 'M2 11.5h12M2 11.5v-3M5 11.5V9.5M8 11.5v-5M11 11.5V9.5M14 11.5v-3';
const FUNCTION = 'M11.5 3.2c-2.2-.9-3.2.2-3.5 2.3L7 11c-.3 1.9-1.3 2.6-3 2M5.3 7h5.2';
const WORDS = 'M2.5 4h11M2.5 8h7M2.5 12h9';
const CLOCK = 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM8 5v3.2l2.2 1.4';
const PLACE = 'M8 14c3-3.6 4.3-5.7 4.3-7.6a4.3 4.3 0 0 0-8.6 0C3.7 8.3 5 10.4 8 14zM8 5.2v.01';
const LIST = 'M3 4h.01M6 4h7.5M3 8h.01M6 8h7.5M3 12h.01M6 12h7.5';
const IMAGE = 'M2.5 3.5h11v9h-11zM2.5 11l3.4-3.6 2.6 2.6 2-1.8 3 2.6M10.7 6v.01';

const ICONS = new Map<string, string>([
  ['columns', COLUMNS],
  ['impute', 'M8 2.2c2.4 2.9 3.8 4.9 3.8 7a3.8 3.8 0 0 1-7.6 0c0-2.1 1.4-4.1 3.8-7z'],
  ['scale', BARS],
  ['bin', BARS],
  ['clip', BARS],
  ['log', BARS],
  ['power', BARS],
  ['one_hot', TABLE],
  ['ordinal', TABLE],
  ['target_encode', TABLE],
  ['count_encode', TABLE],
  ['hashed', TABLE],
  ['parse_number', 'M6.3 2.5l-1.3 11M11 2.5l-1.3 11M2.8 6h10.7M2.5 10h10.7'],
  ['select', 'M2.5 3h11l-4.2 5v4.6l-2.6-1.4V8z'],
  ['drop', 'M2.5 3h11l-4.2 5v4.6l-2.6-1.4V8z'],
  ['normalize', WORDS],
  ['tokens', WORDS],
  ['ngrams', WORDS],
  ['tfidf', WORDS],
  ['count_words', WORDS],
  ['hashed_words', WORDS],
  ['text_length', WORDS],
  ['time_parts', CLOCK],
  ['cycle', CLOCK],
  ['age', CLOCK],
  ['distance', PLACE],
  ['grid_cell', PLACE],
  ['parse_list', LIST],
  ['multi_hot', LIST],
  ['list_count', LIST],
  ['list_contains', LIST],
  ['decode_image', IMAGE],
  ['resize_image', IMAGE],
  ['pixels', IMAGE],
  ['function', FUNCTION],
  ['estimate', 'M2.5 12.5l3.6-4 2.6 2.2 4.8-6.7M10.2 3.8h3.3v3.3'],
  [
    'target',
    'M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 5.4a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2zM8 8v.01'
  ],
  ['output', 'M6.5 3h-4v10h4M6 8h7.5M10.5 5l3 3l-3 3'],
  ['group', 'M3 2.5h7v7H3zM6 12.5h7v-7']
]);

/** The icon of a kind of step; steps of one's own look like a function, or like what they are there for. */
export function icon(kind: string, role: Role = 'step'): SVGSVGElement {
  const known = role === 'target' && kind === 'columns' ? undefined : ICONS.get(kind);
  return svg(
    'svg',
    { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' },
    svg('path', { d: known ?? ICONS.get(role) ?? FUNCTION })
  );
}
