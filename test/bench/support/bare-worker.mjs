/**
 * A script as people write it in an afternoon: it takes a job, saves what is there, pipes the job into iptables-restore, and says
 * how that ended. No check, no lock, no memory, no way back. Where a job asks for it, it saves once more, as whoever looks at what has
 * become of it would. `bare-worker.mjs URL QUEUE NAMESPACE VARIANT`
 */
import { spawn } from 'node:child_process';
import { connect } from 'amqplib';

const [url, queue, namespace, variant] = process.argv.slice(2);
const connection = await connect(url, { noDelay: true });
const channel = await connection.createConfirmChannel();
await channel.prefetch(1);
await channel.assertQueue(queue, { durable: true });
await channel.consume(queue, async (message) => {
  const { id, ruleset, isSavedAgain } = JSON.parse(message.content.toString());
  await run(`iptables-${variant}-save`, ['-c']);
  const status = await run(`iptables-${variant}-restore`, ['-n', '-w', '5'], ruleset.ipv4);
  if (isSavedAgain) await run(`iptables-${variant}-save`, ['-c']);
  const body = Buffer.from(JSON.stringify({ id, status }));
  channel.publish('', message.properties.replyTo, body, { persistent: true });
  await channel.waitForConfirms();
  channel.ack(message);
});

function run(program, options, text) {
  return new Promise((resolve) => {
    const args = [`--net=/run/netns/${namespace}`, '--', program, ...options];
    const child = spawn('nsenter', args, {
      stdio: [text === undefined ? 'ignore' : 'pipe', 'pipe', 'ignore'],
    });
    child.stdout.resume();
    child.on('close', resolve);
    child.stdin?.end(text);
  });
}
