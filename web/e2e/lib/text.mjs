// The client's own catalogue: the tests press what a person presses, and a
// sentence that is reworded is reworded here too.

import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const catalogue = fileURLToPath(new URL('../../src/text/en.ts', import.meta.url));

/** @type {{module: {en: import('../../src/text/en.ts').Text}}} */
const loaded = await runnerImport(catalogue, { configFile: false, logLevel: 'error' });

export const text = loaded.module.en;
