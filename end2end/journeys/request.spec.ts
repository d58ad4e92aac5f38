import { freshName, people } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';

test('a name that cannot be is answered at its field, and what was typed stays @plain', async ({ site, page }) => {
  const { names } = site.words;
  await site.signIn(people.student);
  await site.openCourse();
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  for (const [typed, answer] of [
    ['', names.missing],
    ['a'.repeat(31), names.tooLong],
    ['my_site', names.notALabel],
    ['-site', names.notALabel],
    ['講座', names.notALabel],
    ['2026', names.notALabel],
    ['<b>bold</b>', names.notALabel],
    ['www', names.reserved],
  ] as const) {
    await site.ask(typed, 'ssh-ed25519 typed-before');
    await expect(site.name, typed).toHaveAttribute('aria-invalid', 'true');
    await expect(site.name, typed).toHaveAccessibleDescription(new RegExp(answer.replace(/[.:]/g, '.')));
    await expect(site.name, typed).toHaveValue(typed);
    await expect(site.publicKey, typed).toHaveValue('ssh-ed25519 typed-before');
    if (!site.hasScripts) expect(decodeURIComponent(page.url()), 'what was typed is in no address').not.toContain('typed-before');
  }
  await picture(page, `request-refused-${site.hasScripts ? 'scripts' : 'plain'}`);
  // With scripts the page was never left; without, it came back each time.
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(site.hasScripts);
});

test('something that is no public key is answered at its field @plain', async ({ site }) => {
  await site.signIn(people.student);
  await site.openCourse();
  const name = freshName('key');
  await site.ask(name, '-----BEGIN OPENSSH PRIVATE KEY-----');
  await expect(site.publicKey).toHaveAttribute('aria-invalid', 'true');
  await expect(site.publicKey).toHaveAccessibleDescription(new RegExp(site.words.names.notAKey));
  await expect(site.name).toHaveValue(name);
});

test('a name that somebody has is answered at its field, whoever has it @plain', async ({ site, anotherBrowser }) => {
  const name = freshName('taken');
  const other = await anotherBrowser();
  await other.signIn(people.other);
  const environment = await other.askFor(name);

  await site.signIn(people.student);
  await site.openCourse();
  await site.ask(name.toUpperCase());
  await expect(site.name).toHaveAccessibleDescription(new RegExp(site.words.names.taken));
  await expect(site.name).toHaveValue(name.toUpperCase());
  await other.deleteEnvironment(environment, name);
});
