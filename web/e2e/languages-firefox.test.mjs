// Every place in every language, in Firefox.

import { tourEveryLanguage } from './lib/languages.mjs';

tourEveryLanguage('firefox');
