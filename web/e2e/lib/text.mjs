// The client's own catalogue: the tests press what a person presses, and a
// sentence that is reworded is reworded here too.

import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

/** @param {string} file */
const load = async (file) => (await runnerImport(fileURLToPath(new URL(`../../src/text/${file}`, import.meta.url)), { configFile: false, logLevel: 'error' })).module;

/** @type {import('../../src/text/en/index.ts').Text} */
export const text = (await load('en/index.ts')).en;

/** The same in the language that nobody speaks. @type {import('../../src/text/en/index.ts').Text} */
export const pseudo = (await load('pseudo.ts')).pseudoText();
