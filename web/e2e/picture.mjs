// Takes the README's pictures of a call: docs/pictures/call.png (desktop) and
// docs/pictures/call-phone.png. Run by hand after the screens change:
// node e2e/run.mjs picture.mjs in web/.

import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { drawPerson } from './lib/scene.mjs';
import { setStage, startCall } from './lib/stage.mjs';
import { text } from './lib/text.mjs';
import { until } from './lib/wait.mjs';

const folder = process.env.RINGFENCE_PICTURES ?? fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

const pictures = [
  { file: 'call.png', camera: { width: 1280, height: 800 }, own: { width: 1280, height: 800 }, size: { width: 1280, height: 800 } },
  {
    file: 'call-phone.png',
    camera: { width: 720, height: 1280 },
    own: { width: 720, height: 1280 },
    size: { width: 390, height: 844, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  },
];

const stage = await setStage({ names: ['Anna', 'Ben'] });
try {
  await mkdir(folder, { recursive: true });
  for (const { file, camera, own, size } of pictures) {
    await stage.enter();
    const anna = await stage.arrives('Anna', { devices: { side: 1, ...own }, size });
    const ben = await stage.arrives('Ben', { devices: { side: 2, ...camera } });
    await anna.page.evaluate(drawPerson, 'anna');
    await ben.page.evaluate(drawPerson, 'ben');
    await startCall(anna, ben, 'Ben');
    await anna.sees(text.call.direct);
    const sharp = () => anna.page.evaluate((name, want) => {
      const v = [...document.querySelectorAll('video')].find((x) => x.getAttribute('aria-label') === name);
      return (v?.videoWidth ?? 0) >= want;
    }, text.call.theirPicture('Ben'), camera.width * 0.75);
    await until('a sharp picture', sharp, 30_000);
    await until('a call that has lasted', async () => /0:1\d/.test(await anna.reads()), 30_000);
    await anna.page.mouse.move(200, 300);
    await anna.finds('button', text.call.hangUp);
    await anna.page.screenshot({ path: `${folder}/${file}` });
    await anna.presses(text.call.hangUp);
    await stage.leave();
  }
} finally {
  await stage.close();
}
