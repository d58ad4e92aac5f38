import { freshName, people } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';

test('scaled out: both machines answer, one is taken out and put back, a visitor stays with one @plain', async ({ site, page }) => {
  test.slow();
  const { scaling: words } = site.words;
  const name = freshName('wide');
  const [first, copy] = [`${name}-1`, `${name}-2`];
  await site.signIn(people.student);
  const path = await site.askFor(name);
  await site.becomes('ready');

  await test.step('the page says what will be built, and in which zone a copy cannot be', async () => {
    await page.getByRole('link', { name: words.act }).click();
    await expect(site.heading(words.title(name))).toBeVisible();
    await site.settle();
    const zones = page.getByLabel(words.zone, { exact: true });
    await expect(zones.locator('option[disabled]')).toHaveCount(1);
    await picture(page, `scale-${site.hasScripts ? 'scripts' : 'plain'}`);
  });

  await test.step('what copies are for is chosen, and said from then on', async () => {
    await site.chooseServing(path);
    await picture(page, `mode-${site.hasScripts ? 'scripts' : 'plain'}`);
  });

  await test.step('it is built while the page is looked at', async () => {
    await site.scaleOut(path, name, 2);
    await expect(site.machines.getByRole('row')).toHaveCount(3);
    await expect(site.machines.getByText(words.serving)).toBeVisible();
    await site.becomes('ready');
    await picture(page, `scaled-out-${site.hasScripts ? 'scripts' : 'plain'}`);
  });

  const send = async () => {
    if (site.hasScripts) {
      await page.getByRole('button', { name: words.send(200) }).click();
      await expect.poll(async () => (await site.share(first))[1], { timeout: 30_000 }).toBe(200);
    } else {
      await page.getByRole('link', { name: words.send(20) }).click();
      await expect.poll(async () => (await site.share(first))[1]).toBe(20);
    }
    return { first: (await site.share(first))[0], copy: (await site.share(copy))[0] };
  };
  await test.step('requests are answered by both', async () => {
    await page.getByRole('link', { name: words.tryIt }).click();
    await site.settle();
    const shares = await send();
    expect(shares.first).toBeGreaterThan(0);
    expect(shares.copy).toBeGreaterThan(0);
    await picture(page, `prover-${site.hasScripts ? 'scripts' : 'plain'}`);
  });

  await test.step('who is taken out gets none, and is back when it is put back', async () => {
    await page.getByRole('button', { name: words.takeOut(copy) }).click();
    const row = page.getByRole('row', { name: copy });
    // Without scripts nothing follows by itself.
    await expect(async () => {
      if (!site.hasScripts) await site.open(`${path}/prover`);
      await expect(row).toContainText(words.takenOut, { timeout: 2_000 });
    }).toPass({ timeout: 30_000 });
    expect(await send()).toMatchObject({ copy: 0 });
    await page.getByRole('button', { name: words.putBack(copy) }).click();
    await expect(async () => {
      if (!site.hasScripts) await site.open(`${path}/prover`);
      await expect(row).toContainText(words.answers, { timeout: 2_000 });
    }).toPass({ timeout: 30_000 });
    expect((await send()).copy).toBeGreaterThan(0);
  });

  if (site.hasScripts) {
    await test.step('with sticky sessions one visitor stays with one machine', async () => {
      await page.getByRole('button', { name: words.makeSticky }).click();
      await expect(page.getByText(words.isSticky)).toBeVisible();
      await page.getByRole('radio', { name: words.same }).check();
      await expect(async () => {
        const shares = await send();
        expect(Math.max(shares.first, shares.copy)).toBe(200);
      }).toPass({ timeout: 45_000 });
    });
  }
  await site.deleteEnvironment(path, name);
  await site.becomes('removed');
});
