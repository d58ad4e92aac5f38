// Which journeys run where. `end2end/run` starts the portal and hands its address in.
import { defineConfig } from '@playwright/test';
import { args, executablePath } from './fixtures/chromium.ts';

const chromium = { browserName: 'chromium' as const, launchOptions: { executablePath, args } };
const isReal = process.env.KOZA_END2END_CLOUD === 'incus';
const isAws = process.env.KOZA_END2END_CLOUD === 'aws';

export default defineConfig({
  testDir: 'journeys',
  outputDir: process.env.KOZA_END2END_RESULTS ?? 'results',
  // A portal that one journey breaks breaks the others; two at once fit two cores.
  workers: isReal ? 1 : 2,
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  retries: 0,
  timeout: isReal ? 1_800_000 : 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['./fixtures/counts.ts']],
  use: {
    baseURL: process.env.KOZA_END2END_URL,
    actionTimeout: 15_000,
    navigationTimeout: 20_000,
    timezoneId: 'Asia/Tokyo',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    ...chromium,
  },
  projects: isReal
    ? [process.env.KOZA_BENCH ? { name: 'bench', grep: /@bench/ } : { name: 'real machines', grep: /@real/ }]
    : isAws
    ? [{ name: 'on a double of AWS', grep: /@aws/ }]
    : [
        { name: 'scripts on', grepInvert: /@real|@bench|@aws|@last/ },
        // What a person does here works as plain HTML, too.
        { name: 'scripts off', grep: /@plain/, use: { javaScriptEnabled: false } },
        // What changes everybody's lot waits until nobody else is there.
        { name: 'last', grep: /@last/, dependencies: ['scripts on', 'scripts off'] },
      ],
});
