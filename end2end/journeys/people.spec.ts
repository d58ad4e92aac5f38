// People come into a course by a link that its instructor made.
import { course, freshName, password, people } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';

test('a class comes in by a link: with a new account, and out again @plain', async ({ site, page, anotherBrowser }) => {
  const { members } = site.words;
  await site.signIn(people.instructor);
  await site.openCourse();
  await page.getByRole('link', { name: members.people, exact: true }).click();
  await expect(site.heading(members.title(course.code))).toBeVisible();
  await page.getByRole('textbox', { name: members.most }).fill('0');
  await page.getByRole('button', { name: members.invite }).click();
  await expect(page.getByText(members.notACount)).toBeVisible();
  await page.getByRole('textbox', { name: members.most }).fill('30');
  await page.getByRole('button', { name: members.invite }).click();
  const link = page.getByRole('link', { name: /^\/join\/inv_/ }).first();
  const address = (await link.innerText()).trim();
  await picture(page, 'members');

  const known = await anotherBrowser();
  await known.open(address);
  await known.page.getByRole('link', { name: members.haveAccount }).click();
  await known.fillSignIn(people.instructor, password);
  await expect(known.page.getByRole('link', { name: members.goThere }), 'who signs in is back at the invitation').toBeVisible();

  const fresh = await anotherBrowser();
  const name = freshName('s26').toLowerCase();
  await fresh.open(address);
  await fresh.page.getByLabel(members.fullName).fill('Hana Ito');
  await fresh.page.getByLabel(members.signInName).fill(name);
  await fresh.page.getByLabel(members.password, { exact: true }).fill('short');
  await fresh.page.getByLabel(members.again).fill('short');
  await fresh.page.getByRole('button', { name: members.register }).click();
  await expect(fresh.page.getByText(members.tooShort)).toBeVisible();
  await expect(fresh.page.getByLabel(members.signInName), 'what was typed stays').toHaveValue(name);
  await expect(fresh.page.getByLabel(members.password, { exact: true }), 'but no password').toHaveValue('');
  await picture(fresh.page, 'join');
  await fresh.page.getByLabel(members.password, { exact: true }).fill('a long sentence');
  await fresh.page.getByLabel(members.again).fill('a long sentence');
  await fresh.page.getByRole('button', { name: members.register }).click();
  await expect(fresh.heading(course.title), 'signed in, and there').toBeVisible();

  await site.open(`/courses/${course.code}/members`);
  const row = page.getByRole('region', { name: members.people }).getByRole('row').filter({ hasText: name });
  await expect(row).toContainText('Hana Ito');
  await row.getByRole('button', { name: members.takeOut }).click();
  await expect(row).toHaveCount(0);
  await fresh.open(`/courses/${course.code}`);
  await expect(fresh.heading(site.words.notFound.title), 'a course that one is not in is not found').toBeVisible();
});
