// In place of a package that no page shows: the code editor.
export const loader = { config: (): void => undefined };
export default function Absent(): null {
  return null;
}
