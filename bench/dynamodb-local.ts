import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, type DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { freePorts } from '#localstack/free-port.ts';
import { ensureInstalled } from '#localstack/install.ts';
import { createDynamoClient, type DynamoClientOptions } from '#store/dynamodb/client.ts';

const startMillis = 30_000;

/**
 * Runs `action` with DynamoDB Local, in memory, and stops it after: that of TIDEMARK_BENCH_DYNAMODB (an endpoint) when it is set, else
 * one of the local cloud's own jars. Clients find it through AWS_ENDPOINT_URL_DYNAMODB.
 */
export async function withDynamoDb<T>(action: () => Promise<T>): Promise<T> {
  const given = process.env.TIDEMARK_BENCH_DYNAMODB;
  const server = given === undefined ? await startServer() : undefined;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: given ?? server?.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  });
  try {
    await untilReady();
    return await action();
  } finally {
    await server?.stop();
  }
}

async function startServer(): Promise<{ endpoint: string; stop: () => Promise<void> }> {
  const { paths, javaHome } = await ensureInstalled((line) => console.error(line));
  const [port] = await freePorts(1);
  const args = [
    '-Xmx512m',
    '-cp',
    `${paths.dynamodbJars}/*`,
    'com.amazonaws.services.dynamodbv2.local.main.ServerRunner',
  ];
  const child = spawn(`${javaHome}/bin/java`, [...args, '-inMemory', '-sharedDb', '-port', `${port}`], {
    stdio: 'ignore',
    cwd: tmpdir(), // it leaves a file where it is started
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

async function untilReady(): Promise<void> {
  const client = createDynamoClient({ attempts: 1 });
  const deadlineMillis = Date.now() + startMillis;
  for (;;) {
    try {
      await client.send(new ListTablesCommand({}));
      return;
    } catch (error) {
      if (Date.now() > deadlineMillis) throw error;
      await sleep(100);
    }
  }
}

/** Creates an online table of its own name and returns a client for it. */
export async function createOnlineTable(tableName: string, options: DynamoClientOptions = {}): Promise<DynamoDBClient> {
  const client = createDynamoClient(options);
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  return client;
}
