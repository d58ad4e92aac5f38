import { people, course } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';

test('a wrong password and an unknown name get the same answer, and the name stays typed @plain', async ({ site, page }) => {
  for (const name of [people.student, 'nobody-of-that-name']) {
    await site.open('/sign-in');
    await site.fillSignIn(name, 'not the password');
    await expect(page.getByRole('alert').filter({ hasText: site.words.signIn.refused })).toBeVisible();
    await expect(page.getByLabel(site.words.signIn.name, { exact: true })).toHaveValue(name);
    await expect(page.getByLabel(site.words.signIn.password, { exact: true })).toHaveValue('');
    expect(page.url(), 'what was typed is in no address').not.toContain(name);
  }
});

test('signing in leads to where one was going @plain', async ({ site, page }) => {
  await page.goto(`/courses/${course.code}`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await site.settle();
  await picture(page, `sign-in-${site.hasScripts ? 'scripts' : 'plain'}`);
  await site.fillSignIn(people.student, 'koza-demo');
  await expect(site.heading(course.title)).toBeVisible();
  expect(new URL(page.url()).pathname).toBe(`/courses/${course.code}`);
});

test('a door that asks to go elsewhere leads home @plain', async ({ site, page }) => {
  await page.goto('/sign-in?next=//example.com/');
  await site.settle();
  await site.fillSignIn(people.student, 'koza-demo');
  await expect(site.heading(site.words.home.title)).toBeVisible();
  expect(new URL(page.url()).pathname).toBe('/');
});

test('after signing out nothing is shown any more, not even by going back @plain', async ({ site, page }) => {
  await site.signIn(people.student);
  await site.openCourse();
  await site.signOut();
  await expect(page).toHaveURL(/\/sign-in/);
  await page.goBack();
  await expect(site.heading(site.words.signIn.title)).toBeVisible();
  await page.goto('/account');
  await expect(page).toHaveURL(/\/sign-in/);
});
