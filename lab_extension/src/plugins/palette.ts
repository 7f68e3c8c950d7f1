import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';

/** The commands that need no argument; a palette can give none. */
const IN_PALETTE = [
  CommandIDs.openSidebar,
  CommandIDs.productionize,
  CommandIDs.register,
  CommandIDs.refresh
];

const palette: JupyterFrontEndPlugin<void> = {
  id: '@redspot/lab:palette',
  description: 'Offers the commands of Redspot in the palette and in the launcher.',
  autoStart: true,
  optional: [ICommandPalette, ILauncher, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    commands: ICommandPalette | null,
    launcher: ILauncher | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('redspot');
    const category = trans.__('Redspot');
    for (const command of IN_PALETTE) {
      commands?.addItem({ command, category });
    }
    launcher?.add({ command: CommandIDs.openSidebar, category: trans.__('Other'), rank: 10 });
  }
};

export default palette;
