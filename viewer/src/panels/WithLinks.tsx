// The data links of a value: one is followed by a click, several are a menu.
import type { FieldDisplay } from '@grafana/data';
import { DataLinksContextMenu } from '@grafana/ui';
import type { ReactNode } from 'react';

export function WithLinks({ value, children }: { value: FieldDisplay; children: ReactNode }) {
  const { hasLinks, getLinks } = value;
  if (!hasLinks || getLinks === undefined) {
    return <>{children}</>;
  }
  return (
    <DataLinksContextMenu links={getLinks} style={{ flexGrow: 1 }}>
      {() => <>{children}</>}
    </DataLinksContextMenu>
  );
}
