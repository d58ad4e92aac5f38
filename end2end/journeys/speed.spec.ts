// `make bench`: how long a student waits, as the browser sees it, and what the portal weighs. It measures and asserts no time.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { held } from '../fixtures/machine.ts';
import { freshName, people } from '../fixtures/portal.ts';
import { test, expect } from '../fixtures/test.ts';

const ROUNDS = Number(process.env.KOZA_BENCH_ROUNDS ?? 7);

test('from the click to Ready, stop, start, removal @bench', async ({ site, page, browser }) => {
  test.setTimeout(1_800_000);
  const { environment: words } = site.words;
  const atRest = residentMegabytes();
  await site.signIn(people.student);

  // The first one waits until the image is baked, and warms up what every later one finds warm.
  const bakingBegan = Date.now();
  const warm = freshName('warm');
  const first = await site.askFor(warm);
  await site.becomes('ready');
  const withBaking = Date.now() - bakingBegan;
  await site.deleteEnvironment(first, warm);
  await site.becomes('removed');
  await expect.poll(async () => (await held()).machines, { timeout: 600_000 }).toEqual([]);

  const took: Record<'click to Ready' | 'stop' | 'start to Ready' | 'remove', number[]> = {
    'click to Ready': [], stop: [], 'start to Ready': [], remove: [],
  };
  let steps: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = freshName('speed');
    await site.openCourse();
    await site.name.fill(name);
    const button = page.getByRole('button', { name: site.words.course.button });
    const clicked = Date.now();
    await button.click();
    await page.waitForURL(/\/environments\/env_/);
    took['click to Ready'].push((await shows(page, 'ready')) - clicked);
    steps = await timeline(page);
    const path = new URL(page.url()).pathname;

    await site.open(path);
    took.stop.push(await act(page, () => site.act(words.stop).click(), 'stopped'));
    took['start to Ready'].push(await act(page, () => site.act(words.start).click(), 'ready'));
    const last = await site.aboutToDelete(path, name);
    took.remove.push(await act(page, () => last.click(), 'removed'));
  }

  const visitor = await browser.newPage();
  await visitor.goto('/sign-in');
  const html = await (await visitor.request.get('/sign-in')).text();
  const pkg = join(process.env.KOZA_SITE_ROOT ?? '', 'pkg');
  const report = [
    '',
    `${ROUNDS} rounds, one environment at a time; milliseconds, as the browser sees them`,
    '',
    '| | median | fastest | slowest |',
    '|---|---:|---:|---:|',
    ...Object.entries(took).map(([what, all]) => `| ${what} | ${median(all)} | ${Math.min(...all)} | ${Math.max(...all)} |`),
    '',
    `The first environment, its image baked if it was not there: ${Math.round(withBaking / 1000)} s`,
    '',
    'Where the time of the last round went, by its own timeline:',
    '',
    '| step | time |',
    '|---|---:|',
    ...steps,
    '',
    '| weight | |',
    '|---|---:|',
    `| the browser's program, brotli | ${kilobytes(statSync(join(pkg, 'app_bg.wasm.br')).size)} |`,
    `| its JavaScript, brotli | ${kilobytes(statSync(join(pkg, 'app.js.br')).size)} |`,
    `| the sign-in page, as HTML and as gzip | ${kilobytes(html.length)}, ${kilobytes(gzipSync(html).length)} |`,
    `| the portal's memory, at rest and after the rounds | ${atRest} MB, ${residentMegabytes()} MB |`,
    '',
  ];
  console.log(report.join('\n'));
});

/** When the page first shows a phase, to the frame: milliseconds since 1970. */
async function shows(page: Page, phase: string): Promise<number> {
  const seen = await page.waitForFunction(
    (wanted) => document.querySelector(`main [data-phase="${wanted}"]`) && Date.now(),
    phase,
    { timeout: 840_000, polling: 'raf' },
  );
  return Number(await seen.jsonValue());
}

async function act(page: Page, press: () => Promise<void>, phase: string): Promise<number> {
  const began = Date.now();
  await press();
  return (await shows(page, phase)) - began;
}

async function timeline(page: Page): Promise<string[]> {
  const lines = page.locator('ol.timeline > li');
  return lines.evaluateAll((all) =>
    all.map((line) => `| ${line.querySelector('.step-text')?.firstChild?.textContent?.trim()} | ${line.querySelector('.step-time')?.textContent ?? ''} |`),
  );
}

function residentMegabytes(): number {
  const pid = readFileSync(join(process.env.KOZA_STATE ?? '', 'koza.pid'), 'utf8').trim();
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

function median(all: number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
