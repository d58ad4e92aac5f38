import type { Locator, Page } from '@playwright/test';
import { course, freshName, password, people } from '../fixtures/portal.ts';
import { expect, test } from '../fixtures/test.ts';

/** Tabs until this is focused; whatever is passed on the way shows that it has the focus. */
async function tabTo(page: Page, wanted: Locator) {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    if (await wanted.evaluate((element) => element === document.activeElement)) {
      // A card shows the focus of its link around itself.
      const canBeSeen = await wanted.evaluate((element) => {
        const isMarked = (of: Element) => {
          const style = getComputedStyle(of);
          return style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0;
        };
        const card = element.closest('.card');
        return isMarked(element) || (card !== null && isMarked(card));
      });
      expect(canBeSeen, 'the focus can be seen').toBe(true);
      return;
    }
  }
  throw new Error(`Tab does not lead to ${wanted}`);
}

test('from the door to a running environment and back, by keyboard alone', async ({ site, page }) => {
  test.slow();
  const { words } = site;
  const name = freshName('keys');
  await site.open('/sign-in');
  await tabTo(page, page.getByLabel(words.signIn.name, { exact: true }));
  await page.keyboard.type(people.student);
  await tabTo(page, page.getByLabel(words.signIn.password, { exact: true }));
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await expect(site.heading(words.home.title)).toBeVisible();
  await site.settle();

  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: words.frame.skip }), 'the first stop skips the frame').toBeFocused();
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('link', { name: course.title }));
  await page.keyboard.press('Enter');
  await expect(site.heading(course.title)).toBeVisible();
  await site.settle();

  await tabTo(page, site.name);
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await expect(site.heading(name)).toBeVisible();
  await site.becomes('ready');

  await tabTo(page, site.act(words.environment.stop));
  await page.keyboard.press('Enter');
  await site.becomes('stopped');
  // The page changed under the keyboard; what comes next can still be reached.
  await tabTo(page, page.getByRole('link', { name: words.environment.delete }));
  await page.keyboard.press('Enter');
  await expect(site.heading(words.delete.title(name))).toBeVisible();
  await site.settle();
  await tabTo(page, page.getByRole('textbox', { name: words.delete.type(name) }));
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await site.becomes('removed');
});
