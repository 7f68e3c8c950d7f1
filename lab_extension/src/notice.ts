import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { problemText } from './api/problem';

/** Do something that a person asked for; should it fail, say why in a corner. */
export async function orNotice(doing: Promise<unknown>, trans: TranslationBundle): Promise<void> {
  try {
    await doing;
  } catch (error) {
    Notification.error(problemText(error, trans), { autoClose: 8000 });
  }
}
