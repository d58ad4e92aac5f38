// Other people's queues, measured as server/benches/queue measures ours. Called by it, once per figure:
//
//   node peers.mjs versions
//   node peers.mjs pickup graphile-worker|pg-boss WARMUP JOBS PAUSE_MS   → latencies in milliseconds, as JSON
//   node peers.mjs drain graphile-worker|graphile-worker-batched|pg-boss JOBS   → seconds, as JSON
//
// PEERS_DATABASE_URL names a database that may be filled with their tables.
import { createRequire } from 'node:module';
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { PgBoss } from 'pg-boss';

const url = process.env.PEERS_DATABASE_URL;
const quiet = new Logger(() => (level, message) => level === 'error' && console.error(message));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => performance.now();

// The same for both: jobs one by one at a steady pace, each in a transaction of its own on a connection of its own, timed from the answer
// to `commit`. The first few warm up the just-in-time compiler and the plans.
async function pace(enqueue, started, [warmup, jobs, pause]) {
    const client = new pg.Client(url);
    await client.connect();
    const committed = [];
    const next = now();
    for (let n = 0; n < warmup + jobs; n++) {
        await sleep(Math.max(0, next + n * pause - now()));
        await client.query('begin');
        await enqueue(client, n);
        await client.query('commit');
        committed.push(now());
    }
    for (let waited = 0; started.size < committed.length && waited < 10_000; waited += 50) await sleep(50);
    await client.end();
    if (started.size < committed.length) throw new Error(`${committed.length - started.size} jobs did not start`);
    return committed.map((at, n) => Math.max(0, started.get(n) - at)).slice(warmup);
}

// graphile-worker: LISTEN/NOTIFY is always on. A job waits for nobody: more workers than jobs at this pace.
const graphile = { connectionString: url, logger: quiet, noHandleSignals: true };

async function graphilePickup(numbers) {
    await (await makeWorkerUtils(graphile)).release();
    const started = new Map();
    const runner = await run({ ...graphile, concurrency: 4, maxPoolSize: 6, taskList: { wish: async ({ n }) => void started.set(n, now()) } });
    await sleep(500);
    const latencies = await pace((client, n) => client.query("select graphile_worker.add_job('wish', $1::json)", [JSON.stringify({ n })]), started, numbers);
    await runner.stop();
    return latencies;
}

// Sizes and delays tried out on two cores; finishing waits for nothing, so that the table shows no price but the later commit.
const batched = { worker: { localQueue: { size: 2000, refetchDelay: { durationMs: 10 } }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } };

async function graphileDrain([jobs], preset) {
    const utils = await makeWorkerUtils(graphile);
    await utils.addJobs(Array.from({ length: jobs }, () => ({ identifier: 'nothing', payload: {} })));
    await utils.withPgClient((client) => client.query('vacuum analyze graphile_worker._private_jobs'));
    let done = 0;
    const began = now();
    const all = Promise.withResolvers();
    const runner = await run({
        ...graphile,
        preset,
        concurrency: 24,
        maxPoolSize: 25,
        taskList: { nothing: async () => void (++done === jobs && all.resolve()) },
    });
    await all.promise;
    // Done is what is written down as done; the last of it is on its way.
    await utils.withPgClient(async (client) => {
        while ((await client.query('select from graphile_worker._private_jobs limit 1')).rowCount) await sleep(1);
    });
    const seconds = (now() - began) / 1000;
    await runner.stop();
    await utils.release();
    return seconds;
}

async function boss() {
    const boss = new PgBoss({ connectionString: url, useListenNotify: true, schedule: false, supervise: false, max: 10 });
    boss.on('error', (error) => console.error(error));
    boss.on('warning', (warning) => console.error(warning));
    return boss.start();
}

async function bossPickup(numbers) {
    const queue = await boss();
    await queue.createQueue('wish', { notify: true });
    const started = new Map();
    await queue.work('wish', { batchSize: 1, localConcurrency: 2, pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 1 }, async ([{ data }]) => void started.set(data.n, now()));
    await sleep(500);
    const latencies = await pace((client, n) => queue.send('wish', { n }, { db: { executeSql: (text, values) => client.query(text, values) } }), started, numbers);
    await queue.stop({ graceful: true, close: true });
    return latencies;
}

async function bossDrain([jobs]) {
    const queue = await boss();
    await queue.createQueue('nothing');
    for (let n = 0; n < jobs; n += 1000) await queue.insert('nothing', Array.from({ length: Math.min(1000, jobs - n) }, () => ({ data: {} })));
    await queue.getDb().executeSql('vacuum analyze');
    const began = now();
    // Two loops: while one waits for PostgreSQL the other reads its answer.
    const loop = async () => {
        for (;;) {
            const batch = await queue.fetch('nothing', { batchSize: 1000 });
            if (!batch.length) return;
            await queue.complete('nothing', batch.map((job) => job.id));
        }
    };
    await Promise.all([loop(), loop()]);
    const seconds = (now() - began) / 1000;
    nothingLeft((await queue.getDb().executeSql("select count(*)::int from pgboss.job where state <> 'completed'")).rows[0].count);
    await queue.stop({ graceful: false, close: true });
    return seconds;
}

function nothingLeft(jobs) {
    if (jobs) throw new Error(`${jobs} jobs are left`);
}

const [what, who, ...rest] = process.argv.slice(2);
const numbers = rest.map(Number);
const figures = {
    versions: async () => {
        const version = (name) => createRequire(import.meta.url)(`./node_modules/${name}/package.json`).version;
        return { node: process.versions.node, 'graphile-worker': version('graphile-worker'), 'pg-boss': version('pg-boss') };
    },
    'pickup graphile-worker': () => graphilePickup(numbers),
    'pickup pg-boss': () => bossPickup(numbers),
    'drain graphile-worker': () => graphileDrain(numbers, undefined),
    'drain graphile-worker-batched': () => graphileDrain(numbers, batched),
    'drain pg-boss': () => bossDrain(numbers),
};
console.log(JSON.stringify(await figures[[what, who].filter(Boolean).join(' ')]()));
process.exit();
