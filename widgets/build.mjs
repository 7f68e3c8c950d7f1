/* One module and one style sheet for the notebook widgets; the lab extension takes the package itself. */
import { build } from 'esbuild';

await build({
  entryPoints: {
    pictures: 'src/anywidget.ts'
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
