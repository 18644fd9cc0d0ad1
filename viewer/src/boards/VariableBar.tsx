// The variables above the panels, and the switches of the annotations.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useState } from 'react';

import { setSearch, useLocation } from '../shell/router';
import { isShown, type Snapshot } from './load';
import type { AnnotationModel, Board } from './model';
import { Picker } from './Picker';
import { textOf, type Variable } from './variables';

const HIDDEN = 2;
const LABEL_HIDDEN = 1;

function choose(name: string, chosen: readonly string[]): void {
  // A variable without a value would be the board's own choice again.
  setSearch({ [`var-${name}`]: chosen.length === 0 ? [''] : chosen });
}

function TextField({ variable }: { variable: Variable }) {
  const { name, label } = variable.model;
  const [text, setText] = useState(variable.chosen[0] ?? '');
  return (
    <input
      aria-label={label ?? name}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => choose(name, [text])}
      onKeyDown={(event) => event.key === 'Enter' && choose(name, [text])}
    />
  );
}

function Field({ variable }: { variable: Variable }) {
  const styles = useStyles2(getStyles);
  const { name, label, type, hide, description } = variable.model;
  const shown = label || name;
  return (
    <div className={styles.field} title={description || undefined}>
      {hide === LABEL_HIDDEN ? null : (
        <span className={styles.label} aria-hidden>
          {shown}
        </span>
      )}
      {type === 'textbox' ? (
        <TextField variable={variable} />
      ) : (
        <Picker
          label={shown}
          text={textOf(variable)}
          options={variable.options}
          chosen={variable.chosen}
          multi={variable.model.multi === true}
          includeAll={variable.model.includeAll === true}
          onChange={(chosen) => choose(name, chosen)}
        />
      )}
      {variable.problem ? <span role="alert">{variable.problem}</span> : null}
    </div>
  );
}

function Switch({ annotation }: { annotation: AnnotationModel }) {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  const shown = isShown(annotation, search);
  const turn = () => {
    const without = (list: string) =>
      search.getAll(list).filter((name) => name !== annotation.name);
    setSearch({
      'annotations-off': [...without('annotations-off'), ...(shown ? [annotation.name] : [])],
      'annotations-on': [...without('annotations-on'), ...(shown ? [] : [annotation.name])],
    });
  };
  return (
    <label className={styles.switch}>
      <input type="checkbox" checked={shown} onChange={turn} />
      {annotation.name}
    </label>
  );
}

export function VariableBar({ board, snapshot }: { board: Board; snapshot: Snapshot | undefined }) {
  const styles = useStyles2(getStyles);
  const variables = [...(snapshot?.variables.values() ?? [])].filter(
    ({ model }) => model.hide !== HIDDEN && model.type !== 'constant',
  );
  const annotations = (board.annotations?.list ?? []).filter(
    (one) => one.hide !== true && one.builtIn !== 1,
  );
  return (
    <div className={styles.bar} role="group" aria-label="Variables and annotations">
      {variables.map((variable) => (
        <Field key={variable.model.name} variable={variable} />
      ))}
      {annotations.map((annotation) => (
        <Switch key={annotation.name} annotation={annotation} />
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1),
    minHeight: 32,
    marginBottom: theme.spacing(1),
  }),
  field: css({ display: 'flex', alignItems: 'center' }),
  label: css({
    padding: '0 8px',
    lineHeight: '30px',
    border: `1px solid ${theme.colors.border.weak}`,
    borderRight: 0,
    borderRadius: `${theme.shape.radius.default} 0 0 ${theme.shape.radius.default}`,
    background: theme.colors.background.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
  }),
  switch: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: 6,
    padding: '0 6px',
    margin: 0,
    fontSize: theme.typography.bodySmall.fontSize,
    color: theme.colors.text.secondary,
  }),
});
