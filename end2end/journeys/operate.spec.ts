// The operator's room: there for operators alone.
import { people } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';

test("an operator sees what needs them, and who did what; nobody else finds the room @plain", async ({ site, page, anotherBrowser }) => {
  const { operate, notFound } = site.words;
  await site.signIn(people.operator);
  await page.getByRole('link', { name: operate.title }).click();
  await expect(site.heading(operate.title)).toBeVisible();
  await expect(page.getByRole('heading', { name: operate.figures })).toBeVisible();
  await expect(page.getByRole('region', { name: operate.audit }).getByRole('row').filter({ hasText: 'Operator' }).first(), 'that they signed in is noted').toContainText('signed_in');
  await picture(page, 'operate');
  const teacher = await anotherBrowser();
  await teacher.signIn(people.instructor);
  await expect(teacher.page.getByRole('link', { name: operate.title })).toHaveCount(0);
  await teacher.open('/operate');
  await expect(teacher.heading(notFound.title)).toBeVisible();
});
