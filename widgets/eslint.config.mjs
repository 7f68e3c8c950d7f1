import tseslint from 'typescript-eslint';

const CODE = ['src/**/*.ts', 'test/**/*.ts'];

export default tseslint.config(
  { ignores: ['lib/', 'redspot_widgets/', 'style/', '*.config.*', 'build.mjs'] },
  ...tseslint.configs.strictTypeChecked.map(config => ({ ...config, files: CODE })),
  {
    files: CODE,
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname }
    },
    rules: {
      'no-console': 'error',
      // Names of users are data: they never become markup, and nothing is read from elsewhere.
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML'].map(property => ({ property }))
      ],
      'no-restricted-globals': ['error', 'fetch', 'XMLHttpRequest', 'WebSocket'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'interface', format: ['PascalCase'], custom: { regex: '^I[A-Z]', match: true } }
      ]
    }
  },
  // The page of an endpoint asks the service that sent it; elsewhere the host's client asks.
  { files: ['src/endpoint/source.ts'], rules: { 'no-restricted-globals': 'off' } },
  { files: ['test/**/*.ts'], rules: { 'no-restricted-properties': 'off' } }
);
