import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { JSX } from 'react';

import type { IActions } from '../components/actions';
import { Sidebar } from '../components/Sidebar';
import { redspotIcon } from '../icons';
import { SidebarView } from '../models/sidebarView';
import { VersionShelf } from '../models/versionShelf';
import type { IKernelPipelines, ILive, IRedspotClient } from '../tokens';

/** The Redspot panel of the left area. Drawn anew when a model tells so; rows that did not change are left alone. */
export class SidebarPanel extends ReactWidget {
  constructor(options: SidebarPanel.IOptions) {
    super();
    this._options = options;
    this.view = new SidebarView();
    this._shelf = new VersionShelf(options.client);
    const { trans } = options;
    this.id = 'redspot-sidebar';
    this.addClass('rsp-Sidebar');
    this.title.icon = redspotIcon;
    this.title.caption = trans.__('Redspot: models, jobs and endpoints');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Redspot'));
    this._actions = options.actions(this.view, this._shelf);
    options.live.changed.connect(this._onChanged, this);
    options.kernel?.changed.connect(this._onChanged, this);
    this.view.changed.connect(this._onChanged, this);
    this._shelf.changed.connect(this._onChanged, this);
  }

  readonly view: SidebarView;

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    Signal.clearData(this);
    this.view.dispose();
    this._shelf.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element {
    const { live, kernel, trans } = this._options;
    return (
      <Sidebar
        snapshot={live.snapshot}
        kernel={kernel}
        view={this.view}
        shelf={this._shelf}
        actions={this._actions}
        trans={trans}
      />
    );
  }

  private _onChanged(): void {
    this.update();
  }

  private readonly _options: SidebarPanel.IOptions;
  private readonly _shelf: VersionShelf;
  private readonly _actions: IActions;
}

export namespace SidebarPanel {
  export interface IOptions {
    live: ILive;
    client: IRedspotClient;
    kernel: IKernelPipelines | null;
    actions: (view: SidebarView, shelf: VersionShelf) => IActions;
    trans: TranslationBundle;
  }
}
