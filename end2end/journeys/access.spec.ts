import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import { expect, picture, test } from '../fixtures/test.ts';
import { tour } from '../fixtures/tour.ts';
import { words, type Language } from '../pages/words.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

for (const language of ['en', 'ja'] satisfies Language[]) {
  test.describe(`in ${language}`, () => {
    test.use({ language });
    for (const theme of ['light', 'dark'] as const) {
      test(`axe finds nothing on any page, ${theme}`, async ({ site, page }) => {
        test.slow();
        await page.emulateMedia({ reducedMotion: 'reduce' });
        await site.open('/sign-in');
        await site.choose('theme', words[language].frame[theme]);
        await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
        await tour(site, async (called) => {
          // Not a script of the page: it is the browser's own debugger that runs it, so the page's policy stays as it is.
          await page.evaluate(axe);
          const { violations } = await page.evaluate(async () => (await (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run()));
          const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.target.join(' ')).join('\n  ')}`);
          expect.soft(told, called).toEqual([]);
          await picture(page, `${language}-${theme}-${called.replaceAll(', ', '-').replaceAll(' ', '-')}`);
        });
      });
    }
  });
}
