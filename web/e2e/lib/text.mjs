// The client's own catalogue: the tests press what a person presses, and a
// sentence that is reworded is reworded here too.

import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

/** @typedef {import('../../src/text/en/index.ts').Text} Text */

/** A module of the client, by its path under src. @param {string} file */
export const load = async (file) => (await runnerImport(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)), { configFile: false, logLevel: 'error' })).module;

/** @type {Text} */
export const text = (await load('text/en/index.ts')).en;

const pseudos = await load('text/pseudo.ts');

/** The same in the language that nobody speaks. @type {Text} */
export const pseudo = pseudos.pseudoText();

/** And from right to left. @type {Text} */
export const pseudoRtl = pseudos.pseudoRtlText();

/** A language that people speak. @param {'de' | 'fr' | 'es' | 'ar'} tag @returns {Promise<Text>} */
export const language = async (tag) => (await load(`text/${tag}/index.ts`))[tag];

/** The catalogue of any tag. @param {string} tag @returns {Promise<Text>} */
export async function catalogue(tag) {
  const own = { en: text, pseudo, 'pseudo-rtl': pseudoRtl };
  return own[tag] ?? language(/** @type {any} */ (tag));
}

/** The places of the settings. @type {readonly string[]} */
export const sections = (await load('state/settings-sections.ts')).settingsSections;
