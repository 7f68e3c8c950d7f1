/* A module for the notebook widgets, one for pages without a kernel, and a style sheet for both; the lab extension takes
   the package itself. */
import { build } from 'esbuild';

await build({
  entryPoints: {
    pictures: 'src/anywidget.ts',
    'pictures-page': 'src/page.ts'
  },
  outdir: 'redspot_widgets',
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning'
});
await build({
  entryPoints: ['style/pictures.css'],
  outdir: 'redspot_widgets',
  bundle: true,
  minify: true,
  charset: 'utf8',
  logLevel: 'warning'
});
