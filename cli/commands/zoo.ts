/** `netlathe zoo`: the architectures that come with netlathe. */

import { defineCommand, jsonOption } from '../command.ts';
import { exit } from '../io.ts';

export const command = defineCommand({
  examples: ['netlathe zoo', 'netlathe zoo --json'],
  configure: (command) => command.option(...jsonOption),
  run: async (io) => {
    io.say('not yet');
    return exit.ok;
  },
});
