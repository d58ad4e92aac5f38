import { expect, picture, test } from '../fixtures/test.ts';
import { tour } from '../fixtures/tour.ts';
import type { Language } from '../pages/words.ts';

for (const language of ['en', 'ja'] satisfies Language[]) {
  test.describe(`in ${language}`, () => {
    test.use({ language, viewport: { width: 320, height: 640 } });
    test('nothing has to be scrolled sideways at 320 px', async ({ site, page }) => {
      test.slow();
      await tour(site, async (called) => {
        const wide = await page.evaluate(() => {
          const root = document.documentElement;
          if (root.scrollWidth <= root.clientWidth) return [];
          return [...document.querySelectorAll('body *')]
            .filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1)
            .map((element) => `${element.tagName.toLowerCase()}.${element.className}`)
            .slice(0, 8);
        });
        expect.soft(wide, called).toEqual([]);
        await picture(page, `320-${language}-${called.replaceAll(', ', '-').replaceAll(' ', '-')}`);
      });
    });
  });
}
