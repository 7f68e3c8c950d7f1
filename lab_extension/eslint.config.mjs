import jupyter from '@jupyter/eslint-plugin';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const CODE = ['src/**/*.{ts,tsx}', 'test/**/*.{ts,tsx}'];

export default tseslint.config(
  { ignores: ['lib/', 'src/api/contract.ts', 'style/', '*.config.*'] },
  ...tseslint.configs.strictTypeChecked.map(config => ({ ...config, files: CODE })),
  ...jupyter.configs.recommended.map(config => ({ plugins: { jupyter }, ...config })),
  {
    files: CODE,
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname }
    },
    plugins: { 'react-hooks': reactHooks },
    rules: {
      'no-console': 'error',
      'no-restricted-imports': [
        'error',
        { patterns: ['@jupyterlab/*/*', '@lumino/*/*', '@jupyter/*/*'] }
      ],
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      // Tokens are an interface and a value of one name; options live in a namespace beside their class.
      '@typescript-eslint/no-redeclare': 'off',
      // Lumino's connect takes the receiver apart from the method; jupyter/prefer-signal-this-arg guards that.
      '@typescript-eslint/unbound-method': 'off',
      'jupyter/prefer-lazy-imports': [
        'warn',
        {
          // What the sidebar and its poll need at once.
          ignoreImports: [
            '../api/*',
            '../models/kernelPipelines',
            '../models/live',
            '../models/sidebarActions',
            '../panels/sidebar'
          ]
        }
      ],
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'interface', format: ['PascalCase'], custom: { regex: '^I[A-Z]', match: true } }
      ]
    }
  }
);
