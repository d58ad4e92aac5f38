import { freshName, nobodys, people } from '../fixtures/portal.ts';
import { expect, test } from '../fixtures/test.ts';

test('another student finds nothing, exactly as where there is nothing @plain', async ({ site, page, anotherBrowser }) => {
  const name = freshName('mine');
  await site.signIn(people.student);
  const mine = await site.askFor(name);

  const other = await anotherBrowser();
  await other.signIn(people.other);
  for (const below of ['', '/passwords', '/delete']) {
    const seen = [];
    for (const environment of [mine, `/environments/${nobodys}`]) {
      const answer = await other.open(environment + below);
      await expect(other.heading(other.words.notFound.title)).toBeVisible();
      expect(answer?.status()).toBe(404);
      expect(await other.page.content()).not.toContain(name);
      seen.push((await other.page.getByRole('main').innerText()).trim());
    }
    expect(seen[0]).toBe(seen[1]);
  }
  for (const path of [`${mine}/live`, `/environments/${nobodys}/live`]) {
    expect((await other.page.request.get(path)).status(), path).toBe(404);
  }
  await other.open('/');
  expect(await other.page.content()).not.toContain(name);

  await site.open(mine);
  await expect(site.heading(name)).toBeVisible();
  await site.deleteEnvironment(mine, name);
  expect(page.url()).toContain(mine);
});

test('who is not signed in is led to the door @plain', async ({ page }) => {
  for (const path of ['/', '/account', '/courses/SYS-101', `/environments/${nobodys}`, `/environments/${nobodys}/passwords`]) {
    await page.goto(path);
    await expect(page, path).toHaveURL(/\/sign-in\?next=/);
  }
  expect((await page.request.get(`/environments/${nobodys}/live`)).status()).toBe(401);
});

test('a form from another site changes nothing', async ({ site, page, baseURL }) => {
  await site.signIn(people.student);
  for (const headers of [{ 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }, { 'Sec-Fetch-Site': 'same-site', Origin: 'http://machine.test' }]) {
    const answer = await page.request.post('/do/sign_out', { headers: { ...headers, Accept: 'text/html' }, form: {}, maxRedirects: 0 });
    expect(answer.status()).toBe(403);
  }
  await site.open('/');
  await expect(site.heading(site.words.home.title)).toBeVisible();
  expect(baseURL).toBeTruthy();
});

test('an address of no page is not found, with its status @plain', async ({ site }) => {
  await site.signIn(people.student);
  const answer = await site.open('/no/such/page');
  expect(answer?.status()).toBe(404);
  await expect(site.heading(site.words.notFound.title)).toBeVisible();
  expect((await site.open('/courses/NOPE-1'))?.status()).toBe(404);
  await expect(site.heading(site.words.notFound.title)).toBeVisible();
});
