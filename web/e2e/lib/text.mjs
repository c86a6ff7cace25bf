// The client's own catalogue: the tests press what a person presses, and a
// sentence that is reworded is reworded here too.

import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

/** @param {string} file */
const load = async (file) => (await runnerImport(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)), { configFile: false, logLevel: 'error' })).module;

/** @type {import('../../src/text/en/index.ts').Text} */
export const text = (await load('text/en/index.ts')).en;

/** The same in the language that nobody speaks. @type {import('../../src/text/en/index.ts').Text} */
export const pseudo = (await load('text/pseudo.ts')).pseudoText();

/** And from right to left. @type {import('../../src/text/en/index.ts').Text} */
export const pseudoRtl = (await load('text/pseudo.ts')).pseudoRtlText();

/** A language that people speak. @param {'de' | 'fr' | 'es' | 'ar'} tag @returns {Promise<import('../../src/text/en/index.ts').Text>} */
export const language = async (tag) => (await load(`text/${tag}/index.ts`))[tag];

/** The places of the settings. @type {readonly string[]} */
export const sections = (await load('state/settings-sections.ts')).settingsSections;
