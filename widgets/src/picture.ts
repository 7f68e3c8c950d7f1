/** What every picture is: something mounted into an element, fed with data, and taken away again. */

/** A mounted picture. */
export interface IPicture<Data> {
  /** Draw other data; what the reader has opened, sorted or filtered stays where it still makes sense. */
  update: (data: Data) => void;
  /** Take everything away again, listeners included; a second call does nothing. */
  dispose: () => void;
}

/** Finds the words of the reader's language; JupyterLab's translation bundle is one. */
export interface ITranslation {
  /** A sentence with its `%1`, `%2` … filled in. */
  __: (text: string, ...values: unknown[]) => string;
  /** The sentence for this count, which is its `%1`. */
  _n: (one: string, many: string, count: number, ...values: unknown[]) => string;
}

/** What every picture takes besides its data. */
export interface IOptions {
  readonly trans?: ITranslation;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function filled(text: string, values: readonly unknown[]): string {
  return text.replace(/%(\d)/g, (_, index: string) => textOf(values[Number(index) - 1]));
}

/** The sentences as they are written here. */
export const ENGLISH: ITranslation = {
  __: (text, ...values) => filled(text, values),
  _n: (one, many, count, ...values) => filled(count === 1 ? one : many, [count, ...values])
};
