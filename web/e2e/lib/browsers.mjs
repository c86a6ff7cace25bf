// The two browsers, each with a fresh profile: Chromium over CDP and Firefox
// ESR over WebDriver BiDi, both through puppeteer-core.

import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { freePort } from './server.mjs';
import { within } from './wait.mjs';

/** @typedef {'chromium' | 'firefox'} Kind */
/** @typedef {import('puppeteer-core').Browser} Browser */

const chromiumFlags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps', '--mute-audio',
  // Two people are two windows of one browser; neither may be slowed down for being "behind".
  '--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows',
];

const firefoxPrefs = {
  'media.peerconnection.ice.loopback': true, // else a TURN server on 127.0.0.1 is never asked
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.cubeb.force_mock_context': true, // a machine without a sound card: else no AudioContext ever runs
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'browser.safebrowsing.update.enabled': false,
  'services.settings.server': 'data:,',
  'dom.min_background_timeout_value': 4,
};

const fakeDevices = {
  chromium: ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream=fps=30'],
  firefox: { 'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true },
};

// A page that plays what comes in without having taken a real camera (ours is
// drawn) would be held by the autoplay rules; real devices lift them.
const autoplay = {
  chromium: ['--autoplay-policy=no-user-gesture-required'],
  firefox: { 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0 },
};

const paths = {
  chromium: [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  firefox: [process.env.FIREFOX ?? '', '/usr/bin/firefox-esr', '/usr/bin/firefox'],
};

/** @param {Kind} kind */
function executable(kind) {
  const found = paths[kind].find((p) => p !== '' && existsSync(p));
  if (!found) throw new Error(`${kind} is not installed: make test installs it, or set ${kind.toUpperCase()}`);
  return found;
}

/**
 * launch starts a browser with a fresh profile. close ends it by its process
 * and removes the profile.
 * @param {Kind} kind
 * @param {{fakeDevices?: boolean, autoplay?: boolean, flags?: string[], prefs?: Record<string, unknown>, insecureCerts?: boolean, roaming?: import('./roaming.mjs').Roaming}} [options]
 * @returns {Promise<{kind: Kind, browser: Browser, version: string, close: () => Promise<void>}>}
 */
export async function launch(kind, options = {}) {
  const profile = await mkdtemp(join(tmpdir(), `ringfence-e2e-${kind}-`));
  const devices = options.fakeDevices ?? true;
  const play = options.autoplay ?? true;
  const port = options.roaming && kind === 'firefox' ? await freePort() : undefined; // Chromium is spoken to through a pipe
  if (port) await options.roaming?.reach(port);
  const common = {
    executablePath: await options.roaming?.within(executable(kind)) ?? executable(kind),
    headless: true,
    userDataDir: profile,
    acceptInsecureCerts: options.insecureCerts ?? false,
    defaultViewport: { width: 1280, height: 800 },
    protocolTimeout: 30_000,
  };
  const browser = kind === 'chromium'
    ? await puppeteer.launch({
      ...common,
      browser: 'chrome',
      pipe: true,
      args: [...chromiumFlags, ...(devices ? fakeDevices.chromium : []), ...(play ? autoplay.chromium : []), ...(options.flags ?? [])],
    })
    : await puppeteer.launch({
      ...common,
      browser: 'firefox',
      ...(port && { debuggingPort: port }),
      extraPrefsFirefox: { ...firefoxPrefs, ...(devices ? fakeDevices.firefox : {}), ...(play ? autoplay.firefox : {}), ...(options.prefs ?? {}) },
    });
  const child = browser.process();
  return {
    kind,
    browser,
    version: await browser.version(),
    close: async () => {
      const gone = new Promise((done) => {
        if (!child || child.exitCode !== null || child.signalCode !== null) done(undefined);
        else child.once('exit', () => done(undefined));
      });
      try {
        await within(`${kind} closing`, browser.close(), 8_000);
      } catch {
        child?.kill('SIGKILL');
      }
      await within(`${kind} ending`, gone, 8_000);
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
