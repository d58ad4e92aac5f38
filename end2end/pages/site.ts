// The site as a person meets it: pages and what can be done on them, found by role and label.
import { expect, type Locator, type Page } from '@playwright/test';
import { alive } from '../fixtures/alive.ts';
import { course, password, type Person } from '../fixtures/portal.ts';
import type { Words } from './words.ts';

/** Building a real machine may bake its image first. */
const BUILDING = process.env.KOZA_END2END_CLOUD === 'incus' ? 840_000 : 60_000;

export class Site {
  constructor(
    readonly page: Page,
    readonly words: Words,
    readonly hasScripts: boolean,
  ) {}

  /** Opens a page, and waits for its scripts if it has any. */
  async open(path: string) {
    if (!this.hasScripts) await this.leave();
    const answer = await this.page.goto(path);
    await this.settle();
    return answer;
  }

  /** Without scripts a page that moves refreshes itself; a refresh that begins just now overtakes whoever wants to go elsewhere. */
  private async leave() {
    await expect(async () => {
      await this.page.goto('about:blank');
      expect(this.page.url()).toBe('about:blank');
    }).toPass();
  }

  async settle() {
    if (this.hasScripts) await alive(this.page);
  }

  async signIn(person: Person, typed = password) {
    await this.open('/sign-in');
    await this.fillSignIn(person, typed);
    await expect(this.heading(this.words.home.title)).toBeVisible();
    await this.settle();
  }

  async fillSignIn(name: string, typed: string) {
    const { signIn } = this.words;
    await this.page.getByLabel(signIn.name, { exact: true }).fill(name);
    await this.page.getByLabel(signIn.password, { exact: true }).fill(typed);
    await this.page.getByRole('main').getByRole('button', { name: signIn.button }).click();
  }

  async signOut() {
    await this.page.getByRole('banner').getByRole('button', { name: this.words.frame.signOut }).click();
  }

  heading(name: string | RegExp): Locator {
    return this.page.getByRole('heading', { level: 1, name, exact: true });
  }

  /** The buttons of a switch in the footer. */
  choose(what: 'language' | 'theme', choice: string) {
    return this.page.getByRole('form', { name: this.words.frame[what] }).getByRole('button', { name: choice, exact: true }).click();
  }

  // --- a course and its form ---

  async openCourse() {
    await this.open(`/courses/${course.code}`);
  }

  get name(): Locator {
    return this.page.getByRole('textbox', { name: this.words.course.name });
  }

  get publicKey(): Locator {
    return this.page.getByRole('textbox', { name: this.words.course.key });
  }

  async ask(name: string, publicKey = '') {
    await this.name.fill(name);
    if (publicKey) await this.publicKey.fill(publicKey);
    await this.page.getByRole('button', { name: this.words.course.button }).click();
  }

  /** Asks for an environment and follows to its page. Answers its path. */
  async askFor(name: string, publicKey = '') {
    await this.openCourse();
    await this.ask(name, publicKey);
    await this.page.waitForURL(/\/environments\/env_/);
    await expect(this.heading(name)).toBeVisible();
    return new URL(this.page.url()).pathname;
  }

  /** Says what the whole course, or each student, may spend. */
  async setBudget(of: 'course' | 'each', amount: string, reason: string) {
    const { costs } = this.words;
    await this.open(`/courses/${course.code}/costs`);
    await this.page.getByRole('textbox', { name: of === 'each' ? costs.each : costs.wholeCourse }).fill(amount);
    await this.page.getByRole('textbox', { name: costs.reason }).first().fill(reason);
    await this.page.getByRole('button', { name: costs.set, exact: true }).click();
    await expect(this.page.getByRole('cell', { name: reason, exact: true })).toBeVisible();
  }

  // --- an environment's page ---

  get phase(): Locator {
    return this.page.getByRole('main').locator('[data-phase]').first();
  }

  async becomes(phase: keyof Words['phase'], timeout = BUILDING) {
    await expect(this.phase).toHaveText(this.words.phase[phase], { timeout });
  }

  get timeline(): Locator {
    return this.page.getByRole('region', { name: this.words.environment.timeline }).getByRole('listitem');
  }

  get connection(): Locator {
    return this.page.getByRole('region', { name: this.words.environment.connection });
  }

  act(name: string): Locator {
    return this.page.getByRole('group', { name: this.words.environment.acts }).getByRole('button', { name, exact: true });
  }

  /** The value beside a term, in a section with this heading. */
  fact(section: string, term: string): Locator {
    const list = this.page.locator('h3', { hasText: new RegExp(`^${section}$`) }).locator('xpath=following-sibling::dl[1]');
    return list.locator('div', { has: this.page.locator('dt', { hasText: new RegExp(`^${term}$`) }) }).locator('code');
  }

  /** A block of several lines by its label. */
  block(label: string): Locator {
    return this.page.locator('.copy-block', { hasText: label }).locator('pre');
  }

  /** Asks for one machine more. */
  async askToScaleOut(environment: string, name: string) {
    const { scaling } = this.words;
    await this.open(environment);
    await this.page.getByRole('link', { name: scaling.act }).click();
    await expect(this.heading(scaling.title(name))).toBeVisible();
    await this.settle();
    await this.page.getByRole('main').getByRole('button', { name: scaling.button, exact: true }).click();
    await this.page.waitForURL((url) => url.pathname === environment);
  }

