import { freshName, people } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';

test('asked for, watched, used, stopped, started, deleted @plain', async ({ site, page }) => {
  test.slow();
  const { environment: words } = site.words;
  const name = freshName('web');
  await site.signIn(people.student);
  const path = await site.askFor(name);

  await test.step('the timeline moves by itself', async () => {
    await expect(site.timeline.first()).toBeVisible();
    await picture(page, `building-${site.hasScripts ? 'scripts' : 'plain'}`);
    if (site.hasScripts) await page.evaluate(() => Object.assign(window, { sameDocument: true }));
    await site.becomes('ready');
    if (site.hasScripts) expect(await page.evaluate(() => 'sameDocument' in window), 'it moved without a reload').toBe(true);
    await picture(page, `ready-${site.hasScripts ? 'scripts' : 'plain'}`);
  });

  await test.step('a reload shows the same', async () => {
    const before = await site.timeline.allInnerTexts();
    expect(before.length).toBeGreaterThan(8);
    await site.open(path);
    expect(await site.timeline.allInnerTexts()).toEqual(before);
  });

  await test.step('the connection block has everything', async () => {
    const address = await site.fact('SSH', 'Log in').innerText();
    expect(address).toMatch(/^ssh -i \S+ student@[\d.]+$/);
    const ip = address.split('@')[1]!;
    await expect(site.fact('WordPress', 'Page')).toHaveText(`http://${ip}/`);
    await expect(site.fact('WordPress', 'User')).toHaveText('admin');
    await expect(site.fact('Page behind a password', 'Page')).toHaveText(`http://${ip}/basic/`);
    await expect(site.fact('Web container', 'Page')).toHaveText(`http://${ip}:8080/`);
    await expect(site.fact('FTP drop: TeX to PDF', 'Host')).toHaveText(ip);
    await expect(site.block(words.sshConfig)).toContainText(`HostName ${ip}`);
    // Elsewhere in the page no password was sent along.
    const html = await page.content();
    for (const secret of Object.values(await site.passwords(path))) {
      expect(secret.length).toBeGreaterThanOrEqual(12);
      expect(html).not.toContain(secret);
    }
    await picture(page, `passwords-${site.hasScripts ? 'scripts' : 'plain'}`);
  });

  await test.step('the private key is given once', async () => {
    await site.open(path);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: words.downloadKey }).click()]);
    expect(download.suggestedFilename()).toBe(`${name}.pem`);
    const key = await (await import('node:fs/promises')).readFile(await download.path(), 'utf8');
    expect(key).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
    await site.open(path);
    await expect(site.connection).toContainText(words.keyErased);
    await expect(page.getByRole('button', { name: words.downloadKey })).toHaveCount(0);
  });

  await test.step('stopped and started again', async () => {
    await site.act(words.stop).click();
    await site.becomes('stopped');
    await expect(site.act(words.stop)).toHaveCount(0);
    await picture(page, `stopped-${site.hasScripts ? 'scripts' : 'plain'}`);
    await site.act(words.start).click();
    await site.becomes('ready');
  });

  await test.step('deleted, with its name typed', async () => {
    await page.getByRole('link', { name: words.delete }).click();
    await expect(site.heading(site.words.delete.title(name))).toBeVisible();
    await site.settle();
    const typed = page.getByRole('textbox', { name: site.words.delete.type(name) });
    await typed.fill('another');
    await page.getByRole('button', { name: site.words.delete.button }).click();
    await expect(typed).toHaveAccessibleDescription(new RegExp(site.words.delete.wrong));
    await expect(typed).toHaveValue('another');
    await typed.fill(name);
    await page.getByRole('button', { name: site.words.delete.button }).click();
    await site.becomes('removed');
    await expect(site.connection).toHaveCount(0);
    await site.open('/');
    await expect(page.getByRole('link', { name, exact: true })).toHaveCount(0);
  });
});

test('a second tab shows the same at the same time', async ({ site, context }) => {
  const name = freshName('tabs');
  await site.signIn(people.student);
  const path = await site.askFor(name);
  const second = await context.newPage();
  await second.goto(path);
  const phase = second.getByRole('main').locator('[data-phase]').first();
  await site.becomes('ready');
  await expect(phase).toHaveText(site.words.phase.ready);
  expect(await second.getByRole('region', { name: site.words.environment.timeline }).getByRole('listitem').allInnerTexts()).toEqual(
    await site.timeline.allInnerTexts(),
  );
  await site.deleteEnvironment(path, name);
  await expect(phase).toHaveText(site.words.phase.removed, { timeout: 60_000 });
});

test('progress is told to screen readers', async ({ site, page }) => {
  const name = freshName('heard');
  await site.signIn(people.student);
  const path = await site.askFor(name);
  const said = page.getByRole('status').filter({ hasText: /^The environment is ready\.$/ });
  await expect(said).toBeAttached({ timeout: 60_000 });
  await site.deleteEnvironment(path, name);
});
