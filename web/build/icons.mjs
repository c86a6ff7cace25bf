// Draws the PNG icons from public/icon.svg with a headless Chromium:
//   node build/icons.mjs
// A maskable icon fills its square, with the drawing inside of the middle four
// fifths, which no system cuts off.

import { readFile, writeFile } from 'node:fs/promises';
import puppeteer from 'puppeteer-core';

const folder = new URL('../public/', import.meta.url);
const svg = await readFile(new URL('icon.svg', folder), 'utf8');
const ground = /<rect[^>]*\bfill="(#[0-9a-f]{3,8})"/i.exec(svg)?.[1];
if (!ground) throw new Error('icon.svg has no ground to fill a square with');
const square = svg.replace(/(<rect[^>]*?) rx="[^"]*"/, '$1');
const inner = square.replace(/<svg[^>]*>|<\/svg>/g, '').replace(/<rect[^>]*\/>/, '');
const maskable = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" fill="${ground}"/><g transform="translate(16 16) scale(.8) translate(-16 -16)">${inner}</g></svg>`;

const icons = [
  { file: 'icon-192.png', size: 192, source: svg },
  { file: 'icon-512.png', size: 512, source: svg },
  { file: 'icon-maskable-512.png', size: 512, source: maskable },
  { file: 'apple-touch-icon.png', size: 180, source: square },
];

const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage();
  for (const { file, size, source } of icons) {
    await page.setViewport({ width: size, height: size });
    await page.setContent(`<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${source}`);
    await writeFile(new URL(file, folder), await page.screenshot({ omitBackground: true, clip: { x: 0, y: 0, width: size, height: size } }));
  }
} finally {
  await browser.close();
}
