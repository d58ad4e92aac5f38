import { freshName, people } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';

test('backed up, downloaded, restored into a new environment; a copy leaves once its backup is proven @plain', async ({ site, page }) => {
  test.slow();
  const { backups: words } = site.words;
  const [name, restored] = [freshName('kept'), freshName('again')];
  await site.signIn(people.student);
  const path = await site.askFor(name);
  await site.becomes('ready');

  await test.step('a backup is taken and compared, and its holder has what is in it', async () => {
    await page.getByRole('link', { name: words.act }).click();
    await expect(site.heading(words.title(name))).toBeVisible();
    await site.backUp(path);
    await picture(page, `backups-${site.hasScripts ? 'scripts' : 'plain'}`);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: words.download }).click()]);
    expect(download.suggestedFilename()).toMatch(new RegExp(`^${name}-\\d{4}-\\d{2}-\\d{2}\\.tar\\.gz$`));
    expect(await download.failure()).toBeNull();
  });

  await test.step('its disk is saved as an image, and a new environment starts from that', async () => {
    await page.getByRole('link', { name: site.words.images.title(name) }).click();
    await expect(site.heading(site.words.images.title(name))).toBeVisible();
    await site.saveImage(path);
    await picture(page, `images-${site.hasScripts ? 'scripts' : 'plain'}`);
    const copied = freshName('copied');
    const copy = await site.startFromImage(path, copied);
    await site.becomes('ready');
    await site.open(path);
    await expect(site.timeline.filter({ hasText: site.words.images.saved(1) })).toBeVisible();
    await site.forgetImage(path);
    await site.deleteEnvironment(copy, copied);
    await site.becomes('removed');
  });

  await test.step('scaled in: the copy leaves', async () => {
    await site.scaleOut(path, name, 2);
    await site.scaleIn(path, [2]);
    await picture(page, `scaled-in-${site.hasScripts ? 'scripts' : 'plain'}`);
    await site.proven(path, 2);
  });

  await test.step('a new environment is made of a backup, also of what is removed', async () => {
    await site.deleteEnvironment(path, name);
    await site.becomes('removed');
    await site.open('/');
    await page.getByRole('link', { name: words.heading }).click();
    await expect(page.getByRole('row', { name })).toHaveCount(2);
    const again = await site.restore(restored);
    await site.becomes('ready');
    await site.deleteEnvironment(again, restored);
    await site.becomes('removed');
  });
});
