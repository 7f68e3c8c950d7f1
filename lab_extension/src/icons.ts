import { LabIcon } from '@jupyterlab/ui-components';

import redspotSvg from '../style/redspot.svg';

/** The red spot. */
export const redspotIcon = new LabIcon({ name: 'redspot:spot', svgstr: redspotSvg });
