import { CommandIDs, isEndpointArgs, isRefArgs, isRunArgs, isVariableArgs } from '../src/commands';

describe('command ids', () => {
  it.each(Object.values(CommandIDs))('%s is redspot:verb-noun', id => {
    expect(id).toMatch(/^redspot:[a-z]+(-[a-z]+)*$/);
  });
});

describe('argument guards', () => {
  it('take what they describe and nothing else', () => {
    expect(isRefArgs({ ref: 'penguins@7' })).toBe(true);
    expect(isRefArgs({ ref: 'penguins' })).toBe(false);
    expect(isRunArgs({ run: 'run_1' })).toBe(true);
    expect(isRunArgs({ run: '' })).toBe(false);
    expect(isEndpointArgs({ endpoint: 'live' })).toBe(true);
    expect(isEndpointArgs(null)).toBe(false);
    expect(isVariableArgs({ variable: 'pipeline' })).toBe(true);
    expect(isVariableArgs({})).toBe(false);
  });
});
