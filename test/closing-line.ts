import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** Prints the plain closing line by which CI counts tests, and leaves the counts for test/run-all.ts. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) for (const test of module.children.allTests()) count[test.result().state]++;
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
    const file = process.env.TIDEMARK_TEST_COUNTS;
    if (file) writeFileSync(file, JSON.stringify(count));
  }
}
