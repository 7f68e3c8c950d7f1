/** Same rule as the service's: 1 to 100 letters, digits, '.', '_' or '-', beginning with a letter or digit. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Whether `text` can name a job, a model or an endpoint. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** A valid name close to `text`, such as `Train penguins.ipynb` → `train-penguins`. */
export function nameOf(text: string): string {
  const stem = text
    .replace(/^.*\//, '')
    .replace(/\.ipynb$/, '')
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .toLowerCase();
  return isName(stem) ? stem : 'notebook';
}
