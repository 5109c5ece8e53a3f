import { Text } from './text.tsx';

/** Tests that did not come out as they have to. */
export function Tests({ tests }: { tests: readonly { name: string; expected: string; got: string }[] }) {
  if (tests.length === 0) return null;
  return (
    <ul className="plain">
      {tests.map(({ name, expected, got }) => (
        <li key={name}>
          Test “
          <Text of={name} />
          ”: expected <Text of={expected} />, got <Text of={got} />
        </li>
      ))}
    </ul>
  );
}
