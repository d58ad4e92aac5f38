import { people } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';

test('signed-in browsers are listed and can be ended, one or all @plain', async ({ site, page, anotherBrowser }) => {
  const { account, signIn } = site.words;
  // They sign in here only, so that the list is this journey's alone, also while its other run goes on.
  const person = site.hasScripts ? people.instructor : people.operator;
  await site.signIn(person);
  await site.open('/account');
  await expect(page.getByRole('row').filter({ hasText: account.thisOne })).toHaveCount(1);

  const second = await anotherBrowser();
  await second.signIn(person);
  await site.open('/account');
  const others = page.getByRole('button', { name: account.end });
  await expect(others.first()).toBeVisible();
  await picture(page, `account-${site.hasScripts ? 'scripts' : 'plain'}`);

  await others.first().click();
  await expect(site.heading(account.title)).toBeVisible();
  const third = await anotherBrowser();
  await third.signIn(person);
  await site.open('/account');
  await page.getByRole('button', { name: account.endOthers }).click();
  await expect(page.getByRole('button', { name: account.end })).toHaveCount(0);
  await expect(page.getByRole('button', { name: account.endOthers })).toHaveCount(0);

  for (const ended of [second, third]) {
    await ended.page.goto('/account');
    await expect(ended.heading(signIn.title)).toBeVisible();
  }
  await site.open('/account');
  await expect(site.heading(account.title)).toBeVisible();
});
