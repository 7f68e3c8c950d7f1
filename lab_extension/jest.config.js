/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'jsdom',
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  moduleNameMapper: { '\\.svg$': '<rootDir>/test/svg.ts' },
  transform: {
    '\\.(m?[jt]sx?)$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.jest.json' }]
  },
  transformIgnorePatterns: ['/node_modules/(?!(@jupyter|@jupyterlab|@microsoft|exenv-es6)/)']
};
