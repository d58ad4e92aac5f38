// Money before one's eyes: the price before the click, what it has cost while one looks, budgets and what they refuse.
import type { Page } from '@playwright/test';
import { mailTo } from '../fixtures/mail.ts';
import { course, freshName, people } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';

/** The first figure of a text, as a number. */
const figure = (text: string) => Number(/-?[\d,]+(\.\d+)?/.exec(text)?.[0].replaceAll(',', ''));

const anHour = async (page: Page) => figure(await page.locator('.blueprint-form .price-main').first().innerText());

test('the price is there before the click, and another size has another price at once', async ({ site, page }) => {
  await site.signIn(people.student);
  await site.openCourse();
  const small = await anHour(page);
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  const size = page.getByLabel(site.words.costs.size);
  await size.selectOption({ index: 2 });
  await expect.poll(() => anHour(page)).toBeGreaterThan(small);
  expect(requests, 'nobody had to be asked').toEqual([]);
  const lines = page.getByText(site.words.costs.lineByLine);
  await lines.click();
  const table = page.getByRole('region', { name: site.words.costs.lineByLine });
  await expect(table.getByRole('row')).toHaveCount(5);
  const figures = (await table.getByRole('row').allInnerTexts()).slice(1).map((row) => figure(row.split('\t')[2] ?? ''));
  const sum = figures.pop() ?? 0;
  expect(Math.abs(figures.reduce((all, one) => all + one, 0) - sum), 'the lines are the sum').toBeLessThan(0.05);
  await picture(page, 'price');
});

test('every size has its price without scripts, too @plain', async ({ site, page }) => {
  await site.signIn(people.student);
  await site.openCourse();
  const options = await page.getByLabel(site.words.costs.size).getByRole('option').allInnerTexts();
  expect(options.length).toBe(3);
  const prices = options.map((option) => figure(option.slice(option.lastIndexOf(':'))));
  expect(prices[0]).toBeGreaterThan(0);
  expect([...prices].sort((a, b) => a - b)).toEqual(prices);
});

test('what it has cost counts while one looks, and a larger one costs more', async ({ site, page }) => {
  await site.signIn(people.student);
  await site.openCourse();
  await page.getByLabel(site.words.costs.size).selectOption({ index: 2 });
  const name = freshName('costs');
  await site.ask(name);
  await page.waitForURL(/\/environments\/env_/);
  const path = new URL(page.url()).pathname;
  await site.becomes('ready');
  const spent = page.locator('.spending strong');
  const before = figure(await spent.innerText());
  await expect.poll(async () => figure(await spent.innerText()), { message: 'it counts' }).toBeGreaterThan(before);
  await picture(page, 'spending');
  await page.getByRole('link', { name: site.words.costs.details }).click();
  await expect(site.heading(site.words.costs.title(name))).toBeVisible();
  await expect(page.getByRole('heading', { name: site.words.costs.whileStopped })).toBeVisible();
  await picture(page, 'costs');
  await site.deleteEnvironment(path, name);
});

test('scaling out says what it costs with so many machines', async ({ site, page }) => {
  await site.signIn(people.student);
  const name = freshName('dear');
  const path = await site.askFor(name);
  await site.becomes('ready');
  await site.open(`${path}/scale`);
  const rows = page.getByRole('region', { name: site.words.costs.byMachines }).getByRole('row');
  await expect(rows).toHaveCount(4);
  const running = (await rows.allInnerTexts()).slice(1).map((row) => figure(row.split('\t')[1] ?? ''));
  expect(running[1]).toBeGreaterThan(2 * (running[0] ?? 0));
  expect(running[2]).toBeGreaterThan(running[1] ?? 0);
  await picture(page, 'scale-price');
  await site.deleteEnvironment(path, name);
});

test('an instructor sees who spent what, and students do not @plain', async ({ site, page, anotherBrowser }) => {
  await site.signIn(people.student);
  await site.open(`/courses/${course.code}/costs`);
  await expect(site.heading(site.words.notFound.title)).toBeVisible();
  const file = await page.request.get(`/courses/${course.code}/costs.csv`);
  expect(file.status()).toBe(404);
  const instructor = await anotherBrowser();
  await instructor.signIn(people.instructor);
  await instructor.openCourse();
  await instructor.page.getByRole('link', { name: site.words.costs.heading }).first().click();
  await expect(instructor.heading(site.words.costs.courseTitle(course.code))).toBeVisible();
  const theirs = await instructor.page.request.get(`/courses/${course.code}/costs.csv`);
  expect(theirs.status()).toBe(200);
  expect((await theirs.text()).split('\n')[0]).toBe('\ufeffday,environment,holders,what,item,usd,rate,amount,reason');
});

// After all the others: a budget is everybody's.
test('a budget that has no room says what is left before the click and after it, and a grant makes room @last', async ({ site, page, anotherBrowser }) => {
  const { costs, notices } = site.words;
  const student = await anotherBrowser();
  await student.signIn(people.student);
  const spender = freshName('spender');
  const theirs = await student.askFor(spender);
  await student.becomes('ready');
  const instructor = await anotherBrowser();
  await instructor.signIn(people.instructor);
  await instructor.setBudget('each', '0', 'Monday');
  await picture(instructor.page, 'course-costs');

  // Who has spent more than that is told, on the first page and by mail.
  const told = student.page.getByRole('region', { name: notices.unread });
  await expect(async () => {
    await student.open('/');
    await expect(told.getByText(notices.spent(course.code))).toBeVisible({ timeout: 500 });
    await expect(told.getByText(notices.stopped(spender))).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 90_000 });
  await picture(student.page, 'notices');
  const mails = () => mailTo('aoi@mail.test').filter((mail) => mail.includes(`${process.env.KOZA_END2END_URL}/notices`));
  await expect.poll(() => mails().length, { message: 'one mail', timeout: 30_000 }).toBe(1);
  expect(mails()[0]).toContain(`Subject: ${notices.spent(course.code)}`);
  await told.getByRole('button', { name: notices.read }).click();
  await expect(told).toHaveCount(0);
  await student.page.getByRole('link', { name: notices.title }).click();
  await expect(student.page.getByText(notices.spent(course.code)), 'what was read is kept').toBeVisible();
  await student.deleteEnvironment(theirs, spender);

  await site.signIn(people.other);
  await site.openCourse();
  await expect(page.getByText(costs.doesNotFit)).toBeVisible();
  await site.ask(freshName('over'));
  await expect(page.getByRole('alert').filter({ hasText: costs.over })).toBeVisible();
  await picture(page, 'over-budget');

  await instructor.page.getByLabel(costs.grantTo, { exact: true }).selectOption({ label: 'Ren Suzuki' });
  await instructor.page.getByRole('textbox', { name: costs.grantAmount }).fill('100000');
  await instructor.page.getByRole('button', { name: costs.grant, exact: true }).click();
  await expect(instructor.page.getByRole('alert').filter({ hasText: costs.missing }), 'a grant has a reason').toBeVisible();
  await expect(instructor.page.getByRole('textbox', { name: costs.grantAmount }), 'what was typed stays').toHaveValue('100000');
  await instructor.page.getByRole('textbox', { name: costs.reason }).last().fill('for the thesis');
  await instructor.page.getByRole('button', { name: costs.grant, exact: true }).click();
  await expect(instructor.page.getByRole('cell', { name: 'for the thesis' })).toBeVisible();

  const name = freshName('granted');
  const path = await site.askFor(name);
  await site.becomes('ready');
  await site.deleteEnvironment(path, name);
  await instructor.setBudget('each', '100000000', 'the others go on');
});
