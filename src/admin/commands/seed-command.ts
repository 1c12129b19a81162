import { Passwords } from '../../auth/passwords/passwords.js';
import { createDemoUser, findDemoCredentials } from '../../auth/users/demo.js';
import { seed } from '../../catalog/seed.js';
import { type Command, readArguments, UsageError } from '../../command-line.js';
import { printImported } from './progress.js';

/**
 * `seed`: fills the site with topics. Outside production it also creates a demo user and prints the password.
 */
export const seedCommand: Command = (args) => {
  if (readArguments(args, {}).positionals.length > 0) throw new UsageError('seed takes nothing more');
  return async ({ db, config }) => {
    await seed(db, printImported);
    if (!config.demoPassword) return;
    const passwords = new Passwords(config.passwordCost, config.passwordMinLength);
    try {
      await createDemoUser(db, passwords, config);
      const demo = await findDemoCredentials(db, passwords, config);
      if (demo) console.info(`Log in as ${demo.username} with the password ${demo.password}`);
    } finally {
      await passwords.close();
    }
  };
};
