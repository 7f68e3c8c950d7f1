import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Poll } from '@lumino/polling';
import type { JSX } from 'react';

import { problemText } from '../api/problem';
import { redspotIcon } from '../icons';
import type { IRedspotClient } from '../tokens';

const LOG_MS = 3_000;

/** A tab with the end of a run's log, followed while it is open. */
export class LogPanel extends ReactWidget {
  constructor(options: LogPanel.IOptions) {
    super();
    this._options = options;
    this.addClass('rsp-Log');
    this.title.icon = redspotIcon;
    this.title.label = options.trans.__('Log of %1', options.job);
    this.title.caption = options.trans.__('Log of %1, run %2', options.job, options.run);
    this.title.closable = true;
    this._poll = new Poll({
      name: '@redspot/lab:log',
      standby: () => !this.isVisible || 'when-hidden',
      frequency: { interval: LOG_MS, backoff: true, max: 60_000 },
      factory: () => this._read()
    });
  }

  override dispose(): void {
    this._poll.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element {
    const { trans } = this._options;
    return (
      <>
        {this._failure ? <p className="rsp-Failure">{this._failure}</p> : null}
        <pre className="rsp-Log-text" tabIndex={0}>
          {this._text || trans.__('The log is empty so far.')}
        </pre>
      </>
    );
  }

  private async _read(): Promise<void> {
    const { client, run, trans } = this._options;
    try {
      const { text } = await client.runLog(run);
      this._text = text;
      this._failure = '';
    } catch (error) {
      this._failure = problemText(error, trans);
    }
    if (!this.isDisposed) {
      this.update();
    }
  }

  private readonly _options: LogPanel.IOptions;
  private readonly _poll: Poll<void>;
  private _text = '';
  private _failure = '';
}

export namespace LogPanel {
  export interface IOptions {
    client: IRedspotClient;
    run: string;
    /** Name of the run's job. */
    job: string;
    trans: TranslationBundle;
  }
}
