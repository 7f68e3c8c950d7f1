/** A column in training and, where there is one, in serving: what one row of a view is about. */

import type { IAssociation, IColumnProfile, IDrift, IProfile } from './data';

/** At least one of the two is there. */
export interface IPair {
  readonly name: string;
  readonly dtype: string;
  /** Place in the table. */
  readonly index: number;
  readonly train: IColumnProfile | null;
  readonly serve: IColumnProfile | null;
}

/** All columns of both, those of the first in its order. */
export function pairsOf(train: IProfile, serve: IProfile | null): IPair[] {
  const served = new Map(serve?.columns.map(column => [column.name, column]));
  const pairs = train.columns.map((column, index): IPair => {
    const other = served.get(column.name) ?? null;
    served.delete(column.name);
    return { name: column.name, dtype: column.dtype, index, train: column, serve: other };
  });
  for (const column of served.values()) {
    const { name, dtype } = column;
    pairs.push({ name, dtype, index: pairs.length, train: null, serve: column });
  }
  return pairs;
}

export function missingShare(column: IColumnProfile | null): number {
  return column === null || column.rows === 0 ? 0 : column.missing / column.rows;
}

export function driftOf({ train, serve }: IPair): IDrift | null {
  return serve?.drift ?? train?.drift ?? null;
}

export function associationOf({ train, serve }: IPair): IAssociation | null {
  return train?.target ?? serve?.target ?? null;
}

export type SortKey = 'order' | 'name' | 'missing' | 'distinct' | 'association' | 'drift';

const VERDICTS = ['none', 'some', 'strong'] as const;

/** What a pair is sorted by; null goes last, whichever way. */
function valueOf(pair: IPair, key: SortKey): number | string | null {
  const drift = driftOf(pair);
  const association = associationOf(pair);
  switch (key) {
    case 'order':
      return pair.index;
    case 'name':
      return pair.name;
    case 'missing':
      return Math.max(missingShare(pair.train), missingShare(pair.serve));
    case 'distinct':
      return pair.train?.distinct ?? pair.serve?.distinct ?? null;
    case 'association':
      return association === null ? null : Math.abs(association.value);
    case 'drift':
      return drift === null ? null : VERDICTS.indexOf(drift.verdict) * 1000 + (drift.psi ?? 0);
  }
}

/** The pairs whose name holds the words, sorted. */
export function chosenPairs(
  pairs: readonly IPair[],
  words: string,
  key: SortKey,
  falling: boolean
): IPair[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const sign = falling ? -1 : 1;
  const found = pairs.filter(({ name, dtype }) => {
    const text = `${name} ${dtype}`.toLowerCase();
    return wanted.every(word => text.includes(word));
  });
  const values = new Map(found.map(pair => [pair, valueOf(pair, key)]));
  return found.sort((a, b) => {
    const x = values.get(a) ?? null;
    const y = values.get(b) ?? null;
    if (x === null || y === null) {
      return Number(x === null) - Number(y === null) || a.index - b.index;
    }
    const order =
      typeof x === 'string' || typeof y === 'string'
        ? String(x).localeCompare(String(y), 'en', { numeric: true })
        : x - y;
    return sign * order || a.index - b.index;
  });
}
