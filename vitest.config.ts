import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 90_000,
    // Journeys each boot a mesh: two at once are what two cores bear.
    maxWorkers: 2,
    reporters: process.env.CI ? ['default'] : ['default'],
    coverage: {
      include: ['shared/**/*.ts', 'events/**/*.ts', 'cli/**/*.ts', 'local/**/*.ts'],
      reporter: ['text-summary', 'html'],
    },
  },
});
