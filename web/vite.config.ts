import { defineConfig } from 'vitest/config'

import { licences } from './build/licences.ts'
import { precompress } from './build/precompress.ts'
import { shell } from './build/shell.ts'
import { fixedWorkers, workerFileName, workerInputs, workersFromSource } from './build/workers.ts'

// The program that `make run` starts; the development server hands it /api.
const server = 'http://localhost:8080'

export default defineConfig({
  // Nothing is inlined: the page's policy allows no inline script, style or data address.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [fixedWorkers(), workersFromSource(), licences(), shell(), precompress()],
  build: {
    target: 'es2022',
    // Browsers that know light-dark() themselves: in its place a colour would be fixed at the root, and no part could have its own theme.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000, // the word lists of the password score, loaded when they are needed
    rolldownOptions: {
      input: { index: 'index.html', ...workerInputs() },
      output: {
        entryFileNames: (chunk) => workerFileName(chunk) ?? 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
  server: {
    // The Host header stays as it is, so that the server sees a same-origin request.
    proxy: { '/api': { target: server, changeOrigin: false, ws: true } },
  },
  test: {
    include: ['src/**/*.test.{ts,tsx}', 'sdk/src/**/*.test.ts', 'build/**/*.test.ts'],
    environment: 'node',
    restoreMocks: true,
  },
})
