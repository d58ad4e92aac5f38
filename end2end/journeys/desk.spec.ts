// The desk: an instructor sees all environments of a course, and does something to many of them at once.
import { course, freshName, people } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';

test('an instructor finds two of a class, stops both at once, and sees what came of each @plain', async ({ site, page, anotherBrowser }) => {
  const { desk } = site.words;
  const word = freshName('class');
  const students = [await anotherBrowser(), await anotherBrowser()];
  const paths: string[] = [];
  for (const [number, student] of students.entries()) {
    await student.signIn(number === 0 ? people.student : people.other);
    paths.push(await student.askFor(`${word}-${number}`));
  }
  for (const [number, student] of students.entries()) {
    await student.open(paths[number]!);
    await student.becomes('ready');
  }

  await site.signIn(people.instructor);
  await site.openCourse();
  await page.getByRole('link', { name: desk.all }).click();
  await expect(site.heading(desk.title(course.code))).toBeVisible();
  await page.getByRole('textbox', { name: desk.search }).fill(word);
  await page.getByRole('button', { name: desk.show, exact: true }).click();
  const rows = page.getByRole('region', { name: desk.environments }).getByRole('row');
  await expect(rows).toHaveCount(3);
  await expect(rows.filter({ hasText: 'Ren Suzuki' })).toContainText(site.words.phase.ready);
  await picture(page, 'desk');

  await page.getByRole('button', { name: desk.stop, exact: true }).click();
  await expect(page.getByText(desk.nobodyTicked), 'whom was not said').toBeVisible();
  await page.goBack();
  for (const tick of await page.getByRole('checkbox').all()) await tick.check();
  await page.getByRole('button', { name: desk.stop, exact: true }).click();
  await expect(site.heading(desk.stopTitle(course.code))).toBeVisible();
  await picture(page, 'desk-preview');
  await page.getByRole('button', { name: `${desk.stop} (2)` }).click();
  await expect(page.getByRole('status')).toContainText(desk.done(2, 2));
  await picture(page, 'desk-came');

  for (const [number, student] of students.entries()) {
    await student.open(paths[number]!);
    await student.becomes('stopped');
  }
  await site.open(`/desk/${course.code}?state=stopped&search=${word}`);
  await expect(rows).toHaveCount(3);
  await page.getByRole('link', { name: `${word}-0` }).click();
  await expect(site.heading(`${word}-0`), 'they see what the student sees').toBeVisible();
  for (const [number, student] of students.entries()) await student.deleteEnvironment(paths[number]!, `${word}-${number}`);
});

test('students have no desk @plain', async ({ site }) => {
  await site.signIn(people.student);
  await site.open(`/desk/${course.code}`);
  await expect(site.heading(site.words.notFound.title)).toBeVisible();
});
