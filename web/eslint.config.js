import js from '@eslint/js'
import tseslint from 'typescript-eslint'

import ringfence from './build/eslint-rules.js'

const network = ['fetch', 'WebSocket', 'RTCPeerConnection', 'XMLHttpRequest', 'EventSource', 'RTCSessionDescription', 'RTCIceCandidate']
const globalObjects = ['window', 'globalThis', 'self']
const rendering = ['document', 'window', 'localStorage', 'sessionStorage', 'alert', 'confirm']

const forbid = (names, message) => names.map((name) => ({ name, message }))
const forbidOn = (objects, names, message) => objects.flatMap((object) => names.map((property) => ({ object, property, message })))

const viaSdk = 'The server is reached through @ringfence/sdk only.'
const noPage = 'The SDK draws nothing and keeps nothing: it has no page.'

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/', 'public/', '**/*.gen.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly', Buffer: 'readonly' } },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './tsconfig.node.json', './tsconfig.sw.json'], tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      complexity: ['error', 20],
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 100, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true }],
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    plugins: { ringfence },
    rules: {
      'ringfence/no-literal-text': 'error',
      'ringfence/no-inline-style': 'error',
      'no-restricted-globals': ['error', ...forbid(network, viaSdk)],
      'no-restricted-properties': ['error', ...forbidOn(globalObjects, network, viaSdk), { object: 'navigator', property: 'sendBeacon', message: viaSdk }],
      'no-restricted-imports': ['error', { patterns: [{ group: ['**/sdk/**', '@ringfence/sdk/*'], message: 'Import from @ringfence/sdk itself.' }] }],
    },
  },
  // Beside the page, and only files of our own: its policy allows connections to nowhere else.
  { files: ['src/effects/worker.ts'], rules: { 'no-restricted-globals': 'off' } },
  {
    files: ['src/text/**/*.ts'],
    rules: { 'no-irregular-whitespace': ['error', { skipTemplates: true }] }, // French has a narrow space before a colon
  },
  // The service worker stands between the page and the network.
  { files: ['src/sw/sw.ts'], rules: { 'no-restricted-globals': 'off' } },
  {
    files: ['src/state/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        paths: [{ name: 'preact', message: 'View models are plain TypeScript.' }, { name: 'preact/hooks', message: 'View models are plain TypeScript.' }],
        patterns: [
          { group: ['**/sdk/**', '@ringfence/sdk/*'], message: 'Import from @ringfence/sdk itself.' },
          { group: ['**/screens/**', '**/ui/**'], message: 'View models know no components.' },
        ],
      }],
    },
  },
  {
    files: ['sdk/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...forbid(rendering, noPage)],
      'no-restricted-imports': ['error', {
        patterns: [{ regex: '^(?!\\./)', message: 'The SDK imports nothing but itself.' }],
      }],
    },
  },
  // What is sealed stands on the texts beside it, and in one file each on the library that has the KEM.
  {
    files: ['sdk/src/seal/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: '^(?!\\./|\\.\\./text\\.ts$)', message: 'What is sealed imports nothing but itself.' }] }] },
  },
  {
    files: ['sdk/src/seal/kem.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: '^(?!\\./|@noble/)', message: 'The KEM is all that is taken from elsewhere.' }] }] },
  },
  {
    files: ['**/*.test.ts', '**/*.test.tsx', 'sdk/test/**'],
    rules: {
      'no-restricted-globals': 'off',
      'max-lines-per-function': 'off',
      'no-restricted-imports': 'off',
      'ringfence/no-literal-text': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['e2e/**'], rules: { 'no-undef': 'off' } },
)