  /** Says that copies are to serve one site. */
  async chooseServing(environment: string) {
    const { scaling } = this.words;
    await this.open(`${environment}/scale`);
    await this.page.getByLabel(scaling.mode, { exact: true }).selectOption(scaling.serving);
    await this.page.getByRole('button', { name: scaling.choose, exact: true }).click();
    await expect(this.page.getByLabel(scaling.mode, { exact: true })).toHaveValue('serving');
  }

  /** The same, and waits until so many machines answer behind the balancer: all that there are. */
  async scaleOut(environment: string, name: string, machines: number) {
    await this.askToScaleOut(environment, name);
    await this.answer(machines);
  }

  async answer(machines: number) {
    const { scaling } = this.words;
    await expect(this.machines.getByText(scaling.answers, { exact: true })).toHaveCount(machines, { timeout: BUILDING });
    await this.settle();
  }

  get machines(): Locator {
    return this.page.getByRole('region', { name: this.words.scaling.machines, exact: true });
  }

  /** How many of those that were sent each machine answered, on the prover's page. */
  async share(machine: string): Promise<[number, number]> {
    const text = await this.page.getByRole('row', { name: machine }).locator('.part').innerText();
    const [first = 0, second = 0] = (text.match(/\d+/g) ?? []).map(Number);
    return this.words.language === 'ja' ? [second, first] : [first, second];
  }

  async askToScaleIn(environment: string) {
    await this.open(`${environment}/scale`);
    await this.page.getByRole('main').getByRole('button', { name: this.words.scaling.inButton, exact: true }).click();
    await this.page.waitForURL((url) => url.pathname === environment);
    await this.settle();
  }

  /** Asks for all machines but the first to leave, and waits until they have: each is backed up, and the backup compared, before. */
  async scaleIn(environment: string, machines: number[]) {
    const { scaling } = this.words;
    await this.askToScaleIn(environment);
    for (const machine of machines) {
      await expect(this.timeline.filter({ hasText: scaling.left(machine) })).toBeVisible({ timeout: BUILDING });
    }
    await this.settle();
  }

  /** Asks for a backup and waits until it was restored in rehearsal and compared. */
  async backUp(environment: string) {
    const { backups } = this.words;
    await this.open(`${environment}/backups`);
    await this.page.getByRole('button', { name: backups.backUp }).click();
    await this.proven(environment, 1);
  }

  /** Waits until an environment has so many backups that are proven. */
  async proven(environment: string, count: number) {
    // A plain page follows nothing by itself.
    await expect(async () => {
      await this.open(`${environment}/backups`);
      await expect(this.page.getByText(this.words.backups.proven)).toHaveCount(count, { timeout: 500 });
    }).toPass({ timeout: BUILDING });
  }

  /** Makes a new environment of the newest backup on the page. Answers its path. */
  async restore(name: string) {
    const { backups } = this.words;
    await this.page.getByRole('link', { name: backups.restore }).first().click();
    await this.settle();
    await this.name.fill(name);
    await this.page.getByRole('button', { name: backups.restoreButton }).click();
    await this.page.waitForURL(/\/environments\/env_[0-9a-z]+$/);
    return new URL(this.page.url()).pathname;
  }

  /** Saves an image of its disk, and waits until that is whole. */
  async saveImage(environment: string) {
    const { images } = this.words;
    await this.open(`${environment}/images`);
    await this.page.getByRole('button', { name: images.save }).click();
    await expect(async () => {
      await this.open(`${environment}/images`);
      await expect(this.page.getByText(images.kept, { exact: true })).toHaveCount(1, { timeout: 500 });
    }).toPass({ timeout: BUILDING });
  }

  /** Makes a new environment of the image. Answers its path. */
  async startFromImage(environment: string, name: string) {
    await this.open(`${environment}/images`);
    await this.page.getByRole('link', { name: this.words.images.use }).click();
    await this.settle();
    await this.name.fill(name);
    await this.page.getByRole('button', { name: this.words.images.start }).click();
    await this.page.waitForURL(/\/environments\/env_[0-9a-z]+$/);
    return new URL(this.page.url()).pathname;
  }

  /** Deletes the image, and waits until it is gone. */
  async forgetImage(environment: string) {
    await this.open(`${environment}/images`);
    await this.page.getByRole('link', { name: this.words.images.use }).click();
    await this.settle();
    await this.page.getByRole('button', { name: this.words.images.forget }).click();
    await expect(async () => {
      await this.open(`${environment}/images`);
      await expect(this.page.getByText(this.words.images.none)).toBeVisible({ timeout: 500 });
    }).toPass({ timeout: BUILDING });
  }

  async passwords(environment: string) {
    await this.open(`${environment}/passwords`);
    const of = (what: string) => this.page.getByRole('main').locator('dl > div', { has: this.page.locator('dt', { hasText: new RegExp(`^${what}$`) }) }).locator('code').innerText();
    const { wordpress, protected: page, ftp } = this.words.passwords;
    return { wordpress: await of(wordpress), protected: await of(page), ftp: await of(ftp) };
  }

  /** The page that asks once more, the name typed: answers its button. */
  async aboutToDelete(environment: string, name: string): Promise<Locator> {
    await this.open(`${environment}/delete`);
    await this.page.getByRole('textbox', { name: this.words.delete.type(name) }).fill(name);
    return this.page.getByRole('button', { name: this.words.delete.button });
  }

  async deleteEnvironment(environment: string, name: string) {
    await (await this.aboutToDelete(environment, name)).click();
    await this.page.waitForURL((url) => url.pathname === environment);
  }
}
