/** What columns hold, as `redspot.profile` writes it. */

import {
  isFlag,
  isNumber,
  isRecord,
  isText,
  listOf,
  optional,
  oneOf,
  pairOf,
  recordOf,
  shape
} from '../guard';
import type { Guard } from '../guard';

export interface IHistogram {
  /** One more than there are counts, ascending; microseconds since 1970 for times. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export interface IDrift {
  readonly psi?: number | null;
  readonly ks?: number | null;
  readonly verdict: 'none' | 'some' | 'strong';
}

export interface IAssociation {
  readonly kind: string;
  readonly value: number;
}

export interface IColumnProfile {
  readonly name: string;
  readonly dtype: string;
  readonly rows: number;
  readonly missing: number;
  readonly distinct?: number | null;
  readonly distinct_exact?: boolean | null;
  readonly histogram?: IHistogram | null;
  readonly top?: readonly (readonly [unknown, number])[] | null;
  /** Quantiles by their share: "0", "0.25", … */
  readonly quantiles?: Readonly<Record<string, number>> | null;
  readonly mean?: number | null;
  readonly std?: number | null;
  readonly target?: IAssociation | null;
  readonly drift?: IDrift | null;
}

export interface IProfile {
  readonly rows: number;
  readonly columns: readonly IColumnProfile[];
}

export interface IComparison {
  readonly train: IProfile;
  readonly serve?: IProfile | null;
}

export interface IStepData {
  readonly step: string;
  readonly title: string;
  readonly rows?: number | null;
  readonly before: IProfile;
  readonly after: IProfile;
  readonly vocabulary?: readonly (readonly [string, number])[] | null;
  /** By column: what each category has become. */
  readonly categories?: Readonly<Record<string, readonly (readonly [unknown, unknown])[]>> | null;
}

const isAnything: Guard<unknown> = (value): value is unknown => value !== undefined;

const isColumn = shape<IColumnProfile>({
  name: isText,
  dtype: isText,
  rows: isNumber,
  missing: isNumber,
  distinct: optional(isNumber),
  distinct_exact: optional(isFlag),
  histogram: optional(shape<IHistogram>({ edges: listOf(isNumber), counts: listOf(isNumber) })),
  top: optional(listOf(pairOf(isAnything, isNumber))),
  quantiles: optional(recordOf(isNumber)),
  mean: optional(isNumber),
  std: optional(isNumber),
  target: optional(shape<IAssociation>({ kind: isText, value: isNumber })),
  drift: optional(
    shape<IDrift>({
      psi: optional(isNumber),
      ks: optional(isNumber),
      verdict: oneOf('none', 'some', 'strong')
    })
  )
});

const isProfile = shape<IProfile>({ rows: isNumber, columns: listOf(isColumn) });

export const isComparison: Guard<IComparison> = shape<IComparison>({
  train: isProfile,
  serve: optional(isProfile)
});

export const isStepData: Guard<IStepData> = (value): value is IStepData =>
  isRecord(value) &&
  shape<IStepData>({
    step: isText,
    title: isText,
    rows: optional(isNumber),
    before: isProfile,
    after: isProfile,
    vocabulary: optional(listOf(pairOf(isText, isNumber))),
    categories: optional(recordOf(listOf(pairOf(isAnything, isAnything))))
  })(value);
