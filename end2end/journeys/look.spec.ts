import { course, people } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';
import { Site } from '../pages/site.ts';
import { words } from '../pages/words.ts';

test('the language is chosen on any page, stays on it, and stays chosen @plain', async ({ site, page }) => {
  await site.signIn(people.student);
  await site.openCourse();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await site.choose('language', '日本語');

  const japanese = new Site(page, words.ja, site.hasScripts);
  await expect(page.getByRole('button', { name: japanese.words.course.button })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'ja');
  expect(new URL(page.url()).pathname).toBe(`/courses/${course.code}`);
  await picture(page, `course-ja-${site.hasScripts ? 'scripts' : 'plain'}`);

  await japanese.open('/');
  await expect(japanese.heading(japanese.words.home.title)).toBeVisible();
  await japanese.choose('language', 'English');
  await expect(site.heading(site.words.home.title)).toBeVisible();
});

test('the theme is chosen on any page and stays chosen @plain', async ({ site, page }) => {
  await site.signIn(people.student);
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const html = page.locator('html');

  await site.choose('theme', site.words.frame.light);
  await expect(html).toHaveAttribute('data-theme', 'light');
  const light = await background();
  await site.choose('theme', site.words.frame.dark);
  await expect(html).toHaveAttribute('data-theme', 'dark');
  expect(await background()).not.toBe(light);
  await site.openCourse();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  await picture(page, `course-dark-${site.hasScripts ? 'scripts' : 'plain'}`);
});

test('without a choice the page follows the system', async ({ site, page }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  await site.open('/sign-in');
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(background).not.toBe(light);
});

test.describe('a browser that prefers Japanese', () => {
  test.use({ language: 'ja' });
  test('is answered in Japanese from the first page on @plain', async ({ site, page }) => {
    await site.open('/sign-in');
    await expect(site.heading(site.words.signIn.title)).toBeVisible();
    await expect(page.locator('html')).toHaveAttribute('lang', 'ja');
    await site.fillSignIn(people.student, 'wrong');
    await expect(page.getByRole('alert').filter({ hasText: site.words.signIn.refused })).toBeVisible();
  });
});
