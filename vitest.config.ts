import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 90_000,
    // Journeys each boot a mesh: two at once are what two cores bear.
    maxWorkers: 2,
    // Functions, queues and Python clients share two cores there: a machine that was too slow once is no fault of the code. What fails twice is.
    retry: process.env.CI ? 1 : 0,
    coverage: {
      include: ['shared/**/*.ts', 'events/**/*.ts', 'cli/**/*.ts', 'local/**/*.ts'],
      reporter: ['text-summary', 'html'],
    },
  },
});
