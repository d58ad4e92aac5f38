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

// As Excel writes it in Japan: "学籍番号,氏名,役割", and "青木 海".
const heads = '8a7790d094d48d862c8e8196bc2c96f08a840d0a';
const umi = '90c296d8208a43';

test('a class comes in by a list: looked at first, and everybody chooses a password by a link of their own @plain', async ({ site, page, anotherBrowser }) => {
  const { members, roster, home } = site.words;
  const name = freshName('s27').toLowerCase();
  await site.signIn(people.instructor);
  await site.open(`/courses/${course.code}/members`);
  const file = page.getByLabel(roster.file);
  await file.setInputFiles({ name: 'list.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.from([0x50, 0x4b, 3, 4, 0, 0xff]) });
  await page.getByRole('button', { name: roster.look }).click();
  await expect(page.getByText(roster.notAText), 'a workbook is no list').toBeVisible();
  const list = Buffer.concat([Buffer.from(heads, 'hex'), Buffer.from(`${name},`), Buffer.from(umi, 'hex'), Buffer.from(',\r\naoi,,\r\nno name,=1+1,\r\n')]);
  await file.setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: list });
  await page.getByRole('button', { name: roster.look }).click();
  await expect(site.heading(roster.title(course.code))).toBeVisible();
  await expect(page.getByText(roster.nothingYet)).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: name }), 'Shift_JIS is read').toContainText('青木 海');
  await expect(page.getByRole('row').filter({ hasText: 'no name' })).toContainText(roster.wrong);
  await picture(page, 'roster');
  await page.getByRole('button', { name: roster.bringIn }).click();
  await expect(page.getByText(roster.came)).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: roster.left }).click();
  const left = Buffer.concat(await (await (await download).createReadStream()).toArray()).toString();
  expect(left, 'what did not come is there to be mended, and is no formula').toContain("no name,'=1+1,");

  await site.open(`/courses/${course.code}/members`);
  const row = page.getByRole('region', { name: members.people }).getByRole('row').filter({ hasText: name });
  const link = await row.getByRole('link', { name: roster.awaited }).getAttribute('href');
  const fresh = await anotherBrowser();
  await fresh.open(link ?? '');
  await expect(fresh.heading(roster.welcome('青木 海'))).toBeVisible();
  await picture(fresh.page, 'welcome');
  await fresh.page.getByLabel(members.password, { exact: true }).fill('a long sentence');
  await fresh.page.getByLabel(members.again).fill('a long sentence');
  await fresh.page.getByRole('button', { name: roster.choose }).click();
  await expect(fresh.heading(home.title), 'signed in').toBeVisible();
  await fresh.openCourse();
  await fresh.open(link ?? '');
  await expect(fresh.heading(site.words.notFound.title), 'a link is good once').toBeVisible();
});
