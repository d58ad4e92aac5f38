// "Monday, nine o'clock", the scene on AWS. No machine boots on the double, so nothing there becomes Ready: what is shown is that a course's
// requests become what AWS bills, that the pages say so, and that nothing of it is left.
import { account } from '../fixtures/account.ts';
import { program } from '../fixtures/machine.ts';
import { freshName, people } from '../fixtures/portal.ts';
import { expect, picture, test } from '../fixtures/test.ts';

// A name's last minute has to pass before its address is given back.
test.setTimeout(240_000);

test('Monday, nine o\'clock, on AWS: a request becomes an instance with address, firewall, key and name, and leaves nothing @aws', async ({ site, page }) => {
  await test.step('the operator looks at the account before a class of thirty: two quotas are too small', async () => {
    const doctor = await program(process.env.KOZA_BINARY ?? 'koza', 'doctor', '--class', '30');
    expect(doctor.status, 'something is missing').not.toBe(0);
    for (const line of ['AWS account 123456789012 in us-east-1', 'debian-12: ami-0deb120000000a002', 'for koza-machines.test', 'ask AWS for 30 or more', 'ask AWS for 60 or more']) {
      expect(doctor.out).toContain(line);
    }
  });

  const name = freshName('cloud');
  await site.signIn(people.student);
  const path = await site.askFor(name);

  await test.step('it is there, as the account\'s owner sees it', async () => {
    await expect.poll(async () => (await account()).bound.length, { timeout: 60_000 }).toBe(1);
    await expect.poll(async () => (await account()).names).toEqual([`${name}.koza-machines.test.`]);
    const made = await account();
    expect(made).toMatchObject({ machines: ['running'], leadTo: made.addresses, groups: [expect.any(String)], keys: [expect.any(String)] });
    expect(made.addresses).toHaveLength(1);
  });

  await test.step('the page says what is done and what is waited for', async () => {
    await site.open(path);
    await site.becomes('building');
    await expect(site.timeline.first()).toBeVisible();
    for (const theme of ['light', 'dark'] as const) {
      await site.choose('theme', site.words.frame[theme]);
      await site.settle();
      await picture(page, `aws-building-${theme}`);
    }
  });

  await test.step('deleted: the name goes first, then everything else', async () => {
    await site.deleteEnvironment(path, name);
    await site.becomes('removing');
    await expect.poll(async () => (await account()).names, { timeout: 30_000 }).toEqual([]);
    await site.becomes('removed', 150_000);
    expect(await account()).toMatchObject({ machines: [], addresses: [], bound: [], groups: [], keys: [], names: [] });
    await picture(page, 'aws-removed');
  });
});
