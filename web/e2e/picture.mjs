// Takes the README's pictures of a call: docs/pictures/call.png (desktop) and
// docs/pictures/call-phone.png. Run by hand after the screens change:
// node e2e/picture.mjs in web/.

import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { drawPerson } from './lib/scene.mjs';
import { setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

const folder = process.env.RINGFENCE_PICTURES ?? fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

const stage = await setStage({ names: ['Anna', 'Ben'] });
try {
  await stage.enter();
  await mkdir(folder, { recursive: true });
  const anna = await stage.arrives('Anna', { devices: { side: 1, width: 1280, height: 800 } });
  const ben = await stage.arrives('Ben', { devices: { side: 2, width: 1280, height: 800 } });
  await anna.page.evaluate(drawPerson, 'anna');
  await ben.page.evaluate(drawPerson, 'ben');
  await startCall(anna, ben, 'Ben');
  const wide = () => anna.page.evaluate((name) => {
    const v = [...document.querySelectorAll('video')].find((x) => x.getAttribute('aria-label') === name);
    return (v?.videoWidth ?? 0) >= 960;
  }, text.call.theirPicture('Ben'));
  await anna.sees(text.call.direct);
  await until('a sharp picture', wide, 30_000);
  await until('a call that has lasted', async () => /0:1\d/.test(await anna.reads()), 30_000);
  await anna.page.mouse.move(640, 400);
  await anna.finds('button', text.call.hangUp);
  await anna.page.screenshot({ path: `${folder}/call.png` });

  await ben.page.setViewport({ width: 390, height: 844, deviceScaleFactor: 2, hasTouch: true, isMobile: true });
  await until('the picture at its new size', () => ben.page.evaluate(() => window.innerWidth === 390));
  await ben.page.mouse.move(190, 300);
  await ben.finds('button', text.call.hangUp);
  await ben.page.screenshot({ path: `${folder}/call-phone.png` });
  await stage.leave();
} finally {
  await stage.close();
}
