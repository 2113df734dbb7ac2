// The one browser of the tests: Debian's Chromium, quiet and offline but for the loopback addresses it is given.
import { chromium } from 'playwright-core';

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 900 };
